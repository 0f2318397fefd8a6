// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IDeliveryEvidence} from "../../interfaces/IDeliveryEvidence.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IFreightHolds} from "../../interfaces/IFreightHolds.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {FreightHashes} from "../libraries/FreightHashes.sol";
import {References} from "../libraries/References.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";
import {ConsignmentBook} from "./ConsignmentBook.sol";
import {FreightChecker} from "./FreightChecker.sol";

/// @title FreightEscrow
/// @notice Consignments: legs, prepaid freight and goods, bonds, handovers, proof of delivery, settlement.
/// @dev Changes of hands and deliveries are here; what else is done passes on to the office or the closing, in this storage.
contract FreightEscrow is IFreightEscrow, ConsignmentBook {
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
    bytes32 public constant REFUSAL_TYPEHASH = FreightHashes.REFUSAL_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant ARRIVAL_TYPEHASH = FreightHashes.ARRIVAL_TYPEHASH;

    /// @notice The code of the acts that stand under "the office".
    address public immutable office;
    /// @notice The code of the acts that stand under "the closing".
    address public immutable closing;
    /// @notice What may be booked, and what the devices say of an arrival.
    FreightChecker public immutable checker;

    constructor(
        address accessManager,
        address registry,
        address ledger,
        address currency,
        address monitor,
        address disputeDesk_,
        address office_,
        address closing_,
        address checker_
    ) ConsignmentBook(accessManager, registry, ledger, currency, monitor, disputeDesk_) {
        office = References.required(office_);
        closing = References.required(closing_);
        checker = FreightChecker(References.required(checker_));
    }

    // --- reads ---

    /// @inheritdoc IFreightEscrow
    function consignment(uint64 id) external view returns (Consignment memory result) {
        Record storage record = _known(id);
        Waiting storage waiting = _waiting[id];
        uint40[] memory times = ledger.progressOf(id).times;
        uint256 count = record.legCount;
        result.status = _statusOf(id, record);
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
        return _count;
    }

    /// @inheritdoc IFreightEscrow
    function consignmentOf(bytes32 booking) external view returns (uint64) {
        return _ids[booking];
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
    function outcomesOf(Booking calldata booking, IConditionMonitor.Point[][] calldata told)
        external
        view
        returns (Outcome[] memory)
    {
        bytes32 order = booking.hash();
        uint64 id = _idOf(order);
        uint40[] memory times = ledger.progressOf(id).times;
        // An arrival that waits is not in the ledger's route.
        if (_records[id].status == Status.ARRIVED) times = _with(times, _waiting[id].arrivedAt);
        return _assess(id, order, booking, told, times).outcomes;
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
        _pass(handover);
        _requireCarrier(handover.to);
        bytes32 digest = _hashTypedDataV4(handover.hash());
        SignatureCheck.requireValid(handover.from, digest, release);
        SignatureCheck.requireValid(handover.to, digest, acceptance);
    }

    /// @inheritdoc IFreightEscrow
    function handOverTrain(
        Handover[] calldata handovers,
        bytes calldata release,
        bytes calldata acceptance
    ) external {
        if (handovers.length == 0) revert EmptyTrain();
        address from = handovers[0].from;
        address to = handovers[0].to;
        bytes32[] memory hashes = new bytes32[](handovers.length);
        for (uint256 i; i < hashes.length; ++i) {
            Handover calldata handover = handovers[i];
            if (handover.from != from || handover.to != to) {
                revert MixedTrain(handover.consignment);
            }
            _pass(handover);
            hashes[i] = handover.hash();
        }
        _requireCarrier(to);
        bytes32 digest = _hashTypedDataV4(hashes.trainOf());
        SignatureCheck.requireValid(from, digest, release);
        SignatureCheck.requireValid(to, digest, acceptance);
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
        bool isAccepted = _checkSigned(booking, proof, taker);
        if (booking.terms.policy != Policy.CONSIGNEE) {
            _checkProven(id, order, booking, told, proof, progress.times[1], isAccepted);
        }

        Result memory result =
            _assess(id, order, booking, told, _with(progress.times, proof.handover.at));
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

    // --- the office: who books, refuses on the way, holds, keeps a purse ---

    /// @inheritdoc IFreightEscrow
    function book(Booking calldata, BookingSignatures calldata, Permit calldata)
        external
        returns (uint64)
    {
        _run(office);
    }

    /// @inheritdoc IFreightEscrow
    function fillPurse(uint128, Permit calldata) external {
        _run(office);
    }

    /// @inheritdoc IFreightEscrow
    function emptyPurse(uint128) external {
        _run(office);
    }

    /// @inheritdoc IFreightEscrow
    function refuseHandover(Refusal calldata, bytes calldata) external {
        _run(office);
    }

    /// @inheritdoc IFreightHolds
    function hold(uint64) external {
        _run(office);
    }

    /// @inheritdoc IFreightHolds
    function resume(uint64, uint8, uint128, bool) external {
        _run(office);
    }

    // --- the closing: other ends than by a proof ---

    /// @inheritdoc IFreightEscrow
    function refuse(Booking calldata, Refusal calldata, bytes32, bytes calldata) external {
        _run(closing);
    }

    /// @inheritdoc IFreightEscrow
    function settleSilent(Booking calldata, IConditionMonitor.Point[][] calldata) external {
        _run(closing);
    }

    /// @inheritdoc IFreightEscrow
    function settleRefused(Booking calldata, IConditionMonitor.Point[][] calldata) external {
        _run(closing);
    }

    /// @inheritdoc IFreightEscrow
    function settleClosed(Booking calldata, IConditionMonitor.Point[][] calldata) external {
        _run(closing);
    }

    /// @inheritdoc IFreightEscrow
    function lapse(Booking calldata, IConditionMonitor.Point[][] calldata) external {
        _run(closing);
    }

    /// @inheritdoc IFreightEscrow
    function stopRecalled(Booking calldata, IConditionMonitor.Point[][] calldata) external {
        _run(closing);
    }

    // --- internal reads ---

    function _requireCarrier(address taker) private view {
        if (!_REGISTRY.isActive(taker, IParticipantRegistry.Role.CARRIER)) {
            revert IParticipantRegistry.NotActive(taker, IParticipantRegistry.Role.CARRIER);
        }
    }

    /// @dev True when what both have signed is what the ledger has changed.
    function _isSigned(Handover calldata handover, IMaterialLedger.Change memory change)
        private
        view
        returns (bool)
    {
        return block.timestamp <= handover.deadline && handover.sequence == change.sequence
            && handover.from == change.from && handover.to == change.taker
            && handover.station == change.station && handover.content == change.content;
    }

    /// @dev The last handover is of this consignment, as booked, at a time that can be. Returns who takes the goods.
    function _checkLast(
        uint64 id,
        Booking calldata booking,
        Proof calldata proof,
        IMaterialLedger.Progress memory progress
    ) private view returns (address taker) {
        Handover calldata handover = proof.handover;
        uint256 count = booking.legs.length;
        uint256 changes = progress.times.length - 1;
        if (handover.consignment != id) revert WrongConsignment(id, handover.consignment);
        if (changes == 0) revert WrongStatus(id, Status.BOOKED);
        if (changes != count) revert LegsRemain(id, uint8(changes - 1), uint8(count));
        if (progress.isRecalled) revert ConsignmentRecalled(id);
        taker = booking.consignee;
        // Whoever signs with the key behind the hash is the consignee.
        if (booking.household != 0 && booking.household == handover.to.household(proof.salt)) {
            taker = handover.to;
        }
        IMaterialLedger.Change memory expected = IMaterialLedger.Change({
            from: progress.custodian,
            since: progress.times[count],
            sequence: uint16(count),
            taker: taker,
            station: booking.legs[count - 1].toStation,
            content: progress.content
        });
        if (!_isSigned(handover, expected)) checker.refuseHandover(handover, expected);
        // The ledger asks the same, but only when it settles.
        if (handover.at < expected.since || handover.at > block.timestamp) {
            revert IMaterialLedger.WrongHandoverTime(
                handover.at, expected.since, uint40(block.timestamp)
            );
        }
    }

    /// @dev Returns whether the taker has accepted.
    function _checkSigned(Booking calldata booking, Proof calldata proof, address taker)
        private
        view
        returns (bool isAccepted)
    {
        bytes32 digest = _hashTypedDataV4(proof.handover.hash());
        if (booking.household == 0) {
            _REGISTRY.requireActive(taker, IParticipantRegistry.Role.RECIPIENT);
        }
        SignatureCheck.requireValid(proof.handover.from, digest, proof.release);
        Policy policy = booking.terms.policy;
        isAccepted =
            proof.acceptance.length != 0 || policy == Policy.CONSIGNEE || policy == Policy.BOTH;
        if (isAccepted) SignatureCheck.requireValid(taker, digest, proof.acceptance);
    }

    /// @dev Has devices, or what the booking names in their place, say that the goods are there. From `SILENCE` after the last latest arrival on
    /// acceptance suffices where they have said nothing.
    function _checkProven(
        uint64 id,
        bytes32 order,
        Booking calldata booking,
        IConditionMonitor.Point[][] calldata told,
        Proof calldata proof,
        uint40 since,
        bool isAccepted
    ) private view {
        LegRequest calldata last = booking.legs[booking.legs.length - 1];
        bool isOver = isAccepted && proof.evidence.length == 0
            && block.timestamp >= last.latestArrival + SILENCE;
        if (isOver) return;
        IDeliveryEvidence.Claim memory claim = IDeliveryEvidence.Claim({
            escrow: address(this),
            consignment: id,
            booking: order,
            station: last.toStation,
            at: proof.handover.at,
            since: since,
            rule: booking.terms.deviceRule,
            devices: booking.devices,
            told: told
        });
        IDeliveryEvidence asked =
            address(booking.evidence) == address(0) ? checker : booking.evidence;
        asked.requireProven(claim, proof.evidence);
    }

    // --- internal writes ---

    /// @dev Passes a load on as planned, if that is what was signed; the caller asks for the signatures and who may take.
    function _pass(Handover calldata handover) private {
        uint64 id = handover.consignment;
        Record storage record = _knownAs(id, Status.BOOKED);
        // The ledger says what was there; what was signed must agree with it, or nothing has happened.
        IMaterialLedger.Change memory change =
            ledger.handOver(id, handover.to, handover.station, handover.at);
        if (change.sequence == record.legCount) revert UseDeliver(id);
        if (!_isSigned(handover, change)) checker.refuseHandover(handover, change);
        if (change.sequence == 0) {
            uint40 pickUpBy = change.since + record.pickUpWithin;
            if (handover.at > pickUpBy) revert Expired(pickUpBy);
        }
    }

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
