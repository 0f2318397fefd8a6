// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ILogisticsNetwork
/// @notice Recognised centres, stations of the three tiers, vehicles, crews and their time slots.
/// @dev Slots are whole hours of unix time, 256 to a storage word; no slot of a vehicle or crew is booked twice (INV-NET-1).
/// Trust: an operator states truthfully where its station lies and what it can keep, a carrier what its vehicle carries and
/// keeps; coordinators recognise centres and declare provinces affected. Nobody but FreightEscrow takes or frees hours, and
/// it does so only under the carrier's signature, and frees only what it has reserved, once: it hands in the booking's own leg.
interface ILogisticsNetwork {
    enum Tier {
        NULL,
        TRUNK,
        BRANCH,
        TERMINAL
    }

    /// @notice A place at which goods rest or change hands.
    /// @param operator Who runs it. @param tier The tier of transport that it is made for. @param region Where it lies, a region of the registry.
    /// @param latitude Microdegrees, WGS-84. @param longitude Microdegrees, WGS-84.
    /// @param temperatureMin Coldest that it can keep, hundredths of a degree Celsius. @param temperatureMax Warmest that it guarantees not to pass.
    /// @param recognised True when a coordinator has recognised it as a transshipment centre.
    struct Station {
        address operator; // slot 0
        Tier tier;
        int16 temperatureMin;
        int16 temperatureMax;
        bool recognised;
        int32 latitude; // slot 1
        int32 longitude;
        bytes32 region; // slot 2
    }

    /// @notice A vehicle.
    /// @param carrier Who runs it. @param temperatureMin Coldest that its hold gets, hundredths of a degree Celsius. @param temperatureMax Warmest.
    /// @param capacity Units that it carries.
    struct Vehicle {
        address carrier; // slot 0
        Tier tier;
        int16 temperatureMin;
        int16 temperatureMax;
        uint64 capacity; // slot 1
    }

    /// @notice A crew.
    /// @param licence Hash of the licence class.
    struct Crew {
        address carrier; // slot 0
        bytes32 licence; // slot 1
    }

    event StationAdded(
        uint32 indexed station,
        address indexed operator,
        Tier tier,
        bytes32 region,
        int32 latitude,
        int32 longitude
    );
    event CentreRecognised(uint32 indexed station, address indexed coordinator, bool recognised);
    event AffectedRegionSet(bytes32 indexed region, bool affected, address indexed coordinator);
    event VehicleAdded(uint32 indexed vehicle, address indexed carrier, Tier tier, uint64 capacity);
    event CrewAdded(uint32 indexed crew, address indexed carrier, bytes32 licence);
    event SlotsReserved(
        uint32 indexed vehicle,
        uint32 indexed crew,
        uint64 indexed consignment,
        uint32 fromSlot,
        uint32 toSlot
    );
    event SlotsReleased(
        uint32 indexed vehicle,
        uint32 indexed crew,
        uint64 indexed consignment,
        uint32 fromSlot,
        uint32 toSlot
    );

    error NotWriter(address caller);
    error UnknownStation(uint32 station);
    error UnknownVehicle(uint32 vehicle);
    error UnknownCrew(uint32 crew);
    /// @notice The crew is another's than the carrier's.
    error WrongCrew(uint32 crew, address carrier);
    /// @notice The definition names somebody else than the caller as the one who runs it.
    error NotOwn(address named, address caller);
    /// @notice The caller holds no role that runs stations, or is suspended.
    error NotStationKeeper(address caller);
    /// @notice A station is added unrecognised.
    error RecognisedByDeclaration();
    error NotAProvince(bytes32 region);
    error BadTier();
    error OutsideGlobe(int32 latitude, int32 longitude);
    error BadTemperatureRange(int16 min, int16 max);
    error ZeroCapacity();
    error BadWindow(uint40 from, uint40 to);
    error WindowTooLong(uint32 slots, uint32 most);
    error SlotTaken(uint32 vehicle, uint32 slot);
    error CrewBusy(uint32 crew, uint32 slot);
    error OverCapacity(uint32 vehicle, uint64 units, uint64 capacity);
    error WrongCarrier(uint32 vehicle, address carrier);
    error TierMismatch(uint32 vehicle, Tier vehicleTier, Tier stationTier);
    error TooWarm(uint32 vehicle, int16 needed);
    error TooCold(uint32 vehicle, int16 needed);
    error CentreNotRecognised(uint32 station);
    error SameStation(uint32 station);

    /// @notice The station. @dev Reverts with `UnknownStation`.
    function station(uint32 id) external view returns (Station memory);

    /// @notice The vehicle. @dev Reverts with `UnknownVehicle`.
    function vehicle(uint32 id) external view returns (Vehicle memory);

    /// @notice The crew. @dev Reverts with `UnknownCrew`.
    function crew(uint32 id) external view returns (Crew memory);

    /// @notice Number of stations, which carry the ids 1 to this.
    function stationCount() external view returns (uint32);

    /// @notice Number of vehicles, which carry the ids 1 to this.
    function vehicleCount() external view returns (uint32);

    /// @notice Number of crews, which carry the ids 1 to this.
    function crewCount() external view returns (uint32);

    /// @notice Longest reservation in hours.
    function MAX_SLOTS() external view returns (uint32);

    /// @notice True when a coordinator has declared the province affected.
    function isAffected(bytes32 province) external view returns (bool);

    /// @notice True when none of the hours of the vehicle touched by [from, to) is taken.
    /// @dev Reverts with `UnknownVehicle`, `BadWindow`, `WindowTooLong`.
    function isFree(uint32 vehicleId, uint40 from, uint40 to) external view returns (bool);

    /// @notice The same of a crew. @dev Reverts with `UnknownCrew`, `BadWindow`, `WindowTooLong`.
    function isCrewFree(uint32 crewId, uint40 from, uint40 to) external view returns (bool);

    /// @notice Adds a station that the caller (an active station operator, charity, supplier, carrier or recipient) runs. Returns its id (from 1).
    /// @dev `definition.operator` is the caller, `definition.recognised` false, the region known to the registry. Emits `StationAdded`.
    function addStation(Station calldata definition) external returns (uint32 id);

    /// @notice An active coordinator recognises a station as a transshipment centre, or withdraws it. Legs that are booked stay booked.
    /// @dev Emits `CentreRecognised` when it changes something.
    function recognise(uint32 stationId, bool recognised) external;

    /// @notice An active coordinator declares a province affected, or no longer so: a leg into it from another province must end at a recognised centre.
    /// @dev Emits `AffectedRegionSet` when it changes something. Reverts with `NotAProvince` for a country or a part of a province.
    function setAffected(bytes32 province, bool affected) external;

    /// @notice Adds a crew of the caller, an active carrier. @dev Emits `CrewAdded`.
    function addCrew(bytes32 licence) external returns (uint32 id);

    /// @notice Adds a vehicle of the caller, an active carrier.
    /// @dev `definition.carrier` is the caller. Emits `VehicleAdded`.
    function addVehicle(Vehicle calldata definition) external returns (uint32 id);

    /// @notice A leg to be checked and reserved.
    /// @param crew Who drives, a crew of the carrier's. @param departure Unix seconds. @param latestArrival Unix seconds; the hours touched by [departure, latestArrival) are taken.
    /// @param units Units carried. @param temperatureMin Goods' band, hundredths of a degree Celsius. @param temperatureMax Its upper end.
    struct LegBooking {
        address carrier;
        uint32 vehicle;
        uint32 crew;
        uint32 fromStation;
        uint32 toStation;
        uint40 departure;
        uint40 latestArrival;
        uint64 units;
        int16 temperatureMin;
        int16 temperatureMax;
    }

    /// @notice FreightEscrow only: checks a leg (active carrier, its vehicle, capacity, temperature, tiers, recognised centre) and takes its hours of vehicle and crew, at most 256.
    /// @dev The vehicle's band must lie within the goods' band. A leg's tier is the vehicle's; it stops at stations of its own tier and of the tiers next to it,
    /// so that a trunk vehicle does not go to the last door. A leg of any tier that enters an affected province from another ends at a recognised centre:
    /// calling a trunk leg a branch leg gains nothing. Emits `SlotsReserved`.
    function reserve(uint64 consignment, LegBooking calldata leg) external;

    /// @notice FreightEscrow only: gives back the hours of a leg that will not run, once, as they were reserved. @dev Emits `SlotsReleased`.
    function free(
        uint64 consignment,
        uint32 vehicleId,
        uint32 crewId,
        uint40 departure,
        uint40 latestArrival
    ) external;
}
