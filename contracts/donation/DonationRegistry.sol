// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {IDonationRegistry} from "../../interfaces/IDonationRegistry.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {ILapsingPause} from "../../interfaces/ILapsingPause.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {LapsingPause} from "../access/LapsingPause.sol";
import {Earmarks} from "../libraries/Earmarks.sol";
import {References} from "../libraries/References.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";
import {GiftBook} from "./GiftBook.sol";

/// @title DonationRegistry
/// @notice Gifts in kind and in money: pledged, received, given, claimed, taken back.
/// @dev What is kept of a gift, corrections and certificates are in GiftBook; auditors' words in GiftAudit.
contract DonationRegistry is GiftBook, LapsingPause {
    using Earmarks for IMaterialLedger.Earmark;

    /// @dev Who gives money, how much, and who is to be named.
    struct Payment {
        address donor;
        uint128 amount;
        bytes32 commitment;
    }

    /// @inheritdoc IDonationRegistry
    bytes32 public constant MONEY_GIFT_ORDER_TYPEHASH = keccak256(
        "MoneyGiftOrder(address donor,uint128 amount,uint8 earmarkKind,bytes32 earmarkScope,bytes32 commitment,uint256 nonce,uint40 deadline)"
    );

    /// @inheritdoc IDonationRegistry
    uint256 public constant MAX_ORIGIN = 64;

    /// @notice Where what was received is offered.
    IDemandEscrow public immutable demandEscrow;

    constructor(
        address accessManager,
        address participantRegistry,
        address materialLedger,
        address demandEscrow_,
        address reliefFund_,
        address certificateText_
    )
        ERC721("Aidline Certificate", "AID")
        EIP712("Aidline DonationRegistry", "1")
        AccessManaged(References.required(accessManager))
        GiftBook(participantRegistry, materialLedger, reliefFund_, certificateText_)
    {
        demandEscrow = IDemandEscrow(References.required(demandEscrow_));
    }

    // --- donors ---

    /// @inheritdoc IDonationRegistry
    function pledge(Pledge calldata terms) external whenOpen returns (uint64 giftId) {
        bool unnamed = terms.commitment != 0;
        if (!unnamed || !registry.isActive(msg.sender, IParticipantRegistry.Role.CHARITY)) {
            _requireEither(
                msg.sender, IParticipantRegistry.Role.SUPPLIER, IParticipantRegistry.Role.DONOR
            );
        }
        _checkTerms(terms);
        _checkIntermediary(msg.sender, terms.intermediary);

        giftId = ++giftCount;
        Record storage record = _gifts[giftId];
        record.donor = msg.sender;
        record.at = uint40(block.timestamp);
        record.kind = GiftKind.IN_KIND;
        record.unnamed = unnamed;
        _setTerms(record, terms);
        record.status = GiftStatus.PLEDGED;
        record.head = keccak256(abi.encode(giftId, msg.sender, terms));
        emit GiftPledged(giftId, msg.sender, terms.material, terms);
        if (unnamed) _commit(giftId, terms.commitment);
    }

    /// @inheritdoc IDonationRegistry
    function withdrawPledge(uint64 giftId) external {
        Record storage record = _pledged(giftId);
        if (msg.sender != record.donor && block.timestamp <= record.deadline) {
            revert NotYet(record.deadline + 1);
        }
        record.status = GiftStatus.WITHDRAWN;
        emit GiftWithdrawn(giftId);
    }

    /// @inheritdoc IDonationRegistry
    function giveMoney(
        uint128 amount,
        IMaterialLedger.Earmark calldata earmark,
        IFreightEscrow.Permit calldata permit
    ) external whenOpen returns (uint64 giftId) {
        return _giveMoney(Payment(msg.sender, amount, 0), earmark, permit);
    }

    /// @inheritdoc IDonationRegistry
    function giveMoneyFor(SignedMoneyGift[] calldata gifts) external whenOpen {
        if (gifts.length == 0) revert NoOrders();
        for (uint256 i = 0; i < gifts.length; ++i) {
            MoneyGiftOrder calldata order = gifts[i].order;
            if (block.timestamp > order.deadline) revert SignatureExpired(order.deadline);
            _useCheckedNonce(order.donor, order.nonce);
            SignatureCheck.requireValid(
                order.donor,
                _hashTypedDataV4(keccak256(abi.encode(MONEY_GIFT_ORDER_TYPEHASH, order))),
                gifts[i].signature
            );
            _giveMoney(
                Payment(order.donor, order.amount, order.commitment),
                IMaterialLedger.Earmark(order.earmarkKind, order.earmarkScope),
                gifts[i].permit
            );
        }
    }

    /// @inheritdoc IDonationRegistry
    function claim(uint64 giftId, bytes32 salt) external {
        Record storage record = _known(giftId);
        if (!record.unnamed) revert NotUnnamed(giftId);
        if (!_isReceived(record)) revert NothingReceived(giftId);
        if (_claimers[giftId] != address(0)) revert AlreadyClaimed(giftId);
        if (
            keccak256(abi.encode(block.chainid, address(this), msg.sender, salt))
                != commitmentOf[giftId]
        ) revert WrongClaim(giftId, msg.sender);
        _claimers[giftId] = msg.sender;
        emit GiftClaimed(giftId, msg.sender);
        _announce(msg.sender, giftId);
    }

    /// @inheritdoc IDonationRegistry
    function takeBackGoods(uint64 giftId, uint64[] calldata offers)
        external
        returns (uint64 units)
    {
        Record storage record = _givenBy(giftId, msg.sender);
        if (record.accepted == 0) revert NothingReceived(giftId);
        uint64 lot = record.subject;
        units = demandEscrow.takeBack(lot, offers);
        emit GoodsTakenBack(giftId, lot, units);
    }

    /// @inheritdoc IDonationRegistry
    function takeBackMoney(uint64 giftId) external returns (uint128 amount) {
        Record storage record = _givenBy(giftId, msg.sender);
        if (record.kind != GiftKind.MONEY) revert NothingReceived(giftId);
        amount = reliefFund.giveBack(record.subject, msg.sender);
        emit MoneyTakenBack(giftId, msg.sender, amount);
    }

    // --- intermediaries ---

    /// @inheritdoc IDonationRegistry
    function receiveGift(Receipt calldata receipt)
        external
        returns (uint64 lot, uint64 parcel, uint64 offer)
    {
        Record storage record = _awaited(receipt);
        _requireIntermediary(msg.sender);
        return _receive(record, receipt);
    }

    /// @inheritdoc IDonationRegistry
    function receiveGifts(Receipt[] calldata receipts) external {
        for (uint256 i = 0; i < receipts.length; ++i) {
            Record storage record = _awaited(receipts[i]);
            // All are the caller's to count: asked once.
            if (i == 0) _requireIntermediary(msg.sender);
            _receive(record, receipts[i]);
        }
    }

    // --- checks ---

    function _pledged(uint64 id) private view returns (Record storage record) {
        record = _known(id);
        if (record.status != GiftStatus.PLEDGED) revert GiftWrongStatus(id, record.status);
    }

    /// @dev The pledge that a receipt is for, with counts that add up, and the caller to count it.
    function _awaited(Receipt calldata receipt) private view returns (Record storage record) {
        uint64 giftId = receipt.gift;
        record = _pledged(giftId);
        if (record.intermediary != msg.sender) revert NotIntermediary(giftId, msg.sender);
        uint64 pledged = record.pledged;
        uint256 counted = uint256(receipt.accepted) + receipt.refused + receipt.missing;
        if (counted != pledged) revert CountDoesNotAddUp(giftId, pledged, counted);
        if (receipt.refused != 0 && receipt.reason == 0) revert NoReason(giftId);
    }

    function _givenBy(uint64 giftId, address caller) private view returns (Record storage record) {
        record = _known(giftId);
        if (_giverOf(giftId, record) != caller) revert NotGiver(giftId, caller);
    }

    function _checkTerms(Pledge calldata terms) private view {
        if (terms.units == 0) revert ZeroUnits();
        if (terms.deadline <= block.timestamp) revert BadDeadline(terms.deadline);
        if (bytes(terms.origin).length > MAX_ORIGIN) {
            revert OriginTooLong(bytes(terms.origin).length);
        }
        if (terms.unitValue != 0 || terms.valueCurrency != 0) {
            _checkCurrencyCode(terms.valueCurrency);
        }
        if ((terms.demand != 0) != (terms.otherwise != Otherwise.NULL)) {
            revert BadDirectGift(terms.demand);
        }
        terms.earmark.requireBorne(registry);
        ledger.material(terms.material);
    }

    function _checkIntermediary(address donor, address intermediary) private view {
        _requireIntermediary(intermediary);
        if (
            registry.participant(donor).organisation
                == registry.participant(intermediary).organisation
        ) {
            revert OwnIntermediary(donor, intermediary);
        }
    }

    function _requireIntermediary(address account) private view {
        _requireEither(
            account, IParticipantRegistry.Role.STATION_OPERATOR, IParticipantRegistry.Role.CHARITY
        );
    }

    /// @dev The refusal names the second role.
    function _requireEither(
        address account,
        IParticipantRegistry.Role one,
        IParticipantRegistry.Role other
    ) private view {
        if (!registry.isActive(account, one)) {
            registry.requireActive(account, other);
        }
    }

    // --- writes ---

    function _setTerms(Record storage record, Pledge calldata terms) private {
        record.intermediary = terms.intermediary;
        record.deadline = terms.deadline;
        record.earmarkKind = terms.earmark.kind;
        record.valueCurrency = terms.valueCurrency;
        record.otherwise = terms.otherwise;
        record.material = terms.material;
        record.pledged = terms.units;
        record.unitValue = terms.unitValue;
        record.demand = terms.demand;
        if (terms.earmark.scope != 0) record.earmarkScope = terms.earmark.scope;
    }

    function _commit(uint64 giftId, bytes32 commitment) private {
        commitmentOf[giftId] = commitment;
        emit GiftCommitted(giftId, commitment);
    }

    function _giveMoney(
        Payment memory payment,
        IMaterialLedger.Earmark memory earmark,
        IFreightEscrow.Permit calldata permit
    ) private returns (uint64 giftId) {
        address donor = payment.donor;
        bool unnamed = payment.commitment != 0;
        _requireEither(
            donor,
            unnamed ? IParticipantRegistry.Role.CHARITY : IParticipantRegistry.Role.DONOR,
            IParticipantRegistry.Role.DONOR
        );

        giftId = ++giftCount;
        Record storage record = _gifts[giftId];
        record.donor = donor;
        record.at = uint40(block.timestamp);
        record.kind = GiftKind.MONEY;
        record.unnamed = unnamed;
        // The fund and its currency are ours and call nobody back: the fund's answer belongs to the record.
        uint64 moneyGift = reliefFund.receiveFrom(donor, payment.amount, earmark, permit);
        record.subject = moneyGift;
        record.receivedAt = uint40(block.timestamp);
        record.status = GiftStatus.RECEIVED;
        if (unnamed) _commit(giftId, payment.commitment);
        else _announce(donor, giftId);
        emit MoneyGiven(giftId, donor, moneyGift, payment.amount, earmark);
    }

    function _receive(Record storage record, Receipt calldata receipt)
        private
        returns (uint64 lot, uint64 parcel, uint64 offer)
    {
        record.status = GiftStatus.RECEIVED;
        record.receivedAt = uint40(block.timestamp);
        record.accepted = receipt.accepted;
        record.refused = receipt.refused;
        if (receipt.accepted != 0) {
            (lot, parcel) = _commission(record, receipt);
            record.subject = lot;
            if (!record.unnamed) _announce(record.donor, receipt.gift);
            offer = _place(record, receipt, parcel);
        }
        emit GiftReceived(
            receipt.gift,
            lot,
            msg.sender,
            parcel,
            receipt.accepted,
            receipt.refused,
            receipt.missing,
            receipt.reason,
            offer
        );
    }

    /// @dev The lot in the intermediary's hands.
    function _commission(Record storage record, Receipt calldata receipt)
        private
        returns (uint64 lot, uint64 parcel)
    {
        IMaterialLedger.Earmark memory earmark;
        earmark.kind = record.earmarkKind;
        if (earmark.kind != IMaterialLedger.EarmarkKind.NONE) earmark.scope = record.earmarkScope;
        return ledger.commissionGift(
            IMaterialLedger.Commission({
                material: record.material,
                quantity: receipt.accepted,
                expiry: receipt.expiry,
                station: receipt.station,
                evidence: receipt.evidence
            }),
            record.donor,
            msg.sender,
            earmark
        );
    }

    /// @dev Into the hands of the demand that it is for, into an offer to all, or nowhere.
    function _place(Record storage record, Receipt calldata receipt, uint64 parcel)
        private
        returns (uint64 offer)
    {
        uint64 demand = record.demand;
        uint40 until = receipt.offerUntil;
        if (demand != 0) {
            if (until <= block.timestamp) revert OfferEndNeeded(receipt.gift);
            try demandEscrow.offerTo(msg.sender, parcel, until, demand) returns (
                uint64 made, uint64 allocation
            ) {
                emit GiftMatched(receipt.gift, demand, allocation);
                return made;
            } catch (bytes memory refusal) {
                // Our rooms refuse with an error of a name: what has none ran out of gas, which the caller chose.
                if (refusal.length < 4) revert BrokeOff(receipt.gift);
                bytes4 name = bytes4(refusal);
                emit GiftNotMatched(receipt.gift, demand, name);
                if (record.otherwise == Otherwise.HOLD || name == ILapsingPause.IsPaused.selector) {
                    return 0;
                }
            }
        }
        if (until != 0) offer = demandEscrow.offerFor(msg.sender, parcel, until);
    }
}
