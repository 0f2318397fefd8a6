// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {References} from "../libraries/References.sol";
import {Settlement} from "../libraries/Settlement.sol";

/// @title ConsignmentBook
/// @notice Consignments and their legs as booked, as they went, and what each leg earns.
/// @dev Who may do what, and where goods and money go, is in FreightEscrow.
abstract contract ConsignmentBook is IFreightEscrow {
    using Settlement for *;

    /// @notice Where custody is kept.
    IMaterialLedger public immutable ledger;
    /// @notice Where telemetry is kept.
    IConditionMonitor public immutable monitor;

    /// @inheritdoc IFreightEscrow
    uint64 public consignmentCount;
    /// @inheritdoc IFreightEscrow
    uint256 public totalHeld;
    /// @inheritdoc IFreightEscrow
    mapping(bytes32 booking => uint64 id) public consignmentOf;

    mapping(uint64 id => Consignment) internal _consignments;
    mapping(uint64 id => Terms) internal _terms;
    mapping(uint64 id => mapping(uint256 index => Leg)) internal _legs;

    constructor(address ledger_, address monitor_) {
        ledger = IMaterialLedger(References.required(ledger_));
        monitor = IConditionMonitor(References.required(monitor_));
    }

    // --- reads ---

    /// @inheritdoc IFreightEscrow
    function consignment(uint64 id) external view returns (Consignment memory) {
        return _known(id);
    }

    /// @inheritdoc IFreightEscrow
    function leg(uint64 id, uint8 index) external view returns (Leg memory) {
        return _knownLeg(id, index);
    }

    /// @inheritdoc IFreightEscrow
    function terms(uint64 id) external view returns (Terms memory) {
        _known(id);
        return _terms[id];
    }

    /// @inheritdoc IFreightEscrow
    function outcomeOf(uint64 id, uint8 index) external view returns (Outcome memory outcome) {
        Leg storage record = _knownLeg(id, index);
        if (record.arrivedAt != 0) outcome = _outcome(id, index);
        if (_consignments[id].status == Status.SETTLED) outcome.pay = record.paid;
    }

    // --- internal reads ---

    function _known(uint64 id) internal view returns (Consignment storage record) {
        record = _consignments[id];
        if (record.status == Status.NULL) revert UnknownConsignment(id);
    }

    /// @dev A floor passed, or so long a silence that the condition is unproven.
    function _isUnfit(uint64 id, uint40 arrivedAt) internal view returns (bool) {
        Terms storage agreed = _terms[id];
        (uint64 temperature, uint64 humidity, uint40 silence) =
            _exposure(id, _pickedUpAt(id), arrivedAt);
        return temperature > agreed.exposureFloor || humidity > agreed.humidityFloor
            || (agreed.policy != Policy.CONSIGNEE && silence > agreed.longestSilence);
    }

    /// @dev Until then something of the present carrier's freight may be left: what it took over late is not its own lateness.
    function _lapsesFrom(uint64 id) internal view returns (uint40 from) {
        Consignment storage record = _consignments[id];
        if (record.status == Status.BOOKED) return record.pickUpBy + Settlement.GRACE;
        uint8 done = record.legsDone;
        from = _legs[id][record.legCount - 1].latestArrival + Settlement.GRACE;
        if (done != 0) from += _legs[id][done].inheritance(_legs[id][done - 1]);
    }

    function _knownLeg(uint64 id, uint8 index) private view returns (Leg storage) {
        if (index >= _known(id).legCount) revert UnknownLeg(id, index);
        return _legs[id][index];
    }

    function _pickedUpAt(uint64 id) private view returns (uint40 at) {
        (, at) = ledger.custodySpan(id, 1);
    }

    function _exposure(uint64 id, uint40 from, uint40 to)
        private
        view
        returns (uint64, uint64, uint40)
    {
        if (_consignments[id].device == address(0)) return (0, 0, 0);
        return monitor.exposureBetween(id, from, to);
    }

    /// @dev Of a leg that has handed on.
    function _outcome(uint64 id, uint256 index) private view returns (Outcome memory outcome) {
        Leg storage ended = _legs[id][index];
        uint40 from;
        if (index == 0) {
            from = _pickedUpAt(id);
            outcome.late = ended.lateness();
        } else {
            Leg storage before = _legs[id][index - 1];
            from = before.arrivedAt;
            outcome.late = ended.lateness(before);
        }
        (outcome.temperature, outcome.humidity, outcome.silence) =
            _exposure(id, from, ended.arrivedAt);
        outcome.pay = ended.freight.payRoundedDown(_terms[id], outcome);
    }

    // --- internal writes ---

    function _enter(bytes32 order, Booking calldata booking)
        internal
        returns (uint64 id, uint128 prepaid)
    {
        if (consignmentOf[order] != 0) revert BookingUsed(order);
        id = ++consignmentCount;
        uint256 count = booking.legs.length;
        for (uint256 i; i < count; ++i) {
            prepaid += booking.legs[i].freight;
        }
        Consignment storage record = _consignments[id];
        record.payer = booking.payer;
        record.bookedAt = uint40(block.timestamp);
        record.pickUpBy = booking.pickUpBy;
        record.status = Status.BOOKED;
        record.consignee = booking.consignee;
        record.legCount = uint8(count);
        record.device = booking.device;
        record.prepaid = prepaid;
        record.booking = order;
        _terms[id] = booking.terms;
        consignmentOf[order] = id;
        totalHeld += prepaid;
        emit ConsignmentBooked(
            id, booking.payer, booking.consignee, order, prepaid, booking.allocations
        );
        for (uint8 i; i < count; ++i) {
            _storeLeg(id, i, booking.legs[i]);
        }
    }

    /// @param earning Legs that earn, from the first.
    function _conclude(uint64 id, Resolution resolution, uint8 earning)
        internal
        returns (uint128 refunded)
    {
        Consignment storage record = _consignments[id];
        uint128 paid = _settleLegs(id, record.legCount, earning);
        uint128 prepaid = record.prepaid;
        refunded = prepaid - paid;
        record.status = Status.SETTLED;
        record.resolution = resolution;
        record.endedAt = uint40(block.timestamp);
        record.paid = paid;
        record.refunded = refunded;
        totalHeld -= prepaid;
        emit ConsignmentSettled(id, resolution, paid, refunded);
    }

    function _storeLeg(uint64 id, uint8 index, LegRequest calldata part) private {
        Leg storage record = _legs[id][index];
        record.carrier = part.carrier;
        record.departure = part.departure;
        record.latestArrival = part.latestArrival;
        record.vehicle = part.vehicle;
        record.fromStation = part.fromStation;
        record.toStation = part.toStation;
        record.freight = part.freight;
        emit LegBooked(
            id,
            index,
            part.carrier,
            part.vehicle,
            part.fromStation,
            part.toStation,
            part.departure,
            part.latestArrival,
            part.freight
        );
    }

    function _settleLegs(uint64 id, uint8 count, uint8 earning) private returns (uint128 paid) {
        for (uint8 i; i < count; ++i) {
            Outcome memory outcome;
            if (i < earning) outcome = _outcome(id, i);
            Leg storage record = _legs[id][i];
            record.paid = outcome.pay;
            paid += outcome.pay;
            emit LegSettled(
                id,
                i,
                record.carrier,
                record.freight,
                outcome.pay,
                outcome.late,
                outcome.temperature,
                outcome.humidity,
                outcome.silence
            );
        }
    }
}
