// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title ILogisticsNetwork
/// @notice Recognised centres, stations of the three tiers, vehicles, crews, their time slots, and runs that several consignments share.
/// @dev Slots are whole hours of unix time, kept as bits; no slot of a vehicle or crew is booked twice (INV-NET-1).
/// What was declared of a station, vehicle or crew never changes, so that what is booked stays right: a change is a new one.
/// Trust: an operator states truthfully where its station lies and what it can keep, a carrier what its vehicle carries and
/// keeps and how its crews work; coordinators recognise centres and declare provinces affected. Nobody but FreightEscrow takes hours for
/// a leg, under the carrier's signature; it and the desk of hours free only what was reserved, once: they hand in the booking's own leg.
interface ILogisticsNetwork {
    enum Tier {
        NULL,
        TRUNK,
        BRANCH,
        TERMINAL
    }

    /// @notice Why goods stand still, or a plan is replaced.
    enum Hindrance {
        NULL,
        ROAD_CLOSED,
        BREAKDOWN,
        WEATHER,
        INSPECTION,
        STATION_FULL,
        NO_CREW,
        URGENT_DEMAND,
        OTHER
    }

    /// @notice A place at which goods rest or change hands.
    /// @param operator Who runs it. @param tier The tier of transport that it is made for. @param region Where it lies, a region of the registry.
    /// @param latitude Microdegrees, WGS-84. @param longitude Microdegrees, WGS-84.
    /// @param temperatureMin Coldest that its hall gets, hundredths of a degree Celsius. @param temperatureMax Warmest that it guarantees not to pass.
    /// @param recognised True when a coordinator has recognised it as a transshipment centre that serves its own province; see `serves` for others.
    /// @param rooms Its rooms beside the hall, as bits: 1 ambient (15 to 25 degrees), 2 cold (2 to 8), 4 frozen (-25 to -15).
    /// @param openHours Hours of the day (UTC) in which it takes goods in and gives them out, as bits, the lowest for 00:00 to 01:00; all 24 bits: always.
    /// @param throughput Most loads that it takes in and gives out in an hour; zero for no limit.
    struct Station {
        address operator; // slot 0
        Tier tier;
        int16 temperatureMin;
        int16 temperatureMax;
        bool recognised;
        uint8 rooms;
        uint24 openHours;
        uint8 throughput;
        int32 latitude; // slot 1
        int32 longitude;
        bytes32 region; // slot 2
    }

    /// @notice A vehicle.
    /// @param carrier Who runs it. @param temperatureMin Coldest that its hold gets, hundredths of a degree Celsius. @param temperatureMax Warmest.
    /// @param capacity Units that it carries. @param weight Kilograms that it carries. @param volume Litres that it carries.
    /// @param range Farthest that a leg of it leads, metres as the crow flies; zero for any distance.
    /// @param licences What its crew must hold, as bits whose meaning the parties agree on.
    struct Vehicle {
        address carrier;
        Tier tier;
        int16 temperatureMin;
        int16 temperatureMax;
        uint64 capacity;
        uint32 weight;
        uint32 volume;
        uint32 range;
        uint32 licences;
    }

    /// @notice A crew.
    /// @param licences What it holds, as bits. @param hoursInRow Most hours on duty without a break. @param hoursInDay Most hours on duty in any 24 in a row.
    /// Both at most 24, the first not above the second; both zero for a crew that relieves itself and has no limit.
    struct Crew {
        address carrier;
        uint32 licences;
        uint8 hoursInRow;
        uint8 hoursInDay;
    }

    /// @notice A run: one journey of a vehicle on which several consignments ride, all from where it starts. Its hours are taken once.
    /// @param vehicle Whose, with its departure, no other run can be. @param arrival Unix second until which its hours are taken.
    /// @param units Units aboard, those that are booked.
    struct Run {
        uint32 crew; // slot 0
        uint32 fromStation;
        uint40 arrival;
        uint64 units;
    }

    event StationAdded(
        uint32 indexed station,
        address indexed operator,
        Tier tier,
        bytes32 region,
        int32 latitude,
        int32 longitude
    );
    event CentreRecognised(
        uint32 indexed station,
        bytes32 indexed province,
        address indexed coordinator,
        bool recognised
    );
    event AffectedRegionSet(bytes32 indexed region, bool affected, address indexed coordinator);
    event VehicleAdded(uint32 indexed vehicle, address indexed carrier, Tier tier, uint64 capacity);
    event CrewAdded(uint32 indexed crew, address indexed carrier, uint32 licences);
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
    event RunOpened(
        uint32 indexed vehicle,
        uint40 indexed departure,
        uint32 indexed crew,
        uint32 fromStation,
        uint40 arrival
    );
    event RunClosed(uint32 indexed vehicle, uint40 indexed departure, uint40 from);
    /// @notice A leg rides in a run, whose hours are taken already.
    event Boarded(
        uint32 indexed vehicle, uint40 indexed departure, uint64 indexed consignment, uint64 units
    );
    /// @notice Another vehicle and crew of the carrier's drive a leg in place of those that were booked.
    event LegSubstituted(
        uint64 indexed consignment,
        uint32 indexed booked,
        uint32 indexed vehicle,
        uint32 crew,
        uint40 departure
    );
    /// @notice A leg that was to ride in a run does not.
    event Unboarded(
        uint32 indexed vehicle, uint40 indexed departure, uint64 indexed consignment, uint64 units
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
    /// @notice There are no rooms of such a kind.
    error BadRooms(uint8 rooms);
    error NeverOpen();
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
    /// @notice A leg into an affected province begins and ends at no centre that serves it.
    error CentreNotRecognised(uint32 station);
    error SameStation(uint32 station);
    error StationClosed(uint32 station, uint8 hour);
    /// @notice Neither the hall nor a room of the station keeps within the goods' band.
    error CannotStore(uint32 station, int16 temperatureMin, int16 temperatureMax);
    /// @notice As many loads as the station handles in this hour are booked.
    error StationFull(uint32 station, uint32 slot);
    error OutOfRange(uint32 vehicle, uint256 metres, uint32 range);
    error LicenceMissing(uint32 crew, uint32 licences);
    error BadDutyHours(uint8 inRow, uint8 inDay);
    /// @notice The crew would be on duty for longer without a break than it may.
    error TooLongInRow(uint32 crew, uint256 hoursOnDuty, uint8 most);
    /// @notice The crew would be on duty for more of some 24 hours in a row than it may.
    error TooLongInDay(uint32 crew, uint256 hoursOnDuty, uint8 most);
    error UnknownRun(uint32 vehicle, uint40 departure);
    /// @notice Goods of consignments ride in the run.
    error RunNotEmpty(uint32 vehicle, uint40 departure, uint64 units);
    /// @notice The leg starts elsewhere than the run, is driven by another crew or ends after it, or the consignment rides in it already.
    error NotInRun(uint32 vehicle, uint40 departure);

    /// @notice The station. @dev Reverts with `UnknownStation`.
    function station(uint32 id) external view returns (Station memory);

    /// @notice The vehicle. @dev Reverts with `UnknownVehicle`.
    function vehicle(uint32 id) external view returns (Vehicle memory);

    /// @notice The crew. @dev Reverts with `UnknownCrew`.
    function crew(uint32 id) external view returns (Crew memory);

    /// @notice The run of a vehicle with this departure; `arrival` zero when there is none.
    function runOf(uint32 vehicleId, uint40 departure) external view returns (Run memory);

    /// @notice Units of a consignment that ride in a run.
    function aboard(uint32 vehicleId, uint40 departure, uint64 consignment)
        external
        view
        returns (uint64);

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

    /// @notice True when a coordinator has recognised the station as a transshipment centre for the province.
    function serves(uint32 stationId, bytes32 province) external view returns (bool);

    /// @notice True when none of the hours of the vehicle touched by [from, to) is taken.
    /// @dev Reverts with `UnknownVehicle`, `BadWindow`, `WindowTooLong`.
    function isFree(uint32 vehicleId, uint40 from, uint40 to) external view returns (bool);

    /// @notice The same of a crew. @dev Reverts with `UnknownCrew`, `BadWindow`, `WindowTooLong`.
    function isCrewFree(uint32 crewId, uint40 from, uint40 to) external view returns (bool);

    /// @notice Loads that are booked at a station in an hour, in and out; counted only where it has a limit. @dev Reverts with `UnknownStation`.
    function loadsAt(uint32 stationId, uint32 slot) external view returns (uint8);

    /// @notice True when the hall of the station or one of its rooms stays within a band, hundredths of a degree Celsius. @dev Reverts with `UnknownStation`.
    function keeps(uint32 stationId, int16 temperatureMin, int16 temperatureMax)
        external
        view
        returns (bool);

    /// @notice Metres between two stations as the crow flies, rounded down; never above the great circle. @dev Reverts with `UnknownStation`.
    function distance(uint32 from, uint32 to) external view returns (uint256);

    /// @notice What `checkLeg` finds, for those who plan several legs at once.
    /// @param units Units for which the vehicle has room on that journey: all, or what is left in its run. @param isRun True when it would ride in a run.
    /// @param roomAtStart Loads more that the station takes in the hour of departure, 255 where it has no limit. @param roomAtEnd The same in the hour of arrival.
    /// @param from Province of the start of a trunk leg, else zero. @param to That of its end.
    struct Fit {
        Tier tier;
        bool isRun;
        uint8 roomAtStart;
        uint8 roomAtEnd;
        uint64 units;
        uint32 weight;
        uint32 volume;
        bytes32 from;
        bytes32 to;
    }

    /// @notice Checks a leg as `reserve` would, changing nothing. @dev Reverts as `reserve`.
    function checkLeg(LegBooking calldata leg) external view returns (Fit memory);

    /// @notice Adds a station that the caller (an active station operator, charity, supplier, carrier or recipient) runs. Returns its id (from 1).
    /// @dev `definition.operator` is the caller, `definition.recognised` false, the region known to the registry. Emits `StationAdded`.
    function addStation(Station calldata definition) external returns (uint32 id);

    /// @notice An active coordinator recognises a station as a transshipment centre that serves a province, which need not be its own, or withdraws it.
    /// Legs that are booked stay booked. @dev Emits `CentreRecognised` when it changes something. Reverts with `NotAProvince`.
    function recognise(uint32 stationId, bytes32 province, bool recognised) external;

    /// @notice An active coordinator declares a province affected, or no longer so: a leg into it from another province must begin or end at a centre that serves it.
    /// @dev Emits `AffectedRegionSet` when it changes something. Reverts with `NotAProvince` for a country or a part of a province.
    function setAffected(bytes32 province, bool affected) external;

    /// @notice Adds a crew of the caller, an active carrier. @dev `definition.carrier` is the caller. Emits `CrewAdded`.
    function addCrew(Crew calldata definition) external returns (uint32 id);

    /// @notice Adds a vehicle of the caller, an active carrier.
    /// @dev `definition.carrier` is the caller. Emits `VehicleAdded`.
    function addVehicle(Vehicle calldata definition) external returns (uint32 id);

    /// @notice An active carrier takes the hours of its vehicle and crew touched by [departure, arrival) for a run, in which legs that leave with it then ride: those
    /// that are booked with this vehicle, crew, station and departure, and arrive by then.
    /// @dev Emits `RunOpened`. Reverts as `reserve` does for the vehicle, the crew and their hours.
    function openRun(
        uint32 vehicleId,
        uint32 crewId,
        uint32 fromStation,
        uint40 departure,
        uint40 arrival
    ) external;

    /// @notice The carrier gives back those hours of a run that have not begun, once nothing rides in it. @dev Emits `RunClosed`. Reverts with `UnknownRun`, `RunNotEmpty`.
    function closeRun(uint32 vehicleId, uint40 departure) external;

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

    /// @notice FreightEscrow only: checks a leg (active carrier, its vehicle, capacity, temperature, range, tiers, centres; its crew, licences, duty; stations' hours,
    /// storage, throughput) and takes the hours of vehicle and crew, at most 256, or units of the vehicle's run that leaves at this very second; and a load at each station.
    /// @dev The vehicle's band must lie within the goods' band, and so must that of a room at the end. A leg's tier is the vehicle's; it stops at stations of its own tier and of the tiers next to it,
    /// so that a trunk vehicle does not go to the last door. A leg of any tier that enters an affected province from another begins or ends at a centre that serves it:
    /// calling a trunk leg a branch leg gains nothing. A station is open in the hour of departure, or in the last hour before the latest arrival.
    /// Emits `SlotsReserved`, or `Boarded`.
    function reserve(uint64 consignment, LegBooking calldata leg) external;

    /// @notice What is needed to free a leg, as it was reserved.
    struct LegHours {
        uint32 vehicle;
        uint32 crew;
        uint32 fromStation;
        uint32 toStation;
        uint40 departure;
        uint40 latestArrival;
    }

    /// @notice The desk of hours only: frees a leg that is `booked` and reserves it for another vehicle and crew of the carrier's; what is freed later is theirs.
    /// @dev Emits what `free` and `reserve` do, then `LegSubstituted`. Reverts as `reserve`.
    function substitute(
        uint64 consignment,
        LegHours calldata booked,
        LegBooking calldata replacement
    ) external;

    /// @notice FreightEscrow and the desk of hours only: gives back, once, what a leg does not need: the hours from `since` on, or the units of its run; and the
    /// loads at its stations whose hour is among those. @param since Unix seconds, rounded up to the hour; zero for a leg that does not run at all.
    /// @dev Emits `SlotsReleased`, or `Unboarded`.
    function free(uint64 consignment, LegHours calldata leg, uint40 since) external;
}
