// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFreightEscrow} from "./IFreightEscrow.sol";
import {IMaterialLedger} from "./IMaterialLedger.sol";

/// @title IDonationRegistry
/// @notice Gifts in kind and in money, corrections, and a certificate for each: an ERC-721 token (id = the gift's id) that cannot be transferred (ERC-5192).
/// @dev Trust: the intermediary counts truthfully what it receives and answers for it from then on; accepted, refused and missing add up to the pledge (INV-DON-1).
/// What the ledger counts cannot be corrected by anybody; declarations can, by adding a version.
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

    /// @notice A gift.
    /// @param unitValue Declared value of one unit in hundredths of `valueCurrency`; what was given in money: zero.
    /// @param deadline Unix seconds after which anyone may withdraw the pledge. @param pledged Units pledged; what was counted adds up to it. @param amount Money given, base units of the currency.
    /// @param lot The lot that receipt commissioned; zero when nothing was accepted. @param parcel Its first parcel. @param moneyGift The fund's record. @param version Number of corrections.
    /// @param head Hash of the newest version of the declarations; the first is `keccak256(abi.encode(gift, donor, pledge))`, of money `keccak256(abi.encode(gift, donor, amount, earmark))`.
    struct Gift {
        address donor; // slot 0
        uint40 at;
        GiftKind kind;
        GiftStatus status;
        uint32 version;
        address intermediary; // slot 1
        uint40 receivedAt;
        uint40 deadline;
        uint64 material; // slot 2
        uint64 pledged;
        uint64 accepted;
        uint64 refused;
        uint64 missing; // slot 3
        uint64 lot;
        uint64 parcel;
        uint64 moneyGift;
        uint128 amount; // slot 4
        uint64 unitValue;
        bytes3 valueCurrency;
        IMaterialLedger.EarmarkKind earmarkKind;
        bytes32 earmarkScope; // slot 5
        bytes32 head; // slot 6
    }

    /// @notice What a donor pledges.
    /// @param origin Where it comes from, free text of at most 64 bytes. @param valueCurrency ISO 4217. @param deadline Unix seconds after which an unreceived pledge may be withdrawn by anyone.
    struct Pledge {
        uint64 material;
        uint64 units;
        uint64 unitValue;
        bytes3 valueCurrency;
        address intermediary;
        uint40 deadline;
        IMaterialLedger.Earmark earmark;
        string origin;
    }

    /// @notice What the intermediary counted.
    /// @param reason Why units were refused. @param offerUntil When not zero the parcel goes into an offer until then, in the same transaction.
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

    event GiftPledged(
        uint64 indexed gift,
        address indexed donor,
        uint64 indexed material,
        uint64 units,
        address intermediary,
        IMaterialLedger.Earmark earmark,
        uint64 unitValue,
        bytes3 valueCurrency,
        string origin
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
    error NotYet(uint40 notBefore);

    // --- reads ---

    /// @notice The gift. @dev Reverts with `UnknownGift`.
    function gift(uint64 id) external view returns (Gift memory);

    /// @notice Number of gifts, which carry the ids 1 to this.
    function giftCount() external view returns (uint64);

    /// @notice Longest text of origin, bytes.
    function MAX_ORIGIN() external view returns (uint256);

    /// @notice Units of a gift in kind by state, all zero before receipt; adds up to what was accepted. @dev Reverts with `UnknownGift`.
    function fateOf(uint64 giftId) external view returns (IMaterialLedger.Fate memory);

    /// @notice ERC-5192: always true for an existing token. @dev Reverts with `ERC721NonexistentToken`.
    function locked(uint256 tokenId) external view returns (bool);

    // --- donors ---

    /// @notice Pledges a gift in kind; the earmark is fixed here. Mints nothing yet.
    /// @dev Only an active donor or supplier. The intermediary is an active charity or station operator of another organisation. A value above zero
    /// needs the code of its currency, three capital letters. Emits `GiftPledged`. Stopped by a pause. Reverts with `BadEarmark`, `UnknownMaterial`, ...
    function pledge(Pledge calldata terms) external returns (uint64 giftId);

    /// @notice Takes a pledge back before receipt: the donor at any time, after the pledge's deadline anyone.
    /// @dev Emits `GiftWithdrawn`.
    function withdrawPledge(uint64 giftId) external;

    /// @notice Gives logistics currency to the relief fund and mints the certificate.
    /// @dev Only an active donor, who has approved the fund or whose permit for the fund rides along, see IReliefFund. Emits `MoneyGiven`, `Locked`. Stopped by a pause.
    function giveMoney(
        uint128 amount,
        IMaterialLedger.Earmark calldata earmark,
        IFreightEscrow.Permit calldata permit
    ) external returns (uint64 giftId);

    // --- intermediaries ---

    /// @notice The intermediary has counted: commissions the lot in its hands, mints the certificate to the donor, and offers the parcel if wished.
    /// @dev Only the gift's intermediary, active. Good as long as the pledge was not withdrawn, also after its deadline and during a pause: goods that came are counted.
    /// Units refused need a reason. When nothing was accepted no lot comes to be and no certificate is minted. Emits `GiftReceived`, and `Locked` with the certificate.
    function receiveGift(Receipt calldata receipt)
        external
        returns (uint64 lot, uint64 parcel, uint64 offer);

    // --- donors and auditors ---

    /// @notice Corrects a declaration of a gift in kind by adding a version that names its predecessor. Fields: "origin" (text), "unit_value" (number), "value_currency"
    /// (three capital letters), each as bytes32.
    /// @dev Only the donor, or an active auditor whose region contains the donor's; with a reason; not after withdrawal.
    /// `head' = keccak256(abi.encode(head, version, author, field, value, reason))`, so that the events of a gift can be checked against its head. Emits `DeclarationCorrected`.
    function correct(uint64 giftId, bytes32 field, bytes32 value, bytes32 reason) external;
}
