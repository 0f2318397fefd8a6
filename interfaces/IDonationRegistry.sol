// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFreightEscrow} from "./IFreightEscrow.sol";
import {IMaterialLedger} from "./IMaterialLedger.sol";

/// @title IDonationRegistry
/// @notice Gifts in kind and in money, corrections, and a certificate for each: an ERC-721 token (id = the gift's id) that cannot be transferred (ERC-5192).
/// @dev Trust: the intermediary counts truthfully what it receives and answers for it from then on; accepted, refused and missing add up to the pledge (INV-DON-1).
/// What the ledger counts cannot be corrected by anybody; declarations can, by adding a version.
///
/// Who wants to stay unnamed has somebody else pledge or pay, with a commitment to the address that will claim the gift:
/// `keccak256(abi.encode(chain id, this contract, claimer, salt))`. Until the claim whoever brought the gift speaks for it, from then on the claimer.
/// The claimer trusts whoever brings the gift until then, as it must when handing over the goods.
interface IDonationRegistry {
    enum GiftKind {
        NULL,
        IN_KIND,
        MONEY
    }

    enum GiftStatus {
        NULL,
        PLEDGED,
        RECEIVED,
        WITHDRAWN
    }

    /// @notice What becomes of a gift to one demand when the order of urgency, or anything else, refuses it on receipt.
    enum Otherwise {
        NULL,
        OFFER,
        HOLD
    }

    /// @notice A gift.
    /// @param donor Who pledged or paid. @param unnamed Given for somebody who stays unnamed until the claim. @param claimer Who claimed it, zero before.
    /// @param unitValue Declared value of one unit in hundredths of `valueCurrency`; what was given in money: zero.
    /// @param deadline Unix seconds after which anyone may withdraw the pledge. @param pledged Units pledged; what was counted adds up to it. @param amount Money given, base units of the currency.
    /// @param demand The demand that it is for, or zero. @param lot The lot that receipt commissioned; zero when nothing was accepted. @param moneyGift The fund's record. @param version Number of corrections.
    /// @param head Hash of the newest version of the declarations; the first is `keccak256(abi.encode(gift, donor, pledge))`, of money `keccak256(abi.encode(gift, donor, amount, earmark))`.
    struct Gift {
        address donor;
        uint40 at;
        GiftKind kind;
        GiftStatus status;
        bool unnamed;
        address claimer;
        uint32 version;
        address intermediary;
        uint40 receivedAt;
        uint40 deadline;
        uint64 material;
        uint64 pledged;
        uint64 accepted;
        uint64 refused;
        uint64 missing;
        uint64 demand;
        Otherwise otherwise;
        uint64 lot;
        uint64 moneyGift;
        uint128 amount;
        uint64 unitValue;
        bytes3 valueCurrency;
        IMaterialLedger.EarmarkKind earmarkKind;
        bytes32 earmarkScope;
        bytes32 head;
    }

    /// @notice What a donor pledges.
    /// @param demand A published demand of this material that the gift is for, or zero. @param otherwise What becomes of it when the demand cannot take it: offered to all, or held by the intermediary; NULL without a demand.
    /// @param commitment To who will claim the gift; zero when the donor is named. @param origin Where it comes from, free text of at most 64 bytes.
    /// @param valueCurrency ISO 4217. @param deadline Unix seconds after which an unreceived pledge may be withdrawn by anyone.
    struct Pledge {
        uint64 material;
        uint64 units;
        uint64 unitValue;
        bytes3 valueCurrency;
        address intermediary;
        uint40 deadline;
        IMaterialLedger.Earmark earmark;
        uint64 demand;
        Otherwise otherwise;
        bytes32 commitment;
        string origin;
    }

    /// @notice What the intermediary counted.
    /// @param reason Why units were refused. @param offerUntil When not zero the parcel goes into an offer until then, in the same transaction; a gift to one demand needs it.
    struct Receipt {
        uint64 gift;
        uint64 accepted;
        uint64 refused;
        uint64 missing;
        bytes32 reason;
        uint40 expiry;
        uint32 station;
        bytes32 evidence;
        uint40 offerUntil;
    }

    /// @notice A donor's order to give money, signed (EIP-712), that anyone may submit.
    /// @param commitment See `Pledge`. @param nonce The donor's `nonces`. @param deadline Last unix second at which it is good.
    struct MoneyGiftOrder {
        address donor;
        uint128 amount;
        IMaterialLedger.EarmarkKind earmarkKind;
        bytes32 earmarkScope;
        bytes32 commitment;
        uint256 nonce;
        uint40 deadline;
    }

    /// @notice An order as it is submitted. @param permit For the fund; deadline zero when it is approved already.
    struct SignedMoneyGift {
        MoneyGiftOrder order;
        bytes signature;
        IFreightEscrow.Permit permit;
    }

    /// @notice With what the first head is made: `keccak256(abi.encode(gift, donor, terms))`.
    event GiftPledged(
        uint64 indexed gift, address indexed donor, uint64 indexed material, Pledge terms
    );
    event GiftReceived(
        uint64 indexed gift,
        uint64 indexed lot,
        address indexed intermediary,
        uint64 parcel,
        uint64 accepted,
        uint64 refused,
        uint64 missing,
        bytes32 reason,
        uint64 offer
    );
    event GiftWithdrawn(uint64 indexed gift);
    event MoneyGiven(
        uint64 indexed gift,
        address indexed donor,
        uint64 indexed moneyGift,
        uint128 amount,
        IMaterialLedger.Earmark earmark
    );
    /// @notice A gift to one demand was allocated to it on receipt, as far as the demand was open.
    event GiftMatched(uint64 indexed gift, uint64 indexed demand, uint64 allocation);
    /// @notice The demand could not take it; `refusal` is the selector of the error that says why.
    event GiftNotMatched(uint64 indexed gift, uint64 indexed demand, bytes4 refusal);
    event GiftCommitted(uint64 indexed gift, bytes32 commitment);
    event GiftClaimed(uint64 indexed gift, address indexed claimer);
    event GoodsTakenBack(uint64 indexed gift, uint64 indexed lot, uint64 units);
    event MoneyTakenBack(uint64 indexed gift, address indexed to, uint128 amount);
    event DeclarationCorrected(
        uint64 indexed gift,
        uint32 indexed version,
        address indexed author,
        bytes32 field,
        bytes32 value,
        bytes32 reason,
        bytes32 predecessor,
        bytes32 head
    );
    /// @notice ERC-5192.
    event Locked(uint256 tokenId);

    error UnknownGift(uint64 gift);
    error ZeroUnits();
    /// @notice Who gives cannot count its own gift.
    error OwnIntermediary(address donor, address intermediary);
    error NotIntermediary(uint64 gift, address caller);
    error GiftWrongStatus(uint64 gift, GiftStatus status);
    error CountDoesNotAddUp(uint64 gift, uint64 pledged, uint256 counted);
    error NoReason(uint64 gift);
    error OriginTooLong(uint256 length);
    error BadDeadline(uint40 deadline);
    error BadCurrencyCode(bytes3 code);
    error NotAuthor(uint64 gift, address caller);
    error NotADeclaration(bytes32 field);
    error SameValue(bytes32 field);
    /// @notice The value does not fit the field.
    error BadValue(bytes32 field, bytes32 value);
    error NotTransferable(uint256 tokenId);
    error NotGiver(uint64 gift, address caller);
    /// @notice `otherwise` is asked for with a demand, and only then; or the demand is of another material.
    error BadDirectGift(uint64 demand);
    /// @notice The demand that the gift is for needs an end of the offer.
    error OfferEndNeeded(uint64 gift);
    /// @notice The allocation broke off without an error: too little gas.
    error BrokeOff(uint64 gift);
    error NotUnnamed(uint64 gift);
    error AlreadyClaimed(uint64 gift);
    error WrongClaim(uint64 gift, address caller);
    error NothingReceived(uint64 gift);
    error NoOrders();
    error SignatureExpired(uint40 deadline);
    error NotYet(uint40 notBefore);

    // --- reads ---

    /// @notice The gift. @dev Reverts with `UnknownGift`.
    function gift(uint64 id) external view returns (Gift memory);

    /// @notice Number of gifts, which carry the ids 1 to this.
    function giftCount() external view returns (uint64);

    /// @notice Who speaks for a gift: the donor, of an unnamed gift whoever brought it until it is claimed, then the claimer. @dev Reverts with `UnknownGift`.
    function giverOf(uint64 giftId) external view returns (address);

    /// @notice Commitment of an unnamed gift; zero for others.
    function commitmentOf(uint64 giftId) external view returns (bytes32);

    /// @notice Hash of the newest version of the gift's declarations. @dev Reverts with `UnknownGift`.
    function headOf(uint64 giftId) external view returns (bytes32);

    /// @notice Type of `MoneyGiftOrder`: "MoneyGiftOrder(address donor,uint128 amount,uint8 earmarkKind,bytes32 earmarkScope,bytes32 commitment,uint256 nonce,uint40 deadline)".
    function MONEY_GIFT_ORDER_TYPEHASH() external view returns (bytes32);

    /// @notice Longest text of origin, bytes.
    function MAX_ORIGIN() external view returns (uint256);

    /// @notice Units of a gift in kind by state, all zero before receipt; adds up to what was accepted. @dev Reverts with `UnknownGift`.
    function fateOf(uint64 giftId) external view returns (IMaterialLedger.Fate memory);

    /// @notice ERC-5192: always true for an existing token. @dev Reverts with `ERC721NonexistentToken`.
    function locked(uint256 tokenId) external view returns (bool);

    // --- donors ---

    /// @notice Pledges a gift in kind; the earmark is fixed here. Mints nothing yet.
    /// @dev Only an active donor or supplier. The intermediary is an active charity or station operator of another organisation. A value above zero
    /// needs the code of its currency, three capital letters. An unnamed gift may also be pledged by an active charity. Emits `GiftPledged`, unnamed also `GiftCommitted`. Stopped by a pause. Reverts with `BadEarmark`, `UnknownMaterial`, ...
    function pledge(Pledge calldata terms) external returns (uint64 giftId);

    /// @notice Takes a pledge back before receipt: its giver at any time, after the pledge's deadline anyone.
    /// @dev Emits `GiftWithdrawn`.
    function withdrawPledge(uint64 giftId) external;

    /// @notice Gives logistics currency to the relief fund and mints the certificate.
    /// @dev Only an active donor, who has approved the fund or whose permit for the fund rides along, see IReliefFund. Emits `MoneyGiven`, `Locked`. Stopped by a pause.
    function giveMoney(
        uint128 amount,
        IMaterialLedger.Earmark calldata earmark,
        IFreightEscrow.Permit calldata permit
    ) external returns (uint64 giftId);

    /// @notice `giveMoney` for many donors at once, each by a signed order; all or nothing. Anyone may submit. With a commitment the money is given for somebody who stays unnamed
    /// until `claim`, and there is no certificate yet; such an order may also be an active charity's.
    /// @dev Emits, unnamed with `GiftCommitted`, for each as `giveMoney`. Stopped by a pause. Reverts with `NoOrders`, `SignatureExpired`, `BadSignature`, `InvalidAccountNonce`, ...
    function giveMoneyFor(SignedMoneyGift[] calldata gifts) external;

    /// @notice Claims an unnamed gift: the certificate is the caller's, who is the one of the commitment. @dev A gift in kind must have been received. Emits `GiftClaimed`, `Locked`.
    function claim(uint64 giftId, bytes32 salt) external;

    /// @notice Takes back what of a gift in kind is not allocated: the open offers named end, and nothing of its lot is offered again. Only its giver.
    /// @dev Not stopped by a pause. Emits `GoodsTakenBack`. The goods stay in the hands of who has custody, who is to hand them back and answers for them until then.
    function takeBackGoods(uint64 giftId, uint64[] calldata offers) external returns (uint64 units);

    /// @notice Takes back what of a gift in money is not spent; it goes to its giver, who alone may. @dev Not stopped by a pause. Emits `MoneyTakenBack`.
    function takeBackMoney(uint64 giftId) external returns (uint128 amount);

    // --- intermediaries ---

    /// @notice The intermediary has counted: commissions the lot in its hands, mints the certificate to the donor, and offers the parcel if wished.
    /// @dev Only the gift's intermediary, active. Good as long as the pledge was not withdrawn, also after its deadline and during a pause: goods that came are counted.
    /// Units refused need a reason. When nothing was accepted no lot comes to be and no certificate is minted. Emits `GiftReceived`, and `Locked` with the certificate.
    /// A gift to one demand is allocated to it here, under the rule of `IDemandEscrow.fulfil` (`GiftMatched`); where that is refused the receipt stands, and the donor's `otherwise` says
    /// what becomes of the parcel (`GiftNotMatched`); while DemandEscrow is paused it is held.
    function receiveGift(Receipt calldata receipt)
        external
        returns (uint64 lot, uint64 parcel, uint64 offer);

    /// @notice `receiveGift` for many gifts, all or nothing.
    function receiveGifts(Receipt[] calldata receipts) external;

    // --- donors and auditors ---

    /// @notice Corrects a declaration of a gift in kind by adding a version that names its predecessor. Fields: "origin" (text), "unit_value" (number), "value_currency"
    /// (three capital letters), each as bytes32.
    /// @dev Only its giver, or an active auditor whose region contains the donor's; with a reason; not after withdrawal.
    /// `head' = keccak256(abi.encode(head, version, author, field, value, reason))`, so that the events of a gift can be checked against its head. Emits `DeclarationCorrected`.
    function correct(uint64 giftId, bytes32 field, bytes32 value, bytes32 reason) external;
}
