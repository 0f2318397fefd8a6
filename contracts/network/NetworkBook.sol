// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILogisticsNetwork} from "../../interfaces/ILogisticsNetwork.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {GreatCircle} from "../libraries/GreatCircle.sol";
import {
    CrewWord,
    HoldWord,
    NetworkWords,
    StationWord,
    VehicleWord
} from "../libraries/NetworkWords.sol";
import {References} from "../libraries/References.sol";

/// @title NetworkBook
/// @notice What stations, vehicles and crews there are, and which centres serve which provinces.
abstract contract NetworkBook is ILogisticsNetwork {
    using NetworkWords for *;

    /// @dev A station as it is kept.
    struct StationRecord {
        StationWord word; // slot 0
        int32 latitude; // slot 1
        int32 longitude;
        bytes32 region; // slot 2
    }

    /// @dev A vehicle as it is kept.
    struct VehicleRecord {
        VehicleWord word; // slot 0
        HoldWord hold; // slot 1
    }

    /// @dev How many a carrier has.
    struct Fleet {
        uint32 vehicles; // slot 0
        uint32 crews;
    }

    int32 private constant _MAX_LATITUDE = 90_000_000;
    int32 private constant _MAX_LONGITUDE = 180_000_000;
    uint8 private constant _ALL_ROOMS = 7;
    uint8 private constant _DAY = 24;

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

    /// @inheritdoc ILogisticsNetwork
    uint32 public stationCount;
    /// @inheritdoc ILogisticsNetwork
    uint32 public vehicleCount;
    /// @inheritdoc ILogisticsNetwork
    uint32 public crewCount;

    /// @inheritdoc ILogisticsNetwork
    mapping(bytes32 province => bool) public isAffected;

    mapping(uint32 id => StationRecord) internal _stations;
    /// @dev Kept beside the station, since regions never move: one read in place of a climb for each leg.
    mapping(uint32 station => bytes32) internal _provinces;
    /// @dev Provinces other than its own that a station serves as a centre.
    mapping(uint32 station => mapping(bytes32 province => bool)) internal _servesAbroad;
    mapping(uint32 id => VehicleRecord) internal _vehicles;
    mapping(uint32 id => CrewWord) internal _crews;
    mapping(address carrier => Fleet) private _fleets;

    constructor(address participantRegistry) {
        registry = IParticipantRegistry(References.required(participantRegistry));
    }

    // --- reads ---

    /// @inheritdoc ILogisticsNetwork
    function station(uint32 id) external view returns (Station memory) {
        StationWord word = _knownStation(id);
        StationRecord storage kept = _stations[id];
        return Station({
            operator: word.operator(),
            tier: word.tier(),
            temperatureMin: word.coldest(),
            temperatureMax: word.warmest(),
            recognised: word.recognised(),
            rooms: word.rooms(),
            openHours: word.openHours(),
            throughput: word.throughput(),
            latitude: kept.latitude,
            longitude: kept.longitude,
            region: kept.region
        });
    }

    /// @inheritdoc ILogisticsNetwork
    function vehicle(uint32 id) external view returns (Vehicle memory) {
        VehicleWord word = _knownVehicle(id);
        HoldWord hold = _vehicles[id].hold;
        return Vehicle({
            carrier: word.carrier(),
            tier: word.tier(),
            temperatureMin: word.coldest(),
            temperatureMax: word.warmest(),
            capacity: hold.units(),
            weight: hold.weight(),
            volume: hold.volume(),
            range: hold.range(),
            licences: hold.licences()
        });
    }

    /// @inheritdoc ILogisticsNetwork
    function crew(uint32 id) external view returns (Crew memory) {
        CrewWord word = _knownCrew(id);
        return Crew(word.carrier(), word.licences(), word.hoursInRow(), word.hoursInDay());
    }

    /// @inheritdoc ILogisticsNetwork
    function serves(uint32 stationId, bytes32 province) external view returns (bool) {
        StationWord centre = _knownStation(stationId);
        if (province == _provinces[stationId]) return centre.recognised();
        return _servesAbroad[stationId][province];
    }

    /// @inheritdoc ILogisticsNetwork
    function distance(uint32 from, uint32 to) public view returns (uint256) {
        _knownStation(from);
        _knownStation(to);
        StationRecord storage start = _stations[from];
        StationRecord storage end = _stations[to];
        return
            GreatCircle.metresRoundedDown(
                start.latitude, start.longitude, end.latitude, end.longitude
            );
    }

    // --- those who run stations ---

    /// @inheritdoc ILogisticsNetwork
    function addStation(Station calldata definition) external returns (uint32 id) {
        _requireStationKeeper();
        if (definition.operator != msg.sender) revert NotOwn(definition.operator, msg.sender);
        if (definition.recognised) revert RecognisedByDeclaration();
        if (definition.tier == Tier.NULL) revert BadTier();
        if (definition.rooms > _ALL_ROOMS) revert BadRooms(definition.rooms);
        if (definition.openHours == 0) revert NeverOpen();
        _requireOnGlobe(definition.latitude, definition.longitude);
        _requireOrdered(definition.temperatureMin, definition.temperatureMax);
        bytes32 province = registry.provinceOf(definition.region);

        id = ++stationCount;
        _stations[id] = StationRecord({
            word: definition.pack(),
            latitude: definition.latitude,
            longitude: definition.longitude,
            region: definition.region
        });
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
    function recognise(uint32 stationId, bytes32 province, bool recognised) external {
        registry.requireActive(msg.sender, IParticipantRegistry.Role.COORDINATOR);
        _requireProvince(province);
        StationWord centre = _knownStation(stationId);
        if (province == _provinces[stationId]) {
            if (centre.recognised() == recognised) return;
            _stations[stationId].word = centre.withRecognised(recognised);
        } else {
            if (_servesAbroad[stationId][province] == recognised) return;
            _servesAbroad[stationId][province] = recognised;
        }
        emit CentreRecognised(stationId, province, msg.sender, recognised);
    }

    /// @inheritdoc ILogisticsNetwork
    function setAffected(bytes32 province, bool affected) external {
        registry.requireActive(msg.sender, IParticipantRegistry.Role.COORDINATOR);
        _requireProvince(province);
        if (isAffected[province] == affected) return;
        isAffected[province] = affected;
        emit AffectedRegionSet(province, affected, msg.sender);
    }

    // --- carriers ---

    /// @inheritdoc ILogisticsNetwork
    function addCrew(Crew calldata definition) external returns (uint32 id) {
        _requireActiveCarrier(msg.sender);
        if (definition.carrier != msg.sender) revert NotOwn(definition.carrier, msg.sender);
        uint8 inRow = definition.hoursInRow;
        uint8 inDay = definition.hoursInDay;
        if (inRow > inDay || inDay > _DAY || (inRow == 0 && inDay != 0)) {
            revert BadDutyHours(inRow, inDay);
        }

        id = ++crewCount;
        _crews[id] = definition.pack(++_fleets[msg.sender].crews);
        emit CrewAdded(id, msg.sender, definition.licences);
    }

    /// @inheritdoc ILogisticsNetwork
    function addVehicle(Vehicle calldata definition) external returns (uint32 id) {
        _requireActiveCarrier(msg.sender);
        if (definition.carrier != msg.sender) revert NotOwn(definition.carrier, msg.sender);
        if (definition.tier == Tier.NULL) revert BadTier();
        if (definition.capacity == 0 || definition.weight == 0 || definition.volume == 0) {
            revert ZeroCapacity();
        }
        _requireOrdered(definition.temperatureMin, definition.temperatureMax);

        id = ++vehicleCount;
        (VehicleWord word, HoldWord hold) = definition.pack(++_fleets[msg.sender].vehicles);
        _vehicles[id] = VehicleRecord(word, hold);
        emit VehicleAdded(id, msg.sender, definition.tier, definition.capacity);
    }

    // --- checks ---

    function _knownStation(uint32 id) internal view returns (StationWord word) {
        word = _stations[id].word;
        if (word.operator() == address(0)) revert UnknownStation(id);
    }

    function _knownVehicle(uint32 id) internal view returns (VehicleWord word) {
        word = _vehicles[id].word;
        if (word.carrier() == address(0)) revert UnknownVehicle(id);
    }

    function _knownCrew(uint32 id) internal view returns (CrewWord word) {
        word = _crews[id];
        if (word.carrier() == address(0)) revert UnknownCrew(id);
    }

    function _requireActiveCarrier(address carrier) internal view {
        registry.requireActive(carrier, IParticipantRegistry.Role.CARRIER);
    }

    function _requireStationKeeper() private view {
        IParticipantRegistry.Participant memory caller = registry.participant(msg.sender);
        if (caller.roles & _STATION_KEEPERS == 0 || caller.suspended) {
            revert NotStationKeeper(msg.sender);
        }
    }

    function _requireProvince(bytes32 region) private view {
        if (registry.provinceOf(region) != region) revert NotAProvince(region);
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
}
