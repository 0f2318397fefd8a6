// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IFreightHolds} from "../../interfaces/IFreightHolds.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {FreightHashes} from "../libraries/FreightHashes.sol";
import {References} from "../libraries/References.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {HandoverBook} from "./HandoverBook.sol";

/// @title FreightEscrow
/// @notice Consignments: legs, prepaid freight and goods, bonds, handovers, proof of delivery, settlement.
/// @dev The change of hands of one whole load and its delivery are here; what else is done passes on to the handovers, the office or the closing, in this storage.
contract FreightEscrow is IFreightEscrow, HandoverBook {
    using FreightHashes for *;

    /// @inheritdoc IFreightEscrow
    uint40 public constant GRACE = Settlement.GRACE;
    /// @inheritdoc IFreightEscrow
    uint40 public constant SILENCE = _SILENCE;
    /// @inheritdoc IFreightEscrow
    uint40 public constant HORIZON = Settlement.HORIZON;
    /// @inheritdoc IFreightEscrow
    uint8 public constant MAX_LEGS = Settlement.MAX_LEGS;
    /// @inheritdoc IFreightEscrow
    uint8 public constant MAX_DEVICES = Settlement.MAX_DEVICES;

    /// @inheritdoc IFreightEscrow
    bytes32 public constant BOOKING_TYPEHASH = FreightHashes.BOOKING_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant BOOKING_ORDER_TYPEHASH = FreightHashes.BOOKING_ORDER_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant LEG_ACCEPTANCE_TYPEHASH = FreightHashes.LEG_ACCEPTANCE_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant POLICY_CONSENT_TYPEHASH = FreightHashes.POLICY_CONSENT_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant SALE_ACCEPTANCE_TYPEHASH = FreightHashes.SALE_ACCEPTANCE_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant HANDOVER_TYPEHASH = FreightHashes.HANDOVER_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant HANDOVER_TRAIN_TYPEHASH = FreightHashes.HANDOVER_TRAIN_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant COUNTED_HANDOVER_TYPEHASH = FreightHashes.COUNTED_HANDOVER_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant REFUSAL_TYPEHASH = FreightHashes.REFUSAL_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant ARRIVAL_TYPEHASH = FreightHashes.ARRIVAL_TYPEHASH;

    /// @dev The code of the acts that stand under "the handovers", "the office", "the closing".
    address private immutable _HANDOVERS;
    address private immutable _OFFICE;
    address private immutable _CLOSING;

    constructor(
        address accessManager,
        address registry,
        address ledger,
        address currency,
        address monitor,
        address disputeDesk_,
        address handovers,
        address office,
        address closing,
        address checker_
    ) HandoverBook(accessManager, registry, ledger, currency, monitor, disputeDesk_, checker_) {
        _HANDOVERS = References.required(handovers);
        _OFFICE = References.required(office);
        _CLOSING = References.required(closing);
    }

    // --- reads ---

    /// @inheritdoc IFreightEscrow
    function consignment(uint64 id) external view returns (Consignment memory result) {
        Record storage record = _known(id);
        Waiting storage waiting = _waiting[id];
        uint40[] memory times = ledger.progressOf(id).times;
        uint256 count = record.legCount;
        result.status = record.status;
        if (result.status == Status.BOOKED && times.length > 1) result.status = Status.IN_TRANSIT;
        result.resolution = record.resolution;
        result.legCount = uint8(count);
        result.legsDone = uint8(times.length < 2 ? 0 : times.length - 2);
        result.bookedAt = times[0];
        result.pickUpBy = times[0] + record.pickUpWithin;
        result.arrivedAt = times.length == count + 2 ? times[count + 1] : waiting.arrivedAt;
        result.provenAt = waiting.provenAt;
        result.endedAt = record.endedAt;
        result.prepaid = record.prepaid;
        result.refunded = record.refunded;
        result.forfeited = record.forfeited;
        if (result.status == Status.SETTLED) {
            result.paid = record.prepaid - record.refunded;
            // Where nobody was waited for, the proof came in the transaction that settled.
            if (result.arrivedAt != 0 && result.provenAt == 0) result.provenAt = record.endedAt;
        }
    }

    /// @inheritdoc IFreightEscrow
    function consignmentCount() external view returns (uint64) {
        return _nextId - 1;
    }

    /// @inheritdoc IFreightEscrow
    function consignmentOf(bytes32 booking) external view returns (uint64) {
        return _ids[booking];
    }

    /// @inheritdoc IFreightEscrow
    function tallyOf(uint64 id, uint8 leg) external view returns (Tally memory) {
        return _tallies[id][leg];
    }

    /// @inheritdoc IFreightEscrow
    function purseOf(address owner) external view returns (Purse memory) {
        return _purses[owner];
    }

    /// @inheritdoc IFreightHolds
    function disputeDesk() external view returns (address) {
        return _DESK;
    }

    /// @inheritdoc IFreightHolds
    function holdsOf(uint64 id) external view returns (uint8) {
        return _known(id).holds;
    }

    /// @inheritdoc IFreightEscrow
    function outcomesOf(Booking calldata booking, IConditionMonitor.Point[][] calldata)
        external
        view
        returns (Outcome[] memory)
    {
        bytes32 order = booking.hash();
        uint64 id = _idOf(order);
        uint40[] memory times = ledger.progressOf(id).times;
        // An arrival that waits is not in the ledger's route.
        if (_records[id].status == Status.ARRIVED) times = _with(times, _waiting[id].arrivedAt);
        return _assess(id, order, booking, times).outcomes;
    }

    /// @inheritdoc IFreightEscrow
    function breachesOf(Booking calldata, IConditionMonitor.Batch[][] calldata)
        external
        view
        returns (Breach[] memory)
    {
        address target = address(checker);
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := staticcall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(done) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }

    /// @inheritdoc IFreightEscrow
    function hashBooking(Booking calldata booking) external pure returns (bytes32) {
        return booking.hash();
    }

    // --- anyone, with the signatures of those who hand over ---

    /// @inheritdoc IFreightEscrow
    function handOver(Handover calldata handover, bytes calldata release, bytes calldata acceptance)
        external
    {
        _pass(handover, 0);
        _requireSigned(handover.from, handover.to, handover.hash(), release, acceptance);
    }

    /// @inheritdoc IFreightEscrow
    function deliver(
        Booking calldata booking,
        IConditionMonitor.Point[][] calldata told,
        Proof calldata proof
    ) external {
        bytes32 order = booking.hash();
        (uint64 id, Record storage record) = _open(order, Status.BOOKED);
        IMaterialLedger.Progress memory progress = ledger.progressOf(id);
        address taker = _checkLast(id, booking, proof, progress);
        bool isAccepted = _checkSigned(booking, proof, taker, proof.handover.hash());
        if (booking.terms.policy != Policy.CONSIGNEE) {
            _checkProven(id, order, booking, told, proof, progress.times[1], isAccepted);
        }

        Result memory result = _assess(id, order, booking, _with(progress.times, proof.handover.at));
        if (!isAccepted && result.silence > booking.terms.longestSilence) {
            revert SilentTooLong(id, result.silence, booking.terms.longestSilence);
        }
        uint40 at = proof.handover.at;
        if (isAccepted || booking.terms.policy == Policy.DEVICE) {
            _settleDelivery(id, record, booking, result, taker, at, false);
        } else {
            record.status = Status.ARRIVED;
            _waiting[id] = Waiting(at, uint40(block.timestamp));
            emit Arrived(id, at, booking.terms.policy);
        }
    }

    // --- the handovers: of several loads, and such as are counted ---

    /// @inheritdoc IFreightEscrow
    function handOverTrain(Handover[] calldata, bytes calldata, bytes calldata) external {
        _run(_HANDOVERS);
    }

    /// @inheritdoc IFreightEscrow
    function handOverCounted(
        Handover calldata,
        IMaterialLedger.Exception[] calldata,
        bytes calldata,
        bytes calldata
    ) external {
        _run(_HANDOVERS);
    }

    /// @inheritdoc IFreightEscrow
    function deliverCounted(
        Booking calldata,
        IConditionMonitor.Point[][] calldata,
        Proof calldata,
        IMaterialLedger.Exception[] calldata
    ) external {
        _run(_HANDOVERS);
    }

    // --- the office: who books, refuses on the way, holds, keeps a purse ---

    /// @inheritdoc IFreightEscrow
    function book(Booking calldata, BookingSignatures calldata, Permit calldata)
        external
        returns (uint64)
    {
        _run(_OFFICE);
    }

    /// @inheritdoc IFreightEscrow
    function fillPurse(uint128, Permit calldata) external {
        _run(_OFFICE);
    }

    /// @inheritdoc IFreightEscrow
    function emptyPurse(uint128) external {
        _run(_OFFICE);
    }

    /// @inheritdoc IFreightEscrow
    function refuseHandover(Refusal calldata, bytes calldata) external {
        _run(_OFFICE);
    }

    /// @inheritdoc IFreightHolds
    function hold(uint64) external {
        _run(_OFFICE);
    }

    /// @inheritdoc IFreightHolds
    function resume(uint64, uint8, uint128, bool) external {
        _run(_OFFICE);
    }

    // --- the closing: other ends than by a proof ---

    /// @inheritdoc IFreightEscrow
    function refuse(Booking calldata, Refusal calldata, bytes32, bytes calldata) external {
        _run(_CLOSING);
    }

    /// @inheritdoc IFreightEscrow
    function settleSilent(Booking calldata, IConditionMonitor.Point[][] calldata) external {
        _run(_CLOSING);
    }

    /// @inheritdoc IFreightEscrow
    function settleRefused(Booking calldata, IConditionMonitor.Point[][] calldata) external {
        _run(_CLOSING);
    }

    /// @inheritdoc IFreightEscrow
    function settleClosed(Booking calldata, IConditionMonitor.Point[][] calldata) external {
        _run(_CLOSING);
    }

    /// @inheritdoc IFreightEscrow
    function lapse(Booking calldata, IConditionMonitor.Point[][] calldata) external {
        _run(_CLOSING);
    }

    /// @inheritdoc IFreightEscrow
    function stopRecalled(Booking calldata, IConditionMonitor.Point[][] calldata) external {
        _run(_CLOSING);
    }

    // --- internal writes ---

    /// @dev Runs the function of the same name there, which answers the caller itself.
    function _run(address target) private {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(done) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
