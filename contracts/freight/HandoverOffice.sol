// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {FreightHashes} from "../libraries/FreightHashes.sol";
import {HandoverBook} from "./HandoverBook.sol";

/// @title HandoverOffice
/// @notice Changes of hands of several loads in one call, and those at which units are counted out: short, damaged, refused.
/// @dev Code of `FreightEscrow`, run by delegatecall like `FreightOffice`. Called directly it knows no consignment and holds no money.
contract HandoverOffice is HandoverBook {
    using FreightHashes for *;

    /// @dev Units that were counted out: short or damaged, and refused though they are in order.
    struct Count {
        uint256 flawed;
        uint256 refused;
    }

    constructor(
        address accessManager,
        address registry,
        address ledger,
        address currency,
        address monitor,
        address disputeDesk,
        address checker
    ) HandoverBook(accessManager, registry, ledger, currency, monitor, disputeDesk, checker) {}

    // --- anyone, with the signatures of those who hand over ---

    /// @notice See `IFreightEscrow.handOverTrain`.
    function handOverTrain(
        IFreightEscrow.Handover[] calldata handovers,
        bytes calldata release,
        bytes calldata acceptance
    ) external {
        if (handovers.length == 0) revert IFreightEscrow.EmptyTrain();
        address from = handovers[0].from;
        address to = handovers[0].to;
        bytes32[] memory hashes = new bytes32[](handovers.length);
        for (uint256 i; i < hashes.length; ++i) {
            IFreightEscrow.Handover calldata handover = handovers[i];
            if (handover.from != from || handover.to != to) {
                revert IFreightEscrow.MixedTrain(handover.consignment);
            }
            _pass(handover, 0);
            hashes[i] = handover.hash();
        }
        _requireSigned(from, to, hashes.trainOf(), release, acceptance);
    }

    /// @notice See `IFreightEscrow.handOverCounted`.
    function handOverCounted(
        IFreightEscrow.Handover calldata handover,
        IMaterialLedger.Exception[] calldata exceptions,
        bytes calldata release,
        bytes calldata acceptance
    ) external {
        _pass(handover, _countOut(handover, exceptions));
        _requireSigned(
            handover.from, handover.to, handover.counted(exceptions), release, acceptance
        );
    }

    /// @notice See `IFreightEscrow.deliverCounted`.
    function deliverCounted(
        IFreightEscrow.Booking calldata booking,
        IConditionMonitor.Point[][] calldata told,
        IFreightEscrow.Proof calldata proof,
        IMaterialLedger.Exception[] calldata exceptions
    ) external {
        bytes32 former = _countOut(proof.handover, exceptions);
        _deliver(booking, told, proof, former, proof.handover.counted(exceptions));
    }

    // --- internal reads ---

    /// @dev Units by who answers for them. Each parcel comes once with each flaw, or nobody could say what was signed twice.
    function _sum(uint64 id, IMaterialLedger.Exception[] calldata exceptions)
        private
        pure
        returns (Count memory count)
    {
        uint256 before;
        for (uint256 i; i < exceptions.length; ++i) {
            IMaterialLedger.Exception calldata found = exceptions[i];
            uint256 key = (uint256(found.parcel) << 8) | uint8(found.flaw);
            if (key <= before) revert IFreightEscrow.CountNotAscending(id, found.parcel);
            before = key;
            if (found.flaw == IMaterialLedger.Flaw.REFUSED) count.refused += found.units;
            else count.flawed += found.units;
        }
    }

    function _unitsAboard(uint64 id) private view returns (uint64 units) {
        uint64[] memory parcels = ledger.parcelsOf(id);
        for (uint256 i; i < parcels.length; ++i) {
            units += ledger.stockOf(parcels[i]).units;
        }
    }

    // --- internal writes ---

    /// @dev As `FreightEscrow.deliver`, always accepted. @param former What the load's content was before units were counted out. @param signed What both have signed.
    function _deliver(
        IFreightEscrow.Booking calldata booking,
        IConditionMonitor.Point[][] calldata told,
        IFreightEscrow.Proof calldata proof,
        bytes32 former,
        bytes32 signed
    ) private {
        bytes32 order = booking.hash();
        (uint64 id, Record storage record) = _open(order, IFreightEscrow.Status.BOOKED);
        IMaterialLedger.Progress memory progress = ledger.progressOf(id);
        progress.content = former;
        address taker = _checkLast(id, booking, proof, progress);
        if (!_checkSigned(booking, proof, taker, signed)) {
            revert IFreightEscrow.BadSignature(taker);
        }
        if (booking.terms.policy != IFreightEscrow.Policy.CONSIGNEE) {
            _checkProven(id, order, booking, told, proof, progress.times[1], true);
        }
        uint40 at = proof.handover.at;
        Result memory result = _assess(id, order, booking, _with(progress.times, at));
        _settleDelivery(id, record, booking, result, taker, at, false);
    }

    /// @dev Leaves units with who has custody, and writes down who answers for them. Returns what the load's content was. The caller checks what was signed:
    /// that it is of the present custodian and sequence.
    function _countOut(
        IFreightEscrow.Handover calldata handover,
        IMaterialLedger.Exception[] calldata exceptions
    ) private returns (bytes32 former) {
        uint64 id = handover.consignment;
        Record storage record = _knownAs(id, IFreightEscrow.Status.BOOKED);
        // A load in which a lot is recalled stops whole.
        if (ledger.isLoadRecalled(id)) revert IFreightEscrow.ConsignmentRecalled(id);
        Count memory count = _sum(id, exceptions);
        uint256 units = _unitsAboard(id);
        record.flags |= _WAS_COUNTED;
        emit IFreightEscrow.HandoverCounted(id, handover.sequence, exceptions);

        // Refuses what is not aboard: then no sum is above the units.
        former = ledger.setAside(id, exceptions, handover.station, handover.at);
        uint256 legs = record.legCount;
        uint256 sequence = handover.sequence;
        if (sequence == 0) _miss(id, legs, units, count.flawed + count.refused);
        else _miss(id, sequence - 1, units, count.flawed);
        if (sequence < legs) _miss(id, sequence, units - count.flawed, count.refused);
    }

    /// @dev Lays units to a leg. @param offered Units that are there for it, unless it has been written down before.
    function _miss(uint64 id, uint256 leg, uint256 offered, uint256 missed) private {
        if (missed == 0) return;
        IFreightEscrow.Tally storage tally = _tallies[id][leg];
        if (tally.offered == 0) tally.offered = uint64(offered);
        tally.missed += uint64(missed);
    }
}
