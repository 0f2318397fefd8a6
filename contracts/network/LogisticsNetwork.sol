// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILogisticsNetwork} from "../../interfaces/ILogisticsNetwork.sol";
import {DutyHours} from "../libraries/DutyHours.sol";
import {CrewWord, HoldWord, StationWord, VehicleWord} from "../libraries/NetworkWords.sol";
import {References} from "../libraries/References.sol";
import {SlotBitmap} from "../libraries/SlotBitmap.sol";
import {SlotCounters} from "../libraries/SlotCounters.sol";
import {NetworkBook} from "./NetworkBook.sol";

/// @title LogisticsNetwork
/// @notice Whether a leg can run, and the time slots that it takes: of its vehicle, its crew and its stations.
/// @dev What there is stands in the book. A leg asks for what most have none of (a limit of a station, of a crew, of range; a run) where it reads anyway.
contract LogisticsNetwork is NetworkBook {
    using SlotBitmap for SlotBitmap.Calendar;
    using SlotBitmap for SlotBitmap.Window;
    using SlotCounters for SlotCounters.Counters;

    /// @dev Who drives a leg in place of those that were booked.
    struct Pair {
        uint32 vehicle; // slot 0
        uint32 crew;
    }

    /// @inheritdoc ILogisticsNetwork
    uint32 public constant MAX_SLOTS = SlotBitmap.MAX_SLOTS;

    uint8 private constant _NO_LIMIT = type(uint8).max;
    uint24 private constant _ALWAYS = type(uint24).max;

    // Rooms of a station, with the bands that they keep, in hundredths of a degree.
    uint8 private constant _AMBIENT = 1;
    uint8 private constant _COLD = 2;
    uint8 private constant _FROZEN = 4;

    /// @notice Who takes hours for legs, and frees those of legs that do not run.
    address public immutable freightEscrow;
    /// @notice Who frees what legs do not need any more.
    address public immutable hoursDesk;

    /// @dev A carrier's n-th vehicle and its n-th crew share words, though each crew drives any vehicle.
    mapping(address carrier => mapping(uint32 line => SlotBitmap.Calendar)) private _hours;
    /// @dev Loads in and out, of stations that have a limit.
    mapping(uint32 station => SlotCounters.Counters) private _loads;
    mapping(uint32 vehicle => mapping(uint40 departure => Run)) private _runs;
    /// @dev By the vehicle that was booked.
    mapping(uint64 consignment => mapping(uint32 vehicle => mapping(uint40 departure => Pair)))
        private _substitutes;
    /// @inheritdoc ILogisticsNetwork
    mapping(
        uint32 vehicle => mapping(uint40 departure => mapping(uint64 consignment => uint64 units))
    ) public aboard;

    constructor(address participantRegistry, address freightEscrow_, address hoursDesk_)
        NetworkBook(participantRegistry)
    {
        freightEscrow = References.required(freightEscrow_);
        hoursDesk = References.required(hoursDesk_);
    }

    // --- reads ---

    /// @inheritdoc ILogisticsNetwork
    function runOf(uint32 vehicleId, uint40 departure) external view returns (Run memory) {
        return _runs[vehicleId][departure];
    }

    /// @inheritdoc ILogisticsNetwork
    function isFree(uint32 vehicleId, uint40 from, uint40 to) external view returns (bool) {
        (bool taken,) = _hoursOf(_knownVehicle(vehicleId))
            .firstTaken(SlotBitmap.Side.VEHICLE, _window(from, to));
        return !taken;
    }

    /// @inheritdoc ILogisticsNetwork
    function isCrewFree(uint32 crewId, uint40 from, uint40 to) external view returns (bool) {
        (bool taken,) =
            _hoursOf(_knownCrew(crewId)).firstTaken(SlotBitmap.Side.CREW, _window(from, to));
        return !taken;
    }

    /// @inheritdoc ILogisticsNetwork
    function loadsAt(uint32 stationId, uint32 slot) external view returns (uint8) {
        _knownStation(stationId);
        return _loads[stationId].at(slot);
    }

    /// @inheritdoc ILogisticsNetwork
    function keeps(uint32 stationId, int16 temperatureMin, int16 temperatureMax)
        external
        view
        returns (bool)
    {
        return _keeps(_knownStation(stationId), temperatureMin, temperatureMax);
    }

    /// @inheritdoc ILogisticsNetwork
    function checkLeg(LegBooking calldata leg) external view returns (Fit memory fit) {
        SlotBitmap.Window memory window = _window(leg.departure, leg.latestArrival);
        VehicleWord driven = _knownVehicle(leg.vehicle);
        HoldWord hold = _vehicles[leg.vehicle].hold;
        CrewWord drivers = _knownCrew(leg.crew);
        _requireFits(driven, hold, drivers, leg);
        (uint8 limitAtStart, uint8 limitAtEnd) = _requireWay(driven.tier(), hold.range(), leg);
        fit.tier = driven.tier();
        fit.units = hold.units();
        fit.weight = hold.weight();
        fit.volume = hold.volume();
        (fit.isRun,,) = _requireHours(driven, hold.units(), drivers, leg, window);
        if (fit.isRun) fit.units -= _runs[leg.vehicle][leg.departure].units;
        fit.roomAtStart = _roomAt(leg.fromStation, window.from, limitAtStart);
        fit.roomAtEnd = _roomAt(leg.toStation, window.to - 1, limitAtEnd);
        if (driven.tier() == Tier.TRUNK) {
            fit.from = _provinces[leg.fromStation];
            fit.to = _provinces[leg.toStation];
        }
    }

    // --- carriers ---

    /// @inheritdoc ILogisticsNetwork
    function openRun(
        uint32 vehicleId,
        uint32 crewId,
        uint32 fromStation,
        uint40 departure,
        uint40 arrival
    ) external {
        SlotBitmap.Window memory window = _window(departure, arrival);
        _requireActiveCarrier(msg.sender);
        VehicleWord driven = _knownVehicle(vehicleId);
        CrewWord drivers = _knownCrew(crewId);
        if (driven.carrier() != msg.sender) revert WrongCarrier(vehicleId, msg.sender);
        _requireCrew(driven, _vehicles[vehicleId].hold, drivers, crewId);
        _requireNextTo(vehicleId, driven.tier(), _knownStation(fromStation).tier());
        (bool taken, uint32 slot) = _hoursOf(driven).firstTaken(SlotBitmap.Side.VEHICLE, window);
        if (taken) revert SlotTaken(vehicleId, slot);
        _requireRested(_hoursOf(drivers), drivers, crewId, window);

        _hoursOf(driven).take(SlotBitmap.Side.VEHICLE, window);
        _hoursOf(drivers).take(SlotBitmap.Side.CREW, window);
        _runs[vehicleId][departure] =
            Run({crew: crewId, fromStation: fromStation, arrival: arrival, units: 0});
        emit RunOpened(vehicleId, departure, crewId, fromStation, arrival);
    }

    /// @inheritdoc ILogisticsNetwork
    function closeRun(uint32 vehicleId, uint40 departure) external {
        VehicleWord driven = _knownVehicle(vehicleId);
        if (driven.carrier() != msg.sender) revert WrongCarrier(vehicleId, msg.sender);
        Run memory run = _runs[vehicleId][departure];
        if (run.arrival == 0) revert UnknownRun(vehicleId, departure);
        if (run.units != 0) revert RunNotEmpty(vehicleId, departure, run.units);

        delete _runs[vehicleId][departure];
        SlotBitmap.Window memory rest =
            _window(departure, run.arrival).since(uint40(block.timestamp));
        _hoursOf(driven).free(SlotBitmap.Side.VEHICLE, rest);
        _hoursOf(_crews[run.crew]).free(SlotBitmap.Side.CREW, rest);
        emit RunClosed(vehicleId, departure, uint40(block.timestamp));
    }

    // --- FreightEscrow, the desk of hours ---

    /// @inheritdoc ILogisticsNetwork
    function reserve(uint64 consignment, LegBooking calldata leg) external {
        if (msg.sender != freightEscrow) revert NotWriter(msg.sender);
        _reserve(consignment, leg);
    }

    /// @inheritdoc ILogisticsNetwork
    function substitute(
        uint64 consignment,
        LegHours calldata booked,
        LegBooking calldata replacement
    ) external {
        if (msg.sender != hoursDesk) revert NotWriter(msg.sender);
        _free(consignment, booked, 0);
        _reserve(consignment, replacement);
        _substitutes[consignment][booked.vehicle][booked.departure] =
            Pair(replacement.vehicle, replacement.crew);
        emit LegSubstituted(
            consignment, booked.vehicle, replacement.vehicle, replacement.crew, booked.departure
        );
    }

    /// @inheritdoc ILogisticsNetwork
    function free(uint64 consignment, LegHours calldata leg, uint40 since) external {
        if (msg.sender != freightEscrow && msg.sender != hoursDesk) revert NotWriter(msg.sender);
        _free(consignment, leg, since);
    }

    // --- whether a leg can run ---

    /// @dev The active carrier's vehicle and crew; the vehicle holds the units, keeps within the goods' band, and goes so far.
    function _requireFits(
        VehicleWord driven,
        HoldWord hold,
        CrewWord drivers,
        LegBooking calldata leg
    ) private view {
        _requireActiveCarrier(leg.carrier);
        if (driven.carrier() != leg.carrier) revert WrongCarrier(leg.vehicle, leg.carrier);
        _requireCrew(driven, hold, drivers, leg.crew);
        if (leg.units > hold.units()) revert OverCapacity(leg.vehicle, leg.units, hold.units());
        if (driven.coldest() < leg.temperatureMin) {
            revert TooCold(leg.vehicle, leg.temperatureMin);
        }
        if (driven.warmest() > leg.temperatureMax) {
            revert TooWarm(leg.vehicle, leg.temperatureMax);
        }
    }

    function _requireCrew(VehicleWord driven, HoldWord hold, CrewWord drivers, uint32 crewId)
        private
        pure
    {
        if (drivers.carrier() != driven.carrier()) revert WrongCrew(crewId, driven.carrier());
        uint32 missing = hold.licences() & ~drivers.licences();
        if (missing != 0) revert LicenceMissing(crewId, missing);
    }

    /// @dev The stations differ, suit the vehicle's tier, are open and within its range, the end can keep the goods, and the way into an affected
    /// province goes through a centre that serves it. Returns the stations' limits of loads in an hour.
    function _requireWay(Tier tier, uint32 range, LegBooking calldata leg)
        private
        view
        returns (uint8 limitAtStart, uint8 limitAtEnd)
    {
        if (leg.fromStation == leg.toStation) revert SameStation(leg.toStation);
        StationWord start = _knownStation(leg.fromStation);
        StationWord end = _knownStation(leg.toStation);
        _requireNextTo(leg.vehicle, tier, start.tier());
        _requireNextTo(leg.vehicle, tier, end.tier());
        if (start.openHours() & end.openHours() != _ALWAYS) {
            _requireOpen(leg.fromStation, start.openHours(), leg.departure);
            _requireOpen(leg.toStation, end.openHours(), leg.latestArrival - 1);
        }
        if (!_keeps(end, leg.temperatureMin, leg.temperatureMax)) {
            revert CannotStore(leg.toStation, leg.temperatureMin, leg.temperatureMax);
        }
        if (!end.recognised()) _requireNoEntry(leg.fromStation, leg.toStation);
        if (range != 0) {
            uint256 metres = distance(leg.fromStation, leg.toStation);
            if (metres > range) revert OutOfRange(leg.vehicle, metres, range);
        }
        return (start.throughput(), end.throughput());
    }

    /// @dev A leg whose end is no centre of its province does not lead into it, or the province is not affected, or the leg comes from a centre that serves it.
    function _requireNoEntry(uint32 from, uint32 to) private view {
        bytes32 province = _provinces[to];
        if (isAffected[province] && _provinces[from] != province && !_servesAbroad[from][province]) revert CentreNotRecognised(to);
    }

    function _requireNextTo(uint32 vehicleId, Tier vehicleTier, Tier stationTier) private pure {
        uint8 a = uint8(vehicleTier);
        uint8 b = uint8(stationTier);
        if (a > b + 1 || b > a + 1) revert TierMismatch(vehicleId, vehicleTier, stationTier);
    }

    function _requireOpen(uint32 stationId, uint24 openHours, uint40 time) private pure {
        uint8 hour = uint8(time / 1 hours % 24);
        if (openHours >> hour & 1 == 0) revert StationClosed(stationId, hour);
    }

    /// @dev The hall or one of the rooms stays within the goods' band.
    function _keeps(StationWord place, int16 min, int16 max) private pure returns (bool) {
        if (place.coldest() >= min && place.warmest() <= max) return true;
        uint8 rooms = place.rooms();
        return (rooms & _AMBIENT != 0 && min <= 1_500 && max >= 2_500)
            || (rooms & _COLD != 0 && min <= 200 && max >= 800)
            || (rooms & _FROZEN != 0 && min <= -2_500 && max >= -1_500);
    }

    /// @dev The hours are free, or those of a run in which the leg can ride. Returns which, and where both are kept.
    function _requireHours(
        VehicleWord driven,
        uint64 capacity,
        CrewWord drivers,
        LegBooking calldata leg,
        SlotBitmap.Window memory window
    )
        private
        view
        returns (
            bool isRun,
            SlotBitmap.Calendar storage ofVehicle,
            SlotBitmap.Calendar storage ofCrew
        )
    {
        ofVehicle = _hoursOf(driven);
        ofCrew = _hoursOf(drivers);
        uint32 slot;
        (isRun, slot) = ofVehicle.firstTaken(SlotBitmap.Side.VEHICLE, window);
        if (isRun) _requireInRun(capacity, leg, slot);
        else _requireRested(ofCrew, drivers, leg.crew, window);
    }

    /// @dev The vehicle's hours are those of a run with which the leg leaves, and which has room for it.
    function _requireInRun(uint64 capacity, LegBooking calldata leg, uint32 slot) private view {
        Run memory run = _runs[leg.vehicle][leg.departure];
        if (run.arrival == 0) revert SlotTaken(leg.vehicle, slot);
        if (
            run.crew != leg.crew || run.fromStation != leg.fromStation
                || run.arrival < leg.latestArrival || leg.units == 0
        ) revert NotInRun(leg.vehicle, leg.departure);
        uint64 units = run.units + leg.units;
        if (units > capacity) revert OverCapacity(leg.vehicle, units, capacity);
    }

    /// @dev The crew is free, and stays within its hours of duty.
    function _requireRested(
        SlotBitmap.Calendar storage calendar,
        CrewWord drivers,
        uint32 crewId,
        SlotBitmap.Window memory window
    ) private view {
        (bool taken, uint32 slot) = calendar.firstTaken(SlotBitmap.Side.CREW, window);
        if (taken) revert CrewBusy(crewId, slot);
        if (drivers.hoursInDay() == 0) return;
        uint256 count = window.to - window.from;
        // Else the hours around it are not all there to see.
        if (count > drivers.hoursInRow()) revert TooLongInRow(crewId, count, drivers.hoursInRow());
        uint256 duty = calendar.read(
            SlotBitmap.Side.CREW, window.from - DutyHours.BEFORE, DutyHours.AROUND
        ) | (((1 << count) - 1) << DutyHours.BEFORE);
        uint256 inRow = DutyHours.inRow(duty, count);
        if (inRow > drivers.hoursInRow()) revert TooLongInRow(crewId, inRow, drivers.hoursInRow());
        uint256 inDay = DutyHours.inDay(duty, count);
        if (inDay > drivers.hoursInDay()) revert TooLongInDay(crewId, inDay, drivers.hoursInDay());
    }

    /// @dev Loads more that a station takes in an hour. Reverts when there are none.
    function _roomAt(uint32 stationId, uint32 slot, uint8 limit) private view returns (uint8) {
        if (limit == 0) return _NO_LIMIT;
        uint8 loads = _loads[stationId].at(slot);
        if (loads >= limit) revert StationFull(stationId, slot);
        return limit - loads;
    }

    // --- hours ---

    function _hoursOf(VehicleWord driven) private view returns (SlotBitmap.Calendar storage) {
        return _hours[driven.carrier()][driven.line()];
    }

    function _hoursOf(CrewWord drivers) private view returns (SlotBitmap.Calendar storage) {
        return _hours[drivers.carrier()][drivers.line()];
    }

    /// @dev Which vehicle and crew a leg is reserved for.
    function _driving(uint64 consignment, LegHours calldata leg)
        private
        view
        returns (Pair memory pair)
    {
        pair = _substitutes[consignment][leg.vehicle][leg.departure];
        if (pair.vehicle == 0) pair = Pair(leg.vehicle, leg.crew);
    }

    function _window(uint40 from, uint40 to)
        private
        pure
        returns (SlotBitmap.Window memory window)
    {
        if (to <= from) revert BadWindow(from, to);
        window = SlotBitmap.touching(from, to);
        uint32 slots = window.to - window.from;
        if (slots > MAX_SLOTS) revert WindowTooLong(slots, MAX_SLOTS);
    }

    function _reserve(uint64 consignment, LegBooking calldata leg) private {
        SlotBitmap.Window memory window = _window(leg.departure, leg.latestArrival);
        VehicleWord driven = _knownVehicle(leg.vehicle);
        HoldWord hold = _vehicles[leg.vehicle].hold;
        CrewWord drivers = _knownCrew(leg.crew);
        _requireFits(driven, hold, drivers, leg);
        (uint8 limitAtStart, uint8 limitAtEnd) = _requireWay(driven.tier(), hold.range(), leg);
        (bool isRun, SlotBitmap.Calendar storage ofVehicle, SlotBitmap.Calendar storage ofCrew) =
            _requireHours(driven, hold.units(), drivers, leg, window);

        if (isRun) {
            _board(consignment, leg);
        } else {
            ofVehicle.take(SlotBitmap.Side.VEHICLE, window);
            ofCrew.take(SlotBitmap.Side.CREW, window);
            emit SlotsReserved(leg.vehicle, leg.crew, consignment, window.from, window.to);
        }
        if (limitAtStart != 0) _handle(leg.fromStation, window.from, limitAtStart);
        if (limitAtEnd != 0) _handle(leg.toStation, window.to - 1, limitAtEnd);
    }

    function _free(uint64 consignment, LegHours calldata leg, uint40 since) private {
        Pair memory pair = _driving(consignment, leg);
        SlotBitmap.Window memory window = _window(leg.departure, leg.latestArrival);
        SlotBitmap.Window memory rest = window.since(since);
        uint64 units = aboard[pair.vehicle][leg.departure][consignment];
        if (units == 0) {
            _hoursOf(_vehicles[pair.vehicle].word).free(SlotBitmap.Side.VEHICLE, rest);
            _hoursOf(_crews[pair.crew]).free(SlotBitmap.Side.CREW, rest);
            emit SlotsReleased(pair.vehicle, pair.crew, consignment, rest.from, rest.to);
        } else {
            delete aboard[pair.vehicle][leg.departure][consignment];
            _runs[pair.vehicle][leg.departure].units -= units;
            emit Unboarded(pair.vehicle, leg.departure, consignment, units);
        }
        if (rest.from == window.from) _unhandle(leg.fromStation, window.from);
        if (rest.from < window.to) _unhandle(leg.toStation, window.to - 1);
    }

    function _board(uint64 consignment, LegBooking calldata leg) private {
        if (aboard[leg.vehicle][leg.departure][consignment] != 0) {
            revert NotInRun(leg.vehicle, leg.departure);
        }
        aboard[leg.vehicle][leg.departure][consignment] = leg.units;
        _runs[leg.vehicle][leg.departure].units += leg.units;
        emit Boarded(leg.vehicle, leg.departure, consignment, leg.units);
    }

    function _handle(uint32 stationId, uint32 slot, uint8 limit) private {
        _roomAt(stationId, slot, limit);
        _loads[stationId].increase(slot);
    }

    function _unhandle(uint32 stationId, uint32 slot) private {
        if (_stations[stationId].word.throughput() != 0) _loads[stationId].decrease(slot);
    }
}
