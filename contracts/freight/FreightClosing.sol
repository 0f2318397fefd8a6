// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IFreightHolds} from "../../interfaces/IFreightHolds.sol";
import {ILogisticsNetwork} from "../../interfaces/ILogisticsNetwork.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {FreightHashes} from "../libraries/FreightHashes.sol";
import {References} from "../libraries/References.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {ConsignmentBook} from "./ConsignmentBook.sol";

/// @title FreightClosing
/// @notice Where consignments end otherwise than by a proof of delivery: refused at the door, by silence, by time, by recall.
/// @dev Code of `FreightEscrow`, run by delegatecall like `FreightOffice`. Called directly it knows no consignment and holds no money.
contract FreightClosing is ConsignmentBook {
    using FreightHashes for *;

    /// @notice Where hours are kept.
    ILogisticsNetwork public immutable network;

    constructor(
        address accessManager,
        address registry,
        address ledger,
        address currency,
        address monitor,
        address disputeDesk,
        address network_
    ) ConsignmentBook(accessManager, registry, ledger, currency, monitor, disputeDesk) {
        network = ILogisticsNetwork(References.required(network_));
    }

    // --- the consignee ---

    /// @notice See `IFreightEscrow.refuse`.
    function refuse(
        IFreightEscrow.Booking calldata booking,
        IFreightEscrow.Refusal calldata refusal,
        bytes32 salt,
        bytes calldata signature
    ) external {
        uint64 id = _idOf(booking.hash());
        Record storage record = _known(id);
        if (refusal.consignment != id) {
            revert IFreightEscrow.WrongConsignment(id, refusal.consignment);
        }
        uint256 count = booking.legs.length;
        if (record.status == IFreightEscrow.Status.ARRIVED) {
            uint40 until = _waiting[id].provenAt + _SILENCE;
            if (block.timestamp >= until) revert IFreightEscrow.Expired(until);
        } else {
            _knownAs(id, IFreightEscrow.Status.BOOKED);
            uint256 changes = ledger.progressOf(id).times.length - 1;
            if (changes == 0) {
                revert IFreightEscrow.WrongStatus(id, IFreightEscrow.Status.BOOKED);
            }
            if (changes != count) {
                revert IFreightEscrow.LegsRemain(id, uint8(changes - 1), uint8(count));
            }
        }
        bool isKey = booking.household != 0 && booking.household == refusal.by.household(salt);
        if (refusal.by != booking.consignee && !isKey) {
            revert IFreightEscrow.WrongParty(id, booking.consignee, refusal.by);
        }
        record.status = IFreightEscrow.Status.REFUSED;
        _waiting[id].provenAt = uint40(block.timestamp);
        _refuse(id, uint16(count), refusal, signature);
    }

    // --- anyone, from a time on ---

    /// @notice See `IFreightEscrow.settleSilent`.
    function settleSilent(
        IFreightEscrow.Booking calldata booking,
        IConditionMonitor.Point[][] calldata
    ) external {
        bytes32 order = booking.hash();
        (uint64 id, Record storage record) = _open(order, IFreightEscrow.Status.ARRIVED);
        Waiting memory waiting = _waiting[id];
        uint40 from = waiting.provenAt + _SILENCE;
        if (block.timestamp < from && msg.sender != booking.consignee) {
            revert IFreightEscrow.NotYet(id, from);
        }
        IMaterialLedger.Progress memory progress = ledger.progressOf(id);
        uint40 at = waiting.arrivedAt;
        Result memory result = _assess(id, order, booking, _with(progress.times, at));
        _settleDelivery(id, record, booking, result, booking.consignee, at, progress.isRecalled);
    }

    /// @notice See `IFreightEscrow.settleRefused`.
    function settleRefused(
        IFreightEscrow.Booking calldata booking,
        IConditionMonitor.Point[][] calldata
    ) external {
        bytes32 order = booking.hash();
        (uint64 id, Record storage record) = _open(order, IFreightEscrow.Status.REFUSED);
        uint40 from = _waiting[id].provenAt + _SILENCE;
        if (block.timestamp < from) revert IFreightEscrow.NotYet(id, from);
        Result memory result = _assess(id, order, booking, ledger.progressOf(id).times);
        IFreightEscrow.LegRequest calldata last = booking.legs[booking.legs.length - 1];
        Ending memory ending;
        ending.resolution = IFreightEscrow.Resolution.REFUSED;
        ending.outcome = IMaterialLedger.ParcelState.RETURNED;
        ending.custodian = last.carrier;
        ending.station = last.toStation;
        ending.at = uint40(block.timestamp);
        _settle(id, record, booking, result.outcomes, ending);
    }

    /// @notice See `IFreightEscrow.settleClosed`.
    function settleClosed(
        IFreightEscrow.Booking calldata booking,
        IConditionMonitor.Point[][] calldata
    ) external {
        bytes32 order = booking.hash();
        (uint64 id, Record storage record) = _open(order, IFreightEscrow.Status.CLOSED);
        if (record.holds != 0) revert IFreightHolds.IsHeld(id);
        uint40[] memory times = ledger.progressOf(id).times;
        Ending memory ending;
        ending.resolution = record.resolution;
        uint40 arrivedAt = _waiting[id].arrivedAt;
        ending.isSold = arrivedAt != 0 && ending.resolution != IFreightEscrow.Resolution.REFUSED;
        // Who took from itself has changed no hands.
        if (ending.isSold && times.length == booking.legs.length + 1) {
            times = _with(times, arrivedAt);
        }
        Result memory result = _assess(id, order, booking, times);
        if (ending.isSold) {
            ending.forfeits = result.unfit;
        } else if (ending.resolution == IFreightEscrow.Resolution.LOST) {
            ending.forfeits = _holder(times);
        }
        _settle(id, record, booking, result.outcomes, ending);
    }

    /// @notice See `IFreightEscrow.lapse`.
    function lapse(IFreightEscrow.Booking calldata booking, IConditionMonitor.Point[][] calldata)
        external
    {
        bytes32 order = booking.hash();
        (uint64 id, Record storage record) = _open(order, IFreightEscrow.Status.BOOKED);
        IMaterialLedger.Progress memory progress = ledger.progressOf(id);
        Ending memory ending;
        uint40 from;
        if (progress.times.length == 1) {
            from = booking.pickUpBy;
            ending.resolution = IFreightEscrow.Resolution.CANCELLED;
            ending.outcome = booking.seller == address(0)
                ? IMaterialLedger.ParcelState.ALLOCATED
                : IMaterialLedger.ParcelState.HELD;
        } else {
            from = _dueBy(booking.legs, progress.times);
            ending.resolution = IFreightEscrow.Resolution.LOST;
            ending.outcome = IMaterialLedger.ParcelState.LOST;
            ending.forfeits = _holder(progress.times);
        }
        from += Settlement.GRACE;
        if (block.timestamp < from) revert IFreightEscrow.NotYet(id, from);
        _endOnTheWay(
            id, record, booking, _assess(id, order, booking, progress.times), progress, ending
        );
    }

    // --- anyone, of what is recalled ---

    /// @notice See `IFreightEscrow.stopRecalled`.
    function stopRecalled(
        IFreightEscrow.Booking calldata booking,
        IConditionMonitor.Point[][] calldata
    ) external {
        bytes32 order = booking.hash();
        (uint64 id, Record storage record) = _open(order, IFreightEscrow.Status.BOOKED);
        IMaterialLedger.Progress memory progress = ledger.progressOf(id);
        if (!progress.isRecalled) revert IFreightEscrow.NothingRecalled(id);
        Ending memory ending;
        ending.resolution = IFreightEscrow.Resolution.RECALLED;
        ending.outcome = IMaterialLedger.ParcelState.QUARANTINED;
        _endOnTheWay(
            id, record, booking, _assess(id, order, booking, progress.times), progress, ending
        );
    }

    // --- internal reads ---

    /// @dev The leg that has the goods and answers for them, as a bit.
    function _holder(uint40[] memory times) private pure returns (uint256) {
        return 1 << (times.length - 2);
    }

    /// @dev Until when a consignment on its way is waited for: what its present carrier took over late, it may hand on late.
    function _dueBy(IFreightEscrow.LegRequest[] calldata legs, uint40[] memory times)
        private
        pure
        returns (uint40 due)
    {
        due = legs[legs.length - 1].latestArrival;
        uint256 present = times.length - 2;
        if (present != 0) {
            due += Settlement.inheritance(
                times[present + 1], legs[present - 1].latestArrival, legs[present].departure
            );
        }
    }

    // --- internal writes ---

    /// @dev Ends what has not arrived, in the hands of whoever has it; gives the hours back when nothing was picked up.
    function _endOnTheWay(
        uint64 id,
        Record storage record,
        IFreightEscrow.Booking calldata booking,
        Result memory result,
        IMaterialLedger.Progress memory progress,
        Ending memory ending
    ) private {
        bool isBooked = progress.times.length == 1;
        ending.custodian = progress.custodian;
        ending.station = booking.legs[isBooked ? 0 : progress.times.length - 2].fromStation;
        ending.at = uint40(block.timestamp);
        _settle(id, record, booking, result.outcomes, ending);
        if (!isBooked) return;
        for (uint256 i; i < booking.legs.length; ++i) {
            IFreightEscrow.LegRequest calldata unused = booking.legs[i];
            network.free(
                id,
                ILogisticsNetwork.LegHours(
                    unused.vehicle,
                    unused.crew,
                    unused.fromStation,
                    unused.toStation,
                    unused.departure,
                    unused.latestArrival
                ),
                0
            );
        }
    }
}
