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
    /// @param lot The lot that receipt commissioned. @param moneyGift The fund's record. @param version Number of corrections. @param head Hash of the newest version of the declarations.
    struct Gift {
        address donor; // slot 0
        uint40 at;
        GiftKind kind;
        GiftStatus status;
        uint32 version;
        address intermediary; // slot 1
        uint40 receivedAt;
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

    event GiftPledged(uint64 indexed gift, address indexed donor, uint64 indexed material, uint64 units, address intermediary, IMaterialLedger.Earmark earmark, uint64 unitValue, bytes3 valueCurrency, string origin);
    event GiftReceived(uint64 indexed gift, uint64 indexed lot, address indexed intermediary, uint64 parcel, uint64 accepted, uint64 refused, uint64 missing, bytes32 reason, uint64 offer);
    event GiftWithdrawn(uint64 indexed gift);
    event MoneyGiven(uint64 indexed gift, address indexed donor, uint64 indexed moneyGift, uint128 amount, IMaterialLedger.Earmark earmark);
    event DeclarationCorrected(uint64 indexed gift, uint32 indexed version, address indexed author, bytes32 field, bytes32 value, bytes32 reason, bytes32 predecessor, bytes32 head);
    /// @notice ERC-5192.
    event Locked(uint256 tokenId);

    error UnknownGift(uint64 gift);
    error ZeroUnits();
    error NotDonor(uint64 gift, address caller);
    error NotIntermediary(uint64 gift, address caller);
    error WrongStatus(uint64 gift, GiftStatus status);
    error CountDoesNotAddUp(uint64 gift, uint64 pledged, uint64 counted);
    error OriginTooLong(uint256 length);
    error BadDeadline(uint40 deadline);
    error BadEarmark(IMaterialLedger.EarmarkKind kind, bytes32 scope);
    error BadCurrencyCode(bytes3 code);
    error NotAuthor(uint64 gift, address caller);
    error NotADeclaration(bytes32 field);
    error SameValue(bytes32 field);
    error NotTransferable(uint256 tokenId);
    error NotYet(uint40 from);

    function gift(uint64 id) external view returns (Gift memory);
    function giftCount() external view returns (uint64);

    /// @notice Units of a gift in kind by state, all zero before receipt; adds up to what was accepted.
    function fateOf(uint64 giftId) external view returns (IMaterialLedger.Fate memory);

    /// @notice ERC-5192: always true for an existing token.
    function locked(uint256 tokenId) external view returns (bool);

    /// @notice Pledges a gift in kind; the earmark is fixed here. @dev Only an active donor or supplier. The intermediary is an active charity or station operator. Mints nothing yet.
    function pledge(Pledge calldata terms) external returns (uint64 giftId);

    /// @notice Takes a pledge back before receipt; after its deadline anyone may.
    function withdrawPledge(uint64 giftId) external;

    /// @notice The intermediary has counted: commissions the lot in its hands, mints the certificate to the donor, and offers it if wished.
    /// @dev When nothing was accepted no lot comes to be and no certificate is minted.
    function receiveGift(Receipt calldata receipt) external returns (uint64 lot, uint64 parcel, uint64 offer);

    /// @notice Gives logistics currency to the relief fund and mints the certificate. @dev Only an active donor. Permit as in IFreightEscrow.
    function giveMoney(uint128 amount, IMaterialLedger.Earmark calldata earmark, IFreightEscrow.Permit calldata permit) external returns (uint64 giftId);

    /// @notice Corrects a declaration by adding a version that names its predecessor. Fields: "origin", "unit_value", "value_currency" (bytes32 text).
    /// @dev Only the donor, or an active auditor whose region contains the donor's. `head' = keccak256(abi.encode(head, version, author, field, value, reason))`.
    function correct(uint64 giftId, bytes32 field, bytes32 value, bytes32 reason) external;
}
