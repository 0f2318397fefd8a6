// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILogisticsNetwork} from "../../interfaces/ILogisticsNetwork.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";
import {SlotBitmap} from "../libraries/SlotBitmap.sol";

/// @title LogisticsNetwork
/// @notice Recognised centres, stations of the three tiers, vehicles, crews and their time slots.
contract LogisticsNetwork is ILogisticsNetwork {
    using SlotBitmap for SlotBitmap.Calendar;

    /// @dev A vehicle as it is kept. @param line Its place among its carrier's vehicles, see `_hours`.
    struct VehicleRecord {
        address carrier; // slot 0
        Tier tier;
        int16 temperatureMin;
        int16 temperatureMax;
        uint32 line;
        uint64 capacity; // slot 1
    }

    /// @dev A crew as it is kept. @param line Its place among its carrier's crews.
    struct CrewRecord {
        address carrier; // slot 0
        uint32 line;
        bytes32 licence; // slot 1
    }

    /// @dev How many a carrier has.
    struct Fleet {
        uint32 vehicles; // slot 0
        uint32 crews;
    }

    /// @inheritdoc ILogisticsNetwork
    uint32 public constant MAX_SLOTS = SlotBitmap.MAX_SLOTS;

    int32 private constant _MAX_LATITUDE = 90_000_000;
    int32 private constant _MAX_LONGITUDE = 180_000_000;

    /// @dev Roles that run stations.
    uint16 private constant _STATION_KEEPERS = uint16(
        (1 << uint8(IParticipantRegistry.Role.STATION_OPERATOR))
            | (1 << uint8(IParticipantRegistry.Role.CHARITY))
            | (1 << uint8(IParticipantRegistry.Role.SUPPLIER))
            | (1 << uint8(IParticipantRegistry.Role.CARRIER))
            | (1 << uint8(IParticipantRegistry.Role.RECIPIENT))
    );

    /// @notice Where participants and regions are looked up.
    IParticipantRegistry public immutable registry;

    /// @notice The only one that takes and frees hours.
    address public immutable freightEscrow;

    /// @inheritdoc ILogisticsNetwork
    uint32 public stationCount;
    /// @inheritdoc ILogisticsNetwork
    uint32 public vehicleCount;
    /// @inheritdoc ILogisticsNetwork
    uint32 public crewCount;

    /// @inheritdoc ILogisticsNetwork
    mapping(bytes32 province => bool) public isAffected;

    mapping(uint32 id => Station) private _stations;
    /// @dev Kept beside the station, since regions never move: one read in place of a climb for each leg.
    mapping(uint32 station => bytes32) private _provinces;
    mapping(uint32 id => VehicleRecord) private _vehicles;
    mapping(uint32 id => CrewRecord) private _crews;
    mapping(address carrier => Fleet) private _fleets;
    /// @dev A carrier's n-th vehicle and its n-th crew share words, though each crew drives any vehicle.
    mapping(address carrier => mapping(uint32 line => SlotBitmap.Calendar)) private _hours;

    constructor(address participantRegistry, address freightEscrow_) {
        registry = IParticipantRegistry(References.required(participantRegistry));
        freightEscrow = References.required(freightEscrow_);
    }

    modifier onlyFreightEscrow() {
        if (msg.sender != freightEscrow) revert NotWriter(msg.sender);
        _;
    }

    // --- reads ---

    /// @inheritdoc ILogisticsNetwork
    function station(uint32 id) external view returns (Station memory) {
        return _knownStation(id);
    }

    /// @inheritdoc ILogisticsNetwork
    function vehicle(uint32 id) external view returns (Vehicle memory) {
        VehicleRecord memory kept = _knownVehicle(id);
        return
            Vehicle(
                kept.carrier, kept.tier, kept.temperatureMin, kept.temperatureMax, kept.capacity
            );
    }

    /// @inheritdoc ILogisticsNetwork
    function crew(uint32 id) external view returns (Crew memory) {
        CrewRecord storage kept = _knownCrew(id);
        return Crew(kept.carrier, kept.licence);
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

    // --- those who run stations ---

    /// @inheritdoc ILogisticsNetwork
    function addStation(Station calldata definition) external returns (uint32 id) {
        _requireStationKeeper();
        if (definition.operator != msg.sender) revert NotOwn(definition.operator, msg.sender);
        if (definition.recognised) revert RecognisedByDeclaration();
        if (definition.tier == Tier.NULL) revert BadTier();
        _requireOnGlobe(definition.latitude, definition.longitude);
        _requireOrdered(definition.temperatureMin, definition.temperatureMax);
        bytes32 province = registry.provinceOf(definition.region);

        id = ++stationCount;
        _stations[id] = definition;
        _provinces[id] = province;
        emit StationAdded(
            id,
            msg.sender,
            definition.tier,
            definition.region,
            definition.latitude,
            definition.longitude
        );
    }

    // --- coordinators ---

    /// @inheritdoc ILogisticsNetwork
    function recognise(uint32 stationId, bool recognised) external {
        registry.requireActive(msg.sender, IParticipantRegistry.Role.COORDINATOR);
        Station storage centre = _knownStation(stationId);
        if (centre.recognised == recognised) return;
        centre.recognised = recognised;
        emit CentreRecognised(stationId, msg.sender, recognised);
    }

    /// @inheritdoc ILogisticsNetwork
    function setAffected(bytes32 province, bool affected) external {
        registry.requireActive(msg.sender, IParticipantRegistry.Role.COORDINATOR);
        if (registry.provinceOf(province) != province) revert NotAProvince(province);
        if (isAffected[province] == affected) return;
        isAffected[province] = affected;
        emit AffectedRegionSet(province, affected, msg.sender);
    }

    // --- carriers ---

    /// @inheritdoc ILogisticsNetwork
    function addCrew(bytes32 licence) external returns (uint32 id) {
        _requireActiveCarrier(msg.sender);
        id = ++crewCount;
        _crews[id] = CrewRecord(msg.sender, ++_fleets[msg.sender].crews, licence);
        emit CrewAdded(id, msg.sender, licence);
    }

    /// @inheritdoc ILogisticsNetwork
    function addVehicle(Vehicle calldata definition) external returns (uint32 id) {
        _requireActiveCarrier(msg.sender);
        if (definition.carrier != msg.sender) revert NotOwn(definition.carrier, msg.sender);
        if (definition.tier == Tier.NULL) revert BadTier();
        if (definition.capacity == 0) revert ZeroCapacity();
        _requireOrdered(definition.temperatureMin, definition.temperatureMax);

        id = ++vehicleCount;
        _vehicles[id] = VehicleRecord({
            carrier: msg.sender,
            tier: definition.tier,
            temperatureMin: definition.temperatureMin,
            temperatureMax: definition.temperatureMax,
            line: ++_fleets[msg.sender].vehicles,
            capacity: definition.capacity
        });
        emit VehicleAdded(id, msg.sender, definition.tier, definition.capacity);
    }

    // --- FreightEscrow ---

    /// @inheritdoc ILogisticsNetwork
    function reserve(uint64 consignment, LegBooking calldata leg) external onlyFreightEscrow {
        SlotBitmap.Window memory window = _window(leg.departure, leg.latestArrival);
        _requireActiveCarrier(leg.carrier);
        VehicleRecord storage driven = _knownVehicle(leg.vehicle);
        CrewRecord storage drivers = _knownCrew(leg.crew);
        _requireFits(driven, leg);
        _requireWay(driven.tier, leg);
        if (drivers.carrier != leg.carrier) revert WrongCrew(leg.crew, leg.carrier);
        SlotBitmap.Calendar storage ofVehicle = _hoursOf(driven);
        SlotBitmap.Calendar storage ofCrew = _hoursOf(drivers);
        (bool taken, uint32 slot) = ofVehicle.firstTaken(SlotBitmap.Side.VEHICLE, window);
        if (taken) revert SlotTaken(leg.vehicle, slot);
        (taken, slot) = ofCrew.firstTaken(SlotBitmap.Side.CREW, window);
        if (taken) revert CrewBusy(leg.crew, slot);

        ofVehicle.take(SlotBitmap.Side.VEHICLE, window);
        ofCrew.take(SlotBitmap.Side.CREW, window);
        emit SlotsReserved(leg.vehicle, leg.crew, consignment, window.from, window.to);
    }

    /// @inheritdoc ILogisticsNetwork
    function free(
        uint64 consignment,
        uint32 vehicleId,
        uint32 crewId,
        uint40 departure,
        uint40 latestArrival
    ) external onlyFreightEscrow {
        SlotBitmap.Window memory window = _window(departure, latestArrival);
        _hoursOf(_vehicles[vehicleId]).free(SlotBitmap.Side.VEHICLE, window);
        _hoursOf(_crews[crewId]).free(SlotBitmap.Side.CREW, window);
        emit SlotsReleased(vehicleId, crewId, consignment, window.from, window.to);
    }

    // --- checks ---

    function _knownStation(uint32 id) private view returns (Station storage record) {
        record = _stations[id];
        if (record.operator == address(0)) revert UnknownStation(id);
    }

    function _knownVehicle(uint32 id) private view returns (VehicleRecord storage record) {
        record = _vehicles[id];
        if (record.carrier == address(0)) revert UnknownVehicle(id);
    }

    function _knownCrew(uint32 id) private view returns (CrewRecord storage record) {
        record = _crews[id];
        if (record.carrier == address(0)) revert UnknownCrew(id);
    }

    function _hoursOf(VehicleRecord storage driven)
        private
        view
        returns (SlotBitmap.Calendar storage)
    {
        return _hours[driven.carrier][driven.line];
    }

    function _hoursOf(CrewRecord storage drivers)
        private
        view
        returns (SlotBitmap.Calendar storage)
    {
        return _hours[drivers.carrier][drivers.line];
    }

    function _requireStationKeeper() private view {
        IParticipantRegistry.Participant memory caller = registry.participant(msg.sender);
        if (caller.roles & _STATION_KEEPERS == 0 || caller.suspended) {
            revert NotStationKeeper(msg.sender);
        }
    }

    function _requireActiveCarrier(address carrier) private view {
        registry.requireActive(carrier, IParticipantRegistry.Role.CARRIER);
    }

    /// @dev The vehicle is the carrier's, holds the units, and keeps within the goods' band.
    function _requireFits(VehicleRecord memory driven, LegBooking calldata leg) private pure {
        if (driven.carrier != leg.carrier) revert WrongCarrier(leg.vehicle, leg.carrier);
        if (leg.units > driven.capacity) {
            revert OverCapacity(leg.vehicle, leg.units, driven.capacity);
        }
        if (driven.temperatureMin < leg.temperatureMin) {
            revert TooCold(leg.vehicle, leg.temperatureMin);
        }
        if (driven.temperatureMax > leg.temperatureMax) {
            revert TooWarm(leg.vehicle, leg.temperatureMax);
        }
    }

    /// @dev The stations differ, suit the vehicle's tier, and the way into an affected province goes through a recognised centre.
    function _requireWay(Tier tier, LegBooking calldata leg) private view {
        if (leg.fromStation == leg.toStation) revert SameStation(leg.toStation);
        _requireNextTo(leg.vehicle, tier, _knownStation(leg.fromStation).tier);
        Station storage end = _knownStation(leg.toStation);
        _requireNextTo(leg.vehicle, tier, end.tier);
        if (end.recognised) return;
        bytes32 province = _provinces[leg.toStation];
        if (isAffected[province] && _provinces[leg.fromStation] != province) {
            revert CentreNotRecognised(leg.toStation);
        }
    }

    function _requireNextTo(uint32 vehicleId, Tier vehicleTier, Tier stationTier) private pure {
        uint8 a = uint8(vehicleTier);
        uint8 b = uint8(stationTier);
        if (a > b + 1 || b > a + 1) revert TierMismatch(vehicleId, vehicleTier, stationTier);
    }

    function _requireOnGlobe(int32 latitude, int32 longitude) private pure {
        if (
            latitude < -_MAX_LATITUDE || latitude > _MAX_LATITUDE || longitude < -_MAX_LONGITUDE
                || longitude > _MAX_LONGITUDE
        ) revert OutsideGlobe(latitude, longitude);
    }

    function _requireOrdered(int16 min, int16 max) private pure {
        if (min > max) revert BadTemperatureRange(min, max);
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
}
