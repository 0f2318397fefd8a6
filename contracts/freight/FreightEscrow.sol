// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
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
import {SignatureCheck} from "../libraries/SignatureCheck.sol";
import {FreightChecker} from "./FreightChecker.sol";

/// @title FreightEscrow
/// @notice Consignments: legs, prepaid freight, handovers, proof of delivery, settlement.
contract FreightEscrow is IFreightEscrow, LapsingPause, EIP712 {
    using SafeERC20 for ILogisticsCurrency;

    /// @dev What is kept of a consignment; how far it has come is the ledger's to say.
    /// @param status BOOKED also while it is on its way. @param pickUpWithin Seconds from booking.
    /// @param arrivedAt Of a proof whose settlement waits for the consignee, zero otherwise; so `provenAt`.
    struct Record {
        address payer; // slot 0
        uint40 endedAt;
        uint24 pickUpWithin;
        Status status;
        Resolution resolution;
        uint8 legCount;
        address consignee; // slot 1
        uint40 bookedAt;
        address device; // slot 2
        uint40 arrivedAt;
        uint40 provenAt;
        uint128 prepaid; // slot 3
        uint128 refunded;
        bytes32 booking; // slot 4
    }

    /// @dev How a consignment ends.
    struct Ending {
        Resolution resolution;
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

    IParticipantRegistry private immutable _REGISTRY;

    /// @inheritdoc IFreightEscrow
    uint64 public consignmentCount;
    /// @inheritdoc IFreightEscrow
    uint256 public totalHeld;
    /// @inheritdoc IFreightEscrow
    mapping(bytes32 booking => uint64 id) public consignmentOf;

    mapping(uint64 id => Record) private _records;
    mapping(uint64 id => Terms) private _terms;
    mapping(uint64 id => mapping(uint256 index => FreightChecker.Part)) private _parts;

    /// @dev What a leg that was done did not earn; mostly nothing.
    mapping(uint64 id => mapping(uint256 index => uint128)) private _withheld;

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
        _REGISTRY = IParticipantRegistry(References.required(registry_));
        checker = new FreightChecker(
            IParticipantRegistry(registry_),
            IMaterialLedger(ledger_),
            IConditionMonitor(monitor_),
            IDemandEscrow(demandEscrow_)
        );
    }

    // --- reads ---

    /// @inheritdoc IFreightEscrow
    function consignment(uint64 id) external view returns (Consignment memory result) {
        Record storage record = _known(id);
        IMaterialLedger.Stop[] memory route = _routeOf(id);
        result.payer = record.payer;
        result.bookedAt = record.bookedAt;
        result.pickUpBy = _pickUpBy(record);
        result.status = _statusOf(record, route);
        result.resolution = record.resolution;
        result.consignee = record.consignee;
        result.endedAt = record.endedAt;
        result.legCount = record.legCount;
        result.legsDone = _legsDone(route);
        result.device = record.device;
        result.arrivedAt = _arrivedAt(record, route);
        result.provenAt = record.provenAt;
        result.prepaid = record.prepaid;
        result.booking = record.booking;
        if (result.status == Status.SETTLED) {
            result.refunded = record.refunded;
            result.paid = record.prepaid - record.refunded;
            // Where nobody was waited for, the proof came in the transaction that settled.
            if (result.arrivedAt != 0 && result.provenAt == 0) result.provenAt = record.endedAt;
        }
    }

    /// @inheritdoc IFreightEscrow
    function leg(uint64 id, uint8 index) external view returns (Leg memory result) {
        Record storage record = _knownLeg(id, index);
        FreightChecker.Part storage part = _parts[id][index];
        IMaterialLedger.Stop[] memory route = _routeTo(id, record);
        result.carrier = route[index + 1].custodian;
        result.departure = part.departure;
        result.latestArrival = part.latestArrival;
        result.vehicle = part.vehicle;
        result.fromStation = route[index + 1].station;
        result.toStation = route[index + 2].station;
        result.freight = part.freight;
        result.arrivedAt = route[index + 2].since;
        result.paid = _paid(id, record, index);
    }

    /// @inheritdoc IFreightEscrow
    function terms(uint64 id) external view returns (Terms memory) {
        _known(id);
        return _terms[id];
    }

    /// @inheritdoc IFreightEscrow
    function outcomeOf(uint64 id, uint8 index) external view returns (Outcome memory outcome) {
        Record storage record = _knownLeg(id, index);
        IMaterialLedger.Stop[] memory route = _routeTo(id, record);
        if (route[index + 2].since != 0) {
            (Outcome[] memory outcomes,) = _assess(id, uint256(index) + 1, route);
            outcome = outcomes[index];
        }
        if (record.status == Status.SETTLED) outcome.pay = _paid(id, record, index);
    }

    /// @inheritdoc IFreightEscrow
    function hashBooking(Booking calldata) external view returns (bytes32) {
        return bytes32(_ask(FreightChecker.hashBooking.selector, ""));
    }

    // --- anyone, with the signatures of those who book ---

    /// @inheritdoc IFreightEscrow
    function book(Booking calldata booking, BookingSignatures calldata, Permit calldata permit)
        external
        whenOpen
        returns (uint64 id)
    {
        bytes32 order = bytes32(_ask(FreightChecker.checkBooking.selector, abi.encode(msg.sender)));
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
        Record storage record = _knownAs(id, Status.BOOKED);
        // The ledger says what was there; what was signed must agree with it, or nothing has happened.
        IMaterialLedger.Change memory change =
            ledger.handOver(id, handover.to, handover.station, handover.at);
        if (change.sequence == record.legCount) revert UseDeliver(id);
        // The checker says what is wrong.
        if (!_isSigned(handover, change)) {
            _ask(FreightChecker.refuseHandover.selector, abi.encode(change));
        }
        if (change.sequence == 0 && handover.at > _pickUpBy(record)) {
            revert Expired(_pickUpBy(record));
        }
        if (!_REGISTRY.isActive(handover.to, IParticipantRegistry.Role.CARRIER)) {
            revert IParticipantRegistry.NotActive(handover.to, IParticipantRegistry.Role.CARRIER);
        }
        bytes32 digest = _hashTypedDataV4(FreightHashes.hash(handover));
        SignatureCheck.requireValid(handover.from, digest, release);
        SignatureCheck.requireValid(handover.to, digest, acceptance);
    }

    /// @inheritdoc IFreightEscrow
    function deliver(Proof calldata proof) external {
        uint64 id = proof.handover.consignment;
        Record storage record = _knownAs(id, Status.BOOKED);
        IMaterialLedger.Stop[] memory route = _routeOf(id);
        if (route[1].since == 0) revert WrongStatus(id, Status.BOOKED);
        uint8 count = record.legCount;
        uint8 done = _legsDone(route);
        if (done + 1 != count) revert LegsRemain(id, done, count);
        if (_isRecalled(id)) revert ConsignmentRecalled(id);
        Terms storage agreed = _terms[id];
        FreightChecker.Delivery memory expected = FreightChecker.Delivery({
            consignee: record.consignee,
            station: route[count + 1].station,
            deviceOver: _parts[id][done].latestArrival + SILENCE,
            policy: agreed.policy,
            longestSilence: agreed.longestSilence
        });
        bool accepted = _ask(FreightChecker.checkProof.selector, abi.encode(expected)) != 0;

        uint40 at = proof.handover.at;
        emit Arrived(id, at, expected.policy);
        if (expected.policy == Policy.DEVICE_THEN_SILENCE && !accepted) {
            record.status = Status.ARRIVED;
            record.arrivedAt = at;
            record.provenAt = uint40(block.timestamp);
        } else {
            _settleDelivery(id, record, route, at, false);
        }
    }

    // --- the consignee ---

    /// @inheritdoc IFreightEscrow
    function refuse(uint64 id) external {
        Record storage record = _knownAs(id, Status.ARRIVED);
        if (msg.sender != record.consignee) revert NotConsignee(id, msg.sender);
        uint40 until = record.provenAt + SILENCE;
        if (block.timestamp >= until) revert Expired(until);
        IMaterialLedger.Stop[] memory route = _routeOf(id);
        uint256 count = record.legCount;
        (Outcome[] memory outcomes,) = _assess(id, count - 1, route);
        _settle(
            id,
            record,
            route,
            outcomes,
            Ending({
                resolution: Resolution.REFUSED,
                outcome: IMaterialLedger.ParcelState.RETURNED,
                custodian: route[count].custodian,
                station: route[count + 1].station,
                at: uint40(block.timestamp)
            })
        );
    }

    // --- anyone, from a time on ---

    /// @inheritdoc IFreightEscrow
    function settleSilent(uint64 id) external {
        Record storage record = _knownAs(id, Status.ARRIVED);
        uint40 from = record.provenAt + SILENCE;
        if (block.timestamp < from && msg.sender != record.consignee) revert NotYet(id, from);
        _settleDelivery(id, record, _routeOf(id), record.arrivedAt, _isRecalled(id));
    }

    /// @inheritdoc IFreightEscrow
    function lapse(uint64 id) external {
        Record storage record = _knownAs(id, Status.BOOKED);
        IMaterialLedger.Stop[] memory route = _routeOf(id);
        bool isBooked = route[1].since == 0;
        uint40 from = (isBooked ? _pickUpBy(record) : _dueBy(id, record.legCount, route)) + GRACE;
        if (block.timestamp < from) revert NotYet(id, from);
        _endOnTheWay(
            id,
            record,
            route,
            isBooked ? Resolution.CANCELLED : Resolution.LOST,
            isBooked ? IMaterialLedger.ParcelState.ALLOCATED : IMaterialLedger.ParcelState.LOST
        );
    }

    // --- anyone, of what is recalled ---

    /// @inheritdoc IFreightEscrow
    function stopRecalled(uint64 id) external {
        Record storage record = _knownAs(id, Status.BOOKED);
        if (!_isRecalled(id)) revert NothingRecalled(id);
        _endOnTheWay(
            id, record, _routeOf(id), Resolution.RECALLED, IMaterialLedger.ParcelState.QUARANTINED
        );
    }

    // --- internal reads ---

    function _known(uint64 id) private view returns (Record storage record) {
        record = _records[id];
        if (record.status == Status.NULL) revert UnknownConsignment(id);
    }

    /// @dev The consignment, of which `kept` must be the status on record: BOOKED when it has neither arrived nor ended.
    function _knownAs(uint64 id, Status kept) private view returns (Record storage record) {
        record = _records[id];
        if (record.status == kept) return record;
        _known(id);
        revert WrongStatus(id, _statusOf(record, _routeOf(id)));
    }

    function _statusOf(Record storage record, IMaterialLedger.Stop[] memory route)
        private
        view
        returns (Status status)
    {
        status = record.status;
        if (status == Status.BOOKED && route[1].since != 0) return Status.IN_TRANSIT;
    }

    function _knownLeg(uint64 id, uint8 index) private view returns (Record storage record) {
        record = _known(id);
        if (index >= record.legCount) revert UnknownLeg(id, index);
    }

    /// @dev Passes the call on to the checker with its arguments as they came, and `more` after them. Returns the word answered.
    function _ask(bytes4 selector, bytes memory more) private view returns (uint256) {
        bytes memory question = bytes.concat(selector, msg.data[4:], more);
        return abi.decode(Address.functionStaticCall(address(checker), question), (uint256));
    }

    function _routeOf(uint64 id) private view returns (IMaterialLedger.Stop[] memory) {
        return ledger.routeOf(id);
    }

    function _isRecalled(uint64 id) private view returns (bool) {
        return ledger.isLoadRecalled(id);
    }

    function _pickUpBy(Record storage record) private view returns (uint40) {
        return record.bookedAt + record.pickUpWithin;
    }

    /// @dev Until when a consignment on its way is waited for: what its present carrier took over late, it may hand on late.
    function _dueBy(uint64 id, uint8 count, IMaterialLedger.Stop[] memory route)
        private
        view
        returns (uint40 due)
    {
        due = _parts[id][count - 1].latestArrival;
        uint256 done = _legsDone(route);
        if (done != 0) {
            due += Settlement.inheritance(
                route[done + 1].since,
                _parts[id][done - 1].latestArrival,
                _parts[id][done].departure
            );
        }
    }

    /// @dev Legs whose carrier has handed on: all changes of custody but the pick-up.
    function _legsDone(IMaterialLedger.Stop[] memory route) private pure returns (uint8 done) {
        while (uint256(done) + 2 < route.length && route[uint256(done) + 2].since != 0) ++done;
    }

    function _arrivedAt(Record storage record, IMaterialLedger.Stop[] memory route)
        private
        view
        returns (uint40)
    {
        uint40 waiting = record.arrivedAt;
        return waiting != 0 ? waiting : route[record.legCount + 1].since;
    }

    /// @dev The route, with the arrival that waits for the consignee or was refused.
    function _routeTo(uint64 id, Record storage record)
        private
        view
        returns (IMaterialLedger.Stop[] memory route)
    {
        route = _routeOf(id);
        route[record.legCount + 1].since = _arrivedAt(record, route);
    }

    /// @dev What a leg was paid. A refused arrival is not in the ledger's route, so its leg is not done.
    function _paid(uint64 id, Record storage record, uint256 index) private view returns (uint128) {
        if (record.status != Status.SETTLED || index >= _legsDone(_routeOf(id))) return 0;
        return _parts[id][index].freight - _withheld[id][index];
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

    /// @dev What the first `count` legs earn, each of which has handed on.
    function _assess(uint64 id, uint256 count, IMaterialLedger.Stop[] memory route)
        private
        view
        returns (Outcome[] memory outcomes, bool isUnfit)
    {
        FreightChecker.Way[] memory ways = new FreightChecker.Way[](count);
        for (uint256 i; i < count; ++i) {
            ways[i] = FreightChecker.Way({
                part: _parts[id][i], from: route[i + 1].since, to: route[i + 2].since
            });
        }
        return checker.assess(id, _records[id].device != address(0), _terms[id], ways);
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
        Record storage record = _records[id];
        record.payer = booking.payer;
        // Not after the first latest arrival, which lies within the horizon.
        record.pickUpWithin = uint24(booking.pickUpBy - uint40(block.timestamp));
        record.bookedAt = uint40(block.timestamp);
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
        _parts[id][index] = FreightChecker.Part({
            freight: part.freight,
            departure: part.departure,
            latestArrival: part.latestArrival,
            vehicle: part.vehicle
        });
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
        uint64 units = checker.checkGoods(
            id,
            parcels,
            booking.allocations,
            booking.legs[0].fromStation,
            booking.legs[booking.legs.length - 1].toStation
        );
        ledger.form(id, parcels, _takers(booking));
        for (uint256 i; i < booking.legs.length; ++i) {
            network.reserve(id, _legBooking(booking.legs[i], booking.terms, units));
        }
        if (booking.device == address(0)) return;
        Terms calldata agreed = booking.terms;
        IConditionMonitor.Band memory band = IConditionMonitor.Band(
            agreed.temperatureMin, agreed.temperatureMax, agreed.humidityMin, agreed.humidityMax
        );
        monitor.open(id, _records[id].booking, booking.device, band, prepaid);
    }

    /// @dev Each carrier where its leg begins, then the consignee where the last one ends.
    function _takers(Booking calldata booking)
        private
        pure
        returns (IMaterialLedger.Stop[] memory takers)
    {
        uint256 count = booking.legs.length;
        takers = new IMaterialLedger.Stop[](count + 1);
        for (uint256 i; i < count; ++i) {
            takers[i].custodian = booking.legs[i].carrier;
            takers[i].station = booking.legs[i].fromStation;
        }
        takers[count].custodian = booking.consignee;
        takers[count].station = booking.legs[count - 1].toStation;
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

    // --- internal writes of an end ---

    /// @param isRecalled True when the goods were recalled after they had arrived.
    function _settleDelivery(
        uint64 id,
        Record storage record,
        IMaterialLedger.Stop[] memory route,
        uint40 at,
        bool isRecalled
    ) private {
        uint8 count = record.legCount;
        IMaterialLedger.Stop memory last = route[count + 1];
        last.since = at;
        (Outcome[] memory outcomes, bool isUnfit) = _assess(id, count, route);
        isUnfit = isUnfit || isRecalled;
        Resolution fit = isUnfit ? Resolution.DELIVERED_DAMAGED : Resolution.DELIVERED;
        _settle(
            id,
            record,
            route,
            outcomes,
            Ending({
                resolution: isRecalled ? Resolution.RECALLED : fit,
                outcome: isUnfit
                    ? IMaterialLedger.ParcelState.QUARANTINED
                    : IMaterialLedger.ParcelState.DELIVERED,
                custodian: last.custodian,
                station: last.station,
                at: at
            })
        );
    }

    /// @dev Ends what has not arrived, in the hands of whoever has it; gives the hours back when nothing was picked up.
    function _endOnTheWay(
        uint64 id,
        Record storage record,
        IMaterialLedger.Stop[] memory route,
        Resolution resolution,
        IMaterialLedger.ParcelState outcome
    ) private {
        uint8 done = _legsDone(route);
        bool isBooked = route[1].since == 0;
        (Outcome[] memory outcomes,) = _assess(id, done, route);
        _settle(
            id,
            record,
            route,
            outcomes,
            Ending({
                resolution: resolution,
                outcome: outcome,
                custodian: route[isBooked ? 0 : done + 1].custodian,
                station: route[done + 1].station,
                at: uint40(block.timestamp)
            })
        );
        if (!isBooked) return;
        for (uint256 i; i < record.legCount; ++i) {
            FreightChecker.Part storage unused = _parts[id][i];
            network.free(id, unused.vehicle, unused.departure, unused.latestArrival);
        }
    }

    /// @param outcomes Of the legs that were done, from the first.
    function _settle(
        uint64 id,
        Record storage record,
        IMaterialLedger.Stop[] memory route,
        Outcome[] memory outcomes,
        Ending memory ending
    ) private {
        uint128 paid = _settleLegs(id, record.legCount, outcomes, route);
        uint128 prepaid = record.prepaid;
        uint128 refunded = prepaid - paid;
        record.status = Status.SETTLED;
        record.resolution = ending.resolution;
        record.endedAt = uint40(block.timestamp);
        if (refunded != 0) record.refunded = refunded;
        totalHeld -= prepaid;
        emit ConsignmentSettled(id, ending.resolution, paid, refunded);

        ledger.close(id, ending.outcome, ending.custodian, ending.station, ending.at);
        for (uint256 i; i < outcomes.length; ++i) {
            _pay(route[i + 1].custodian, outcomes[i].pay);
        }
        _pay(record.payer, refunded);
    }

    function _pay(address payee, uint128 amount) private {
        if (amount != 0) currency.safeTransfer(payee, amount);
    }

    function _settleLegs(
        uint64 id,
        uint8 count,
        Outcome[] memory outcomes,
        IMaterialLedger.Stop[] memory route
    ) private returns (uint128 paid) {
        Outcome memory nothing;
        for (uint8 i; i < count; ++i) {
            bool isDone = i < outcomes.length;
            Outcome memory outcome = isDone ? outcomes[i] : nothing;
            uint128 freight = _parts[id][i].freight;
            paid += outcome.pay;
            if (isDone && outcome.pay != freight) _withheld[id][i] = freight - outcome.pay;
            _tellLeg(id, i, route[i + 1].custodian, freight, outcome);
        }
    }

    function _tellLeg(
        uint64 id,
        uint8 index,
        address carrier,
        uint128 freight,
        Outcome memory outcome
    ) private {
        emit LegSettled(
            id,
            index,
            carrier,
            freight,
            outcome.pay,
            outcome.late,
            outcome.temperature,
            outcome.humidity,
            outcome.silence
        );
    }
}
