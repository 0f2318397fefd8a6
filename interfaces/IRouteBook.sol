// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ILogisticsNetwork} from "./ILogisticsNetwork.sol";

/// @title IRouteBook
/// @notice Route plans: committed by their hash with all their legs, which are checked; superseded by later plans, which name them and say why.
/// @dev A plan is a proposal that holds water: it binds nobody and takes no hours. What binds are bookings, which carriers sign; a booking refers to a plan by
/// its `salt`, which is the plan's hash. Before bookings, carriers open the runs that the plan shares among several consignments (`ILogisticsNetwork.openRun`).
/// Goods are where the ledger says, so a re-plan begins where what has started ends: it supersedes only what has not started.
/// Trust: a planner states weights and volumes, which the ledger does not know, and when goods are ready and due; all else is looked up.
interface IRouteBook {
    /// @notice Goods that a plan moves together.
    /// @param parcel A parcel at rest, or zero. @param consignment A consignment that was booked, or zero: just one of both is named.
    /// @param units Units. @param weight Kilograms. @param volume Litres. @param temperatureMin Band within which they are kept, hundredths of a degree Celsius. @param temperatureMax Its upper end.
    /// @param toStation Where they are to go. @param ready Unix seconds before which they cannot leave. @param due Unix seconds by which they are to be there.
    struct Cargo {
        uint64 parcel;
        uint64 consignment;
        uint64 units;
        uint32 weight;
        uint32 volume;
        int16 temperatureMin;
        int16 temperatureMax;
        uint32 toStation;
        uint40 ready;
        uint40 due;
    }

    /// @notice One cargo's ride from a station to another. Cargoes that share a journey each have a leg with the same vehicle, crew, station and departure.
    /// @param cargo Which, the first being 0.
    struct Leg {
        uint16 cargo;
        address carrier;
        uint32 vehicle;
        uint32 crew;
        uint32 fromStation;
        uint32 toStation;
        uint40 departure;
        uint40 latestArrival;
    }

    /// @notice A plan; its id is `keccak256(abi.encode(chain id, this contract, planner, keccak256(abi.encode(plan))))`.
    /// @param predecessor The plan that it supersedes as far as its cargoes go, or zero. @param reason Why; NULL for a first plan. @param note Hash or short text of the particulars, or zero.
    /// @param legs In order of departure.
    struct Plan {
        bytes32 predecessor;
        ILogisticsNetwork.Hindrance reason;
        bytes32 note;
        bytes32 salt;
        Cargo[] cargoes;
        Leg[] legs;
    }

    /// @notice What is kept of a plan. @param successor The plan that superseded it, or zero.
    struct Entry {
        address planner; // slot 0
        uint40 at;
        uint16 legs;
        ILogisticsNetwork.Hindrance reason;
        bytes32 predecessor; // slot 1
        bytes32 successor; // slot 2
    }

    event PlanCommitted(bytes32 indexed plan, address indexed planner, Plan content);
    event PlanSuperseded(
        bytes32 indexed plan,
        bytes32 indexed successor,
        ILogisticsNetwork.Hindrance reason,
        bytes32 note
    );

    /// @notice The caller is no active solver, carrier or coordinator.
    error NotPlanner(address caller);
    error PlanKnown(bytes32 plan);
    error UnknownPlan(bytes32 plan);
    error NoLegs();
    error TooManyLegs(uint256 given, uint256 most);
    /// @notice The plan was superseded already: the successor is the one to supersede.
    error Superseded(bytes32 plan, bytes32 successor);
    /// @notice Only its planner or a coordinator supersedes a plan.
    error NotOwnPlan(bytes32 plan, address planner);
    /// @notice A plan that supersedes another says why, a first plan does not.
    error BadReason(ILogisticsNetwork.Hindrance reason);
    /// @notice A cargo is one parcel or one consignment, of at least one unit, with a band and times in order.
    error BadCargo(uint256 cargo);
    /// @notice The parcel is not at rest at a station, or the consignment has ended.
    error NothingToMove(uint256 cargo);
    error WrongUnits(uint256 cargo, uint64 expected, uint64 given);
    error UnknownCargo(uint256 leg, uint16 cargo);
    /// @notice The leg leaves before the one before it in the plan.
    error NotInOrder(uint256 leg);
    /// @notice The leg leaves before now.
    error InThePast(uint256 leg, uint40 departure);
    /// @notice The leg starts where the goods are not.
    error GoodsElsewhere(uint256 leg, uint32 expected, uint32 given);
    /// @notice The leg leaves before its goods are ready, or have come with the leg before.
    error NotReady(uint256 leg, uint40 ready, uint40 departure);
    /// @notice A leg of a tier follows on one below it, or leaves one out where only a re-plan may.
    error TierOrder(uint256 leg, ILogisticsNetwork.Tier before, ILogisticsNetwork.Tier tier);
    /// @notice What rides on this journey is more than the vehicle carries.
    error OverUnits(uint256 leg, uint256 units, uint256 most);
    error OverWeight(uint256 leg, uint256 weight, uint256 most);
    error OverVolume(uint256 leg, uint256 volume, uint256 most);
    /// @notice The vehicle is still on another journey of the plan.
    error VehicleBusy(uint256 leg, uint32 vehicle);
    /// @notice The crew is still on another journey of the plan.
    error OverlappingDuty(uint256 leg, uint32 crew);
    /// @notice Legs of the plan need more of a station in an hour than it has left.
    error StationOverbooked(uint256 leg, uint32 station);
    /// @notice Somebody else leads this corridor.
    error CorridorLed(uint256 leg, address lead);
    /// @notice The last leg of a cargo ends elsewhere than it is to go.
    error EndsElsewhere(uint256 cargo, uint32 expected, uint32 given);
    error TooLate(uint256 cargo, uint40 due, uint40 arrival);

    /// @notice Most legs of a plan.
    function MAX_LEGS() external view returns (uint256);

    /// @notice What is kept of a plan. @dev Reverts with `UnknownPlan`.
    function entry(bytes32 plan) external view returns (Entry memory);

    /// @notice The id that a plan of this planner has.
    function idOf(address planner, Plan calldata plan) external view returns (bytes32);

    /// @notice Commits a plan of the caller's, an active solver, carrier or coordinator; each leg is checked as a booking would be (`ILogisticsNetwork.checkLeg`).
    /// Each cargo's legs join up from where it is to where it is to go, each leaving when its goods are there, down the tiers without leaving one out; what shares a journey fits into
    /// the vehicle, a vehicle's and a crew's journeys do not overlap. A carrier plans its own vehicles only (`WrongCarrier`) unless it leads the corridor.
    /// @dev A plan with a predecessor, whose planner or a coordinator the caller is, supersedes it as far as its cargoes go, and may leave a tier out. Emits `PlanCommitted`, then `PlanSuperseded`.
    function commit(Plan calldata plan) external returns (bytes32 id);
}
