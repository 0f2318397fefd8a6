// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IDeliveryEvidence} from "../../interfaces/IDeliveryEvidence.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {FreightHashes} from "../libraries/FreightHashes.sol";
import {References} from "../libraries/References.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";
import {ConsignmentBook} from "./ConsignmentBook.sol";
import {FreightChecker} from "./FreightChecker.sol";

/// @title HandoverBook
/// @notice What must be true of a change of hands, counted or not, and of a proof of delivery.
abstract contract HandoverBook is ConsignmentBook {
    using FreightHashes for *;

    /// @notice What may be booked, and what the devices say of an arrival.
    FreightChecker public immutable checker;

    constructor(
        address accessManager,
        address registry,
        address ledger,
        address currency,
        address monitor,
        address disputeDesk,
        address checker_
    ) ConsignmentBook(accessManager, registry, ledger, currency, monitor, disputeDesk) {
        checker = FreightChecker(References.required(checker_));
    }

    // --- shared reads ---

    /// @dev A carrier takes, and both have signed what hashes to `signed`.
    function _requireSigned(
        address from,
        address to,
        bytes32 signed,
        bytes calldata release,
        bytes calldata acceptance
    ) internal view {
        _REGISTRY.requireActive(to, IParticipantRegistry.Role.CARRIER);
        bytes32 digest = _hashTypedDataV4(signed);
        SignatureCheck.requireValid(from, digest, release);
        SignatureCheck.requireValid(to, digest, acceptance);
    }

    /// @dev What both have signed is the change of custody that it should be.
    function _requireSame(
        IFreightEscrow.Handover calldata handover,
        IMaterialLedger.Change memory change
    ) private view {
        bool isSame = block.timestamp <= handover.deadline && handover.sequence == change.sequence
            && handover.from == change.from && handover.to == change.taker
            && handover.station == change.station && handover.content == change.content;
        if (!isSame) checker.refuseHandover(handover, change);
    }

    /// @dev The last handover is of this consignment, as booked, at a time that can be. Returns who takes the goods.
    function _checkLast(
        uint64 id,
        IFreightEscrow.Booking calldata booking,
        IFreightEscrow.Proof calldata proof,
        IMaterialLedger.Progress memory progress
    ) internal view returns (address taker) {
        IFreightEscrow.Handover calldata handover = proof.handover;
        uint256 count = booking.legs.length;
        uint256 changes = progress.times.length - 1;
        if (handover.consignment != id) {
            revert IFreightEscrow.WrongConsignment(id, handover.consignment);
        }
        if (changes == 0) revert IFreightEscrow.WrongStatus(id, IFreightEscrow.Status.BOOKED);
        if (changes != count) {
            revert IFreightEscrow.LegsRemain(id, uint8(changes - 1), uint8(count));
        }
        if (progress.isRecalled) revert IFreightEscrow.ConsignmentRecalled(id);
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
        _requireSame(handover, expected);
        // The ledger asks the same, but only when it settles.
        if (handover.at < expected.since || handover.at > block.timestamp) {
            revert IMaterialLedger.WrongHandoverTime(
                handover.at, expected.since, uint40(block.timestamp)
            );
        }
    }

    /// @dev Both have signed what hashes to `signed`. Returns whether the taker has accepted.
    function _checkSigned(
        IFreightEscrow.Booking calldata booking,
        IFreightEscrow.Proof calldata proof,
        address taker,
        bytes32 signed
    ) internal view returns (bool isAccepted) {
        bytes32 digest = _hashTypedDataV4(signed);
        if (booking.household == 0) {
            _REGISTRY.requireActive(taker, IParticipantRegistry.Role.RECIPIENT);
        }
        SignatureCheck.requireValid(proof.handover.from, digest, proof.release);
        IFreightEscrow.Policy policy = booking.terms.policy;
        isAccepted = proof.acceptance.length != 0 || policy == IFreightEscrow.Policy.CONSIGNEE
            || policy == IFreightEscrow.Policy.BOTH;
        if (isAccepted) SignatureCheck.requireValid(taker, digest, proof.acceptance);
    }

    /// @dev Has devices, or what the booking names in their place, say that the goods are there. From `SILENCE` after the last latest arrival on
    /// acceptance suffices where they have said nothing.
    function _checkProven(
        uint64 id,
        bytes32 order,
        IFreightEscrow.Booking calldata booking,
        IConditionMonitor.Point[][] calldata told,
        IFreightEscrow.Proof calldata proof,
        uint40 since,
        bool isAccepted
    ) internal view {
        IFreightEscrow.LegRequest calldata last = booking.legs[booking.legs.length - 1];
        bool isOver = isAccepted && proof.evidence.length == 0
            && block.timestamp >= last.latestArrival + _SILENCE;
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

    // --- shared writes ---

    /// @dev Passes a load on as planned, if that is what was signed; the caller asks for the signatures and who may take.
    /// @param former What the load's content was before units were counted out; zero where none were.
    function _pass(IFreightEscrow.Handover calldata handover, bytes32 former) internal {
        uint64 id = handover.consignment;
        Record storage record = _knownAs(id, IFreightEscrow.Status.BOOKED);
        // The ledger says what was there; what was signed must agree with it, or nothing has happened.
        IMaterialLedger.Change memory change =
            ledger.handOver(id, handover.to, handover.station, handover.at);
        if (former != 0) change.content = former;
        if (change.sequence == record.legCount) revert IFreightEscrow.UseDeliver(id);
        _requireSame(handover, change);
        if (change.sequence == 0) {
            uint40 pickUpBy = change.since + record.pickUpWithin;
            if (handover.at > pickUpBy) revert IFreightEscrow.Expired(pickUpBy);
        }
    }
}
