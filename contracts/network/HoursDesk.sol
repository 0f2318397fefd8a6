// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IHoursDesk} from "../../interfaces/IHoursDesk.sol";
import {ILogisticsNetwork} from "../../interfaces/ILogisticsNetwork.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {FreightHashes} from "../libraries/FreightHashes.sol";
import {References} from "../libraries/References.sol";

/// @title HoursDesk
/// @notice Where hours go back that a consignment does not need any more, and where another vehicle stands in for one that was booked.
contract HoursDesk is IHoursDesk {
    using FreightHashes for IFreightEscrow.Booking;

    /// @notice Where consignments end.
    IFreightEscrow public immutable freightEscrow;
    /// @notice Where custody is kept.
    IMaterialLedger public immutable ledger;
    /// @notice Where hours are kept.
    ILogisticsNetwork public immutable network;

    /// @inheritdoc IHoursDesk
    mapping(uint64 consignment => uint256 legs) public released;

    constructor(address freightEscrow_, address materialLedger, address logisticsNetwork) {
        freightEscrow = IFreightEscrow(References.required(freightEscrow_));
        ledger = IMaterialLedger(References.required(materialLedger));
        network = ILogisticsNetwork(References.required(logisticsNetwork));
    }

    // --- anyone ---

    /// @inheritdoc IHoursDesk
    function release(IFreightEscrow.Booking calldata booking) external {
        uint64 id = _idOf(booking);
        uint40[] memory times = ledger.progressOf(id).times;
        // What was never picked up still needs them, or gave them back when it ended.
        if (times.length == 1) revert NothingToRelease(id);
        uint40 endedAt = freightEscrow.consignment(id).endedAt;
        uint256 before = released[id];
        uint256 given;
        for (uint256 i; i < booking.legs.length; ++i) {
            if (before >> i & 1 != 0) continue;
            (bool isOver, uint40 since) = _since(times, i, endedAt);
            if (isOver && _hour(since) < _hour(booking.legs[i].latestArrival)) given |= 1 << i;
        }
        if (given == 0) revert NothingToRelease(id);

        released[id] = before | given;
        emit HoursReleased(id, given);
        for (uint256 i; i < booking.legs.length; ++i) {
            if (given >> i & 1 == 0) continue;
            (, uint40 since) = _since(times, i, endedAt);
            network.free(id, _hours(booking.legs[i]), since);
        }
    }

    // --- carriers ---

    /// @inheritdoc IHoursDesk
    function substitute(
        IFreightEscrow.Booking calldata booking,
        uint8 leg,
        uint32 vehicle,
        uint32 crew,
        ILogisticsNetwork.Hindrance reason
    ) external {
        uint64 id = _idOf(booking);
        if (leg >= booking.legs.length) revert IFreightEscrow.UnknownLeg(id, leg);
        IFreightEscrow.LegRequest calldata booked = booking.legs[leg];
        if (msg.sender != booked.carrier) revert NotCarrier(id, leg, msg.sender);
        if (reason == ILogisticsNetwork.Hindrance.NULL) revert NoReason();
        bool isBegun = leg + 1 < ledger.progressOf(id).times.length;
        if (isBegun || freightEscrow.consignment(id).endedAt != 0) {
            revert TooLateToReplace(id, leg);
        }

        emit VehicleReplaced(id, leg, reason);
        network.substitute(
            id,
            _hours(booked),
            ILogisticsNetwork.LegBooking({
                carrier: booked.carrier,
                vehicle: vehicle,
                crew: crew,
                fromStation: booked.fromStation,
                toStation: booked.toStation,
                departure: booked.departure,
                latestArrival: booked.latestArrival,
                units: _unitsOf(id),
                temperatureMin: booking.terms.temperatureMin,
                temperatureMax: booking.terms.temperatureMax
            })
        );
    }

    // --- internal reads ---

    function _idOf(IFreightEscrow.Booking calldata booking) private view returns (uint64 id) {
        bytes32 order = booking.hash();
        id = freightEscrow.consignmentOf(order);
        if (id == 0) revert IFreightEscrow.UnknownBooking(order);
    }

    /// @dev What the load holds now, of at most 16 parcels.
    function _unitsOf(uint64 id) private view returns (uint64 units) {
        uint64[] memory parcels = ledger.parcelsOf(id);
        for (uint256 i; i < parcels.length; ++i) {
            units += ledger.parcel(parcels[i]).units;
        }
    }

    /// @dev Since when a leg needs no hours: when it handed on, or when the consignment ended while it had the goods; zero for one that was not begun.
    /// @param times Forming, pick-up, each change of hands after it.
    function _since(uint40[] memory times, uint256 leg, uint40 endedAt)
        private
        pure
        returns (bool isOver, uint40 since)
    {
        if (leg + 2 < times.length) return (true, times[leg + 2]);
        if (endedAt == 0) return (false, 0);
        return (true, leg + 1 < times.length ? endedAt : 0);
    }

    /// @dev Whole hours, rounded up.
    function _hour(uint40 time) private pure returns (uint256) {
        return (uint256(time) + 1 hours - 1) / 1 hours;
    }

    function _hours(IFreightEscrow.LegRequest calldata leg)
        private
        pure
        returns (ILogisticsNetwork.LegHours memory)
    {
        return ILogisticsNetwork.LegHours({
            vehicle: leg.vehicle,
            crew: leg.crew,
            fromStation: leg.fromStation,
            toStation: leg.toStation,
            departure: leg.departure,
            latestArrival: leg.latestArrival
        });
    }
}
