// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ILogisticsNetwork
/// @notice Recognised centres, stations of the three tiers, vehicles, crews and their time slots.
/// @dev Slots are whole hours of unix time, 256 to a storage word; no slot of a vehicle or crew is booked twice (INV-NET-1).
interface ILogisticsNetwork {
    enum Tier {
        NULL,
        TRUNK,
        BRANCH,
        TERMINAL
    }

    /// @notice A place at which goods rest or change hands.
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

    /// @param capacity Units that it carries.
    struct Vehicle {
        address carrier; // slot 0
        Tier tier;
        int16 temperatureMin;
        int16 temperatureMax;
        uint32 crew;
        uint64 capacity; // slot 1
    }

    /// @param licence Hash of the licence class.
    struct Crew {
        address carrier; // slot 0
        bytes32 licence; // slot 1
    }

    event StationAdded(uint32 indexed station, address indexed operator, Tier tier, bytes32 region, int32 latitude, int32 longitude);
    event CentreRecognised(uint32 indexed station, address indexed coordinator, bool recognised);
    event AffectedRegionSet(bytes32 indexed region, bool affected, address indexed coordinator);
    event VehicleAdded(uint32 indexed vehicle, address indexed carrier, Tier tier, uint64 capacity);
    event CrewAdded(uint32 indexed crew, address indexed carrier, bytes32 licence);
    event CrewAssigned(uint32 indexed vehicle, uint32 indexed crew);
    event SlotsReserved(uint32 indexed vehicle, uint32 indexed crew, uint64 indexed consignment, uint32 fromSlot, uint32 toSlot);
    event SlotsReleased(uint32 indexed vehicle, uint32 indexed crew, uint64 indexed consignment, uint32 fromSlot, uint32 toSlot);

    error NotWriter(address caller);
    error UnknownStation(uint32 station);
    error UnknownVehicle(uint32 vehicle);
    error UnknownCrew(uint32 crew);
    error NotCarrierOf(uint32 id, address caller);
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
    error TierMismatch(uint32 vehicle, Tier vehicleTier, Tier legTier);
    error TooWarm(uint32 vehicle, int16 needed);
    error TooCold(uint32 vehicle, int16 needed);
    error CentreNotRecognised(uint32 station);
    error SameStation(uint32 station);

    function station(uint32 id) external view returns (Station memory);
    function vehicle(uint32 id) external view returns (Vehicle memory);
    function crew(uint32 id) external view returns (Crew memory);
    function stationCount() external view returns (uint32);
    function vehicleCount() external view returns (uint32);
    function isAffected(bytes32 region) external view returns (bool);

    /// @notice True when none of the hours touched by [from, to) is taken.
    function isFree(uint32 vehicleId, uint40 from, uint40 to) external view returns (bool);

    /// @notice Adds a station that the caller (station operator, charity, supplier, carrier or recipient) runs. Returns its id (from 1).
    function addStation(Station calldata definition) external returns (uint32 id);

    /// @notice A coordinator recognises a station as a transshipment centre, or withdraws it.
    function recognise(uint32 stationId, bool recognised) external;

    /// @notice A coordinator declares a province affected: trunk legs into it must end at a recognised centre.
    function setAffected(bytes32 province, bool affected) external;

    /// @notice Adds a crew, a vehicle of the caller, an active carrier. A vehicle needs a crew of the same carrier to be reserved.
    function addCrew(bytes32 licence) external returns (uint32 id);
    function addVehicle(Vehicle calldata definition) external returns (uint32 id);
    function assignCrew(uint32 vehicleId, uint32 crewId) external;

    /// @notice A leg to be checked and reserved.
    /// @param units Units carried. @param temperatureMin Goods' band, hundredths of a degree. 
    struct LegBooking {
        address carrier;
        uint32 vehicle;
        uint32 fromStation;
        uint32 toStation;
        uint40 departure;
        uint40 latestArrival;
        uint64 units;
        int16 temperatureMin;
        int16 temperatureMax;
    }

    /// @notice FreightEscrow only: checks a leg (carrier's vehicle, capacity, temperature, tiers, recognised centre) and takes its hours, at most 256.
    /// @dev The vehicle's band must lie within the goods' band. A leg's tier is the vehicle's. Emits `SlotsReserved`.
    function reserve(uint64 consignment, LegBooking calldata leg) external;

    /// @notice FreightEscrow only: gives back the hours of a leg that will not run.
    function free(uint64 consignment, uint32 vehicleId, uint40 departure, uint40 latestArrival) external;
}
