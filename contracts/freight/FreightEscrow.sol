// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {ILogisticsCurrency} from "../../interfaces/ILogisticsCurrency.sol";
import {ILogisticsNetwork} from "../../interfaces/ILogisticsNetwork.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {LapsingPause} from "../access/LapsingPause.sol";
import {FreightHashes} from "../libraries/FreightHashes.sol";
import {References} from "../libraries/References.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {FreightChecker} from "./FreightChecker.sol";

/// @title FreightEscrow
/// @notice Consignments: legs, prepaid freight, handovers, proof of delivery, settlement.
contract FreightEscrow is IFreightEscrow, LapsingPause, EIP712 {
    using SafeERC20 for ILogisticsCurrency;
    using Settlement for *;

    /// @dev How a consignment ends.
    /// @param earning Legs that earn, from the first.
    struct Ending {
        Resolution resolution;
        uint8 earning;
        IMaterialLedger.ParcelState outcome;
        address custodian;
        uint32 station;
        uint40 at;
    }

    /// @inheritdoc IFreightEscrow
    uint40 public constant GRACE = Settlement.GRACE;
    /// @inheritdoc IFreightEscrow
    uint40 public constant SILENCE = 1 days;
    /// @inheritdoc IFreightEscrow
    uint40 public constant HORIZON = Settlement.HORIZON;
    /// @inheritdoc IFreightEscrow
    uint8 public constant MAX_LEGS = Settlement.MAX_LEGS;

    /// @inheritdoc IFreightEscrow
    bytes32 public constant BOOKING_TYPEHASH = FreightHashes.BOOKING_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant BOOKING_ORDER_TYPEHASH = FreightHashes.BOOKING_ORDER_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant LEG_ACCEPTANCE_TYPEHASH = FreightHashes.LEG_ACCEPTANCE_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant POLICY_CONSENT_TYPEHASH = FreightHashes.POLICY_CONSENT_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant HANDOVER_TYPEHASH = FreightHashes.HANDOVER_TYPEHASH;
    /// @inheritdoc IFreightEscrow
    bytes32 public constant ARRIVAL_TYPEHASH = FreightHashes.ARRIVAL_TYPEHASH;

    /// @notice Where custody is kept.
    IMaterialLedger public immutable ledger;
    /// @notice In what freight is paid.
    ILogisticsCurrency public immutable currency;
    /// @notice Where vehicles' hours are kept.
    ILogisticsNetwork public immutable network;
    /// @notice Where telemetry is kept.
    IConditionMonitor public immutable monitor;
    /// @notice Whose allocations are carried.
    IDemandEscrow public immutable demandEscrow;

    /// @notice What may be booked, handed over and proven; made here, since it is a part of this room.
    FreightChecker public immutable checker;

    /// @inheritdoc IFreightEscrow
    uint64 public consignmentCount;
    /// @inheritdoc IFreightEscrow
    uint256 public totalHeld;
    /// @inheritdoc IFreightEscrow
    mapping(bytes32 booking => uint64 id) public consignmentOf;

    mapping(uint64 id => Consignment) private _consignments;
    mapping(uint64 id => Terms) private _terms;
    mapping(uint64 id => mapping(uint256 index => Leg)) private _legs;

    constructor(
        address accessManager,
        address registry_,
        address ledger_,
        address currency_,
        address network_,
        address monitor_,
        address demandEscrow_
    ) AccessManaged(References.required(accessManager)) EIP712("Aidline FreightEscrow", "1") {
        ledger = IMaterialLedger(References.required(ledger_));
        currency = ILogisticsCurrency(References.required(currency_));
        network = ILogisticsNetwork(References.required(network_));
        monitor = IConditionMonitor(References.required(monitor_));
        demandEscrow = IDemandEscrow(References.required(demandEscrow_));
        IParticipantRegistry registry = IParticipantRegistry(References.required(registry_));
        checker = new FreightChecker(registry, ledger, monitor, demandEscrow);
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

    /// @inheritdoc IFreightEscrow
    function hashBooking(Booking calldata booking) external view returns (bytes32) {
        return checker.hashBooking(booking);
    }

    // --- anyone, with the signatures of those who book ---

    /// @inheritdoc IFreightEscrow
    function book(
        Booking calldata booking,
        BookingSignatures calldata signatures,
        Permit calldata permit
    ) external whenOpen returns (uint64 id) {
        bytes32 order = checker.checkBooking(_domainSeparatorV4(), msg.sender, booking, signatures);
        if (consignmentOf[order] != 0) revert BookingUsed(order);

        id = ++consignmentCount;
        uint128 prepaid = _store(id, order, booking);

        _usePermit(booking.payer, permit);
        currency.safeTransferFrom(booking.payer, address(this), prepaid);
        _engage(id, prepaid, booking);
    }

    // --- anyone, with the signatures of those who hand over ---

    /// @inheritdoc IFreightEscrow
    function handOver(Handover calldata handover, bytes calldata release, bytes calldata acceptance)
        external
    {
        uint64 id = handover.consignment;
        Consignment storage record = _known(id);
        if (record.status != Status.BOOKED && record.status != Status.IN_TRANSIT) {
            revert WrongStatus(id, record.status);
        }
        bool isPickUp = record.status == Status.BOOKED;
        uint256 next = isPickUp ? 0 : record.legsDone + 1;
        if (next == record.legCount) revert UseDeliver(id);
        if (isPickUp && handover.at > record.pickUpBy) revert Expired(record.pickUpBy);
        Leg storage taken = _legs[id][next];
        checker.checkHandover(
            _domainSeparatorV4(), handover, taken.carrier, taken.fromStation, release, acceptance
        );

        if (isPickUp) {
            record.status = Status.IN_TRANSIT;
        } else {
            record.legsDone = uint8(next);
            _legs[id][next - 1].arrivedAt = handover.at;
        }
        _emitHandedOver(handover);

        ledger.handOver(id, handover.to, handover.station, handover.at);
    }

    /// @inheritdoc IFreightEscrow
    function deliver(Proof calldata proof) external {
        uint64 id = proof.handover.consignment;
        Consignment storage record = _known(id);
        if (record.status != Status.IN_TRANSIT) revert WrongStatus(id, record.status);
        uint8 last = record.legCount - 1;
        if (record.legsDone != last) revert LegsRemain(id, record.legsDone, record.legCount);
        Leg storage ended = _legs[id][last];
        Terms storage agreed = _terms[id];
        FreightChecker.Delivery memory expected = FreightChecker.Delivery({
            consignee: record.consignee,
            station: ended.toStation,
            deviceOver: ended.latestArrival + SILENCE,
            policy: agreed.policy,
            longestSilence: agreed.longestSilence
        });
        bool accepted = checker.checkProof(_domainSeparatorV4(), proof, expected);

        ended.arrivedAt = proof.handover.at;
        record.arrivedAt = proof.handover.at;
        record.provenAt = uint40(block.timestamp);
        emit Arrived(id, proof.handover.at, expected.policy);
        if (expected.policy == Policy.DEVICE_THEN_SILENCE && !accepted) {
            record.status = Status.ARRIVED;
        } else {
            _settleDelivery(id, record);
        }
    }

    // --- the consignee ---

    /// @inheritdoc IFreightEscrow
    function refuse(uint64 id) external {
        Consignment storage record = _known(id);
        if (msg.sender != record.consignee) revert NotConsignee(id, msg.sender);
        if (record.status != Status.ARRIVED) revert WrongStatus(id, record.status);
        uint40 until = record.provenAt + SILENCE;
        if (block.timestamp >= until) revert Expired(until);
        uint8 last = record.legCount - 1;
        _settle(
            id,
            record,
            Ending({
                resolution: Resolution.REFUSED,
                earning: last,
                outcome: IMaterialLedger.ParcelState.RETURNED,
                custodian: _legs[id][last].carrier,
                station: _legs[id][last].toStation,
                at: uint40(block.timestamp)
            })
        );
    }

    // --- anyone, from a time on ---

    /// @inheritdoc IFreightEscrow
    function settleSilent(uint64 id) external {
        Consignment storage record = _known(id);
        if (record.status != Status.ARRIVED) revert WrongStatus(id, record.status);
        uint40 from = record.provenAt + SILENCE;
        if (block.timestamp < from && msg.sender != record.consignee) revert NotYet(id, from);
        _settleDelivery(id, record);
    }

    /// @inheritdoc IFreightEscrow
    function lapse(uint64 id) external {
        Consignment storage record = _known(id);
        uint8 done = record.legsDone;
        bool isBooked = record.status == Status.BOOKED;
        if (!isBooked && record.status != Status.IN_TRANSIT) revert WrongStatus(id, record.status);
        uint40 from =
            (isBooked ? record.pickUpBy : _legs[id][record.legCount - 1].latestArrival) + GRACE;
        if (block.timestamp < from) revert NotYet(id, from);
        _settle(
            id,
            record,
            Ending({
                resolution: isBooked ? Resolution.CANCELLED : Resolution.LOST,
                earning: done,
                outcome: isBooked
                    ? IMaterialLedger.ParcelState.ALLOCATED
                    : IMaterialLedger.ParcelState.LOST,
                custodian: ledger.load(id).custodian,
                station: _legs[id][done].fromStation,
                at: uint40(block.timestamp)
            })
        );
        if (isBooked) _freeSlots(id, record.legCount);
    }

    // --- internal reads ---

    function _known(uint64 id) private view returns (Consignment storage record) {
        record = _consignments[id];
        if (record.status == Status.NULL) revert UnknownConsignment(id);
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

    /// @dev A floor passed, or so long a silence that the condition is unproven.
    function _isUnfit(uint64 id, uint40 arrivedAt) private view returns (bool) {
        Terms storage agreed = _terms[id];
        (uint64 temperature, uint64 humidity, uint40 silence) =
            _exposure(id, _pickedUpAt(id), arrivedAt);
        return temperature > agreed.exposureFloor || humidity > agreed.humidityFloor
            || (agreed.policy != Policy.CONSIGNEE && silence > agreed.longestSilence);
    }

    // --- internal writes of a booking ---

    function _store(uint64 id, bytes32 order, Booking calldata booking)
        private
        returns (uint128 prepaid)
    {
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

    /// @dev A permit that somebody else has used up is as good: the allowance decides.
    function _usePermit(address payer, Permit calldata permit) private {
        if (permit.deadline == 0) return;
        try currency.permit(
            payer, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s
        ) {}
            catch {}
    }

    /// @dev Takes goods, hours and device for a consignment.
    function _engage(uint64 id, uint128 prepaid, Booking calldata booking) private {
        (uint64[] memory parcels, address recipient) =
            demandEscrow.take(booking.allocations, id, booking.payer, prepaid);
        if (recipient != booking.consignee) revert WrongConsignee(booking.consignee, recipient);
        uint64 units = checker.checkGoods(id, parcels, booking);
        ledger.form(id, parcels, new IMaterialLedger.Stop[](0));
        for (uint256 i; i < booking.legs.length; ++i) {
            network.reserve(id, _legBooking(booking.legs[i], booking.terms, units));
        }
        if (booking.device == address(0)) return;
        Terms calldata agreed = booking.terms;
        IConditionMonitor.Band memory band = IConditionMonitor.Band(
            agreed.temperatureMin, agreed.temperatureMax, agreed.humidityMin, agreed.humidityMax
        );
        monitor.open(id, booking.device, band);
    }

    function _legBooking(LegRequest calldata part, Terms calldata agreed, uint64 units)
        private
        pure
        returns (ILogisticsNetwork.LegBooking memory)
    {
        return ILogisticsNetwork.LegBooking({
            carrier: part.carrier,
            vehicle: part.vehicle,
            fromStation: part.fromStation,
            toStation: part.toStation,
            departure: part.departure,
            latestArrival: part.latestArrival,
            units: units,
            temperatureMin: agreed.temperatureMin,
            temperatureMax: agreed.temperatureMax
        });
    }

    // --- internal writes of a change of hands and of an end ---

    function _emitHandedOver(Handover calldata handover) private {
        emit HandedOver(
            handover.consignment,
            handover.sequence,
            handover.from,
            handover.to,
            handover.station,
            handover.at
        );
    }

    function _settleDelivery(uint64 id, Consignment storage record) private {
        uint8 count = record.legCount;
        Leg storage last = _legs[id][count - 1];
        bool isUnfit = _isUnfit(id, record.arrivedAt);
        record.legsDone = count;
        emit HandedOver(id, count, last.carrier, record.consignee, last.toStation, record.arrivedAt);
        _settle(
            id,
            record,
            Ending({
                resolution: isUnfit ? Resolution.DELIVERED_DAMAGED : Resolution.DELIVERED,
                earning: count,
                outcome: isUnfit
                    ? IMaterialLedger.ParcelState.QUARANTINED
                    : IMaterialLedger.ParcelState.DELIVERED,
                custodian: record.consignee,
                station: last.toStation,
                at: record.arrivedAt
            })
        );
    }

    function _settle(uint64 id, Consignment storage record, Ending memory ending) private {
        uint128 paid = _settleLegs(id, record.legCount, ending.earning);
        uint128 prepaid = record.prepaid;
        uint128 refunded = prepaid - paid;
        record.status = Status.SETTLED;
        record.resolution = ending.resolution;
        record.endedAt = uint40(block.timestamp);
        record.paid = paid;
        record.refunded = refunded;
        totalHeld -= prepaid;
        emit ConsignmentSettled(id, ending.resolution, paid, refunded);

        ledger.close(id, ending.outcome, ending.custodian, ending.station, ending.at);
        for (uint256 i; i < ending.earning; ++i) {
            Leg storage earned = _legs[id][i];
            if (earned.paid != 0) currency.safeTransfer(earned.carrier, earned.paid);
        }
        if (refunded != 0) currency.safeTransfer(record.payer, refunded);
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

    function _freeSlots(uint64 id, uint8 count) private {
        for (uint256 i; i < count; ++i) {
            Leg storage unused = _legs[id][i];
            network.free(id, unused.vehicle, unused.departure, unused.latestArrival);
        }
    }
}
