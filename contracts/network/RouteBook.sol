// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ICorridorBook} from "../../interfaces/ICorridorBook.sol";
import {ILogisticsNetwork} from "../../interfaces/ILogisticsNetwork.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {IRouteBook} from "../../interfaces/IRouteBook.sol";
import {PlanTable} from "../libraries/PlanTable.sol";
import {References} from "../libraries/References.sol";

/// @title RouteBook
/// @notice Route plans: committed by their hash with all their legs, which are checked; superseded by later plans, which name them and say why.
contract RouteBook is IRouteBook {
    using PlanTable for PlanTable.Table;

    /// @dev Where a cargo is once the legs so far are done. @param since Unix seconds from which it can leave. @param tier That of the leg that brought it, NULL before the first.
    struct Place {
        uint32 station;
        uint40 since;
        ILogisticsNetwork.Tier tier;
    }

    /// @dev What the check of a plan knows.
    struct Check {
        PlanTable.Table used;
        Place[] places;
        bool isReplan;
        bool isCoordinator;
    }

    /// @inheritdoc IRouteBook
    uint256 public constant MAX_LEGS = 1_000;

    // What a key of the table stands for.
    uint256 private constant _VEHICLE = 1 << 64;
    uint256 private constant _CREW = 2 << 64;
    uint256 private constant _HOUR = 3 << 64;
    uint256 private constant _PARCEL = 4 << 64;

    uint8 private constant _NO_LIMIT = type(uint8).max;

    /// @notice Who may act.
    IParticipantRegistry public immutable registry;
    /// @notice Where goods are.
    IMaterialLedger public immutable ledger;
    /// @notice What a leg must respect.
    ILogisticsNetwork public immutable network;
    /// @notice Who leads a corridor.
    ICorridorBook public immutable corridors;

    mapping(bytes32 plan => Entry) private _entries;

    constructor(
        address participantRegistry,
        address materialLedger,
        address logisticsNetwork,
        address corridorBook
    ) {
        registry = IParticipantRegistry(References.required(participantRegistry));
        ledger = IMaterialLedger(References.required(materialLedger));
        network = ILogisticsNetwork(References.required(logisticsNetwork));
        corridors = ICorridorBook(References.required(corridorBook));
    }

    // --- reads ---

    /// @inheritdoc IRouteBook
    function entry(bytes32 plan) external view returns (Entry memory) {
        return _known(plan);
    }

    /// @inheritdoc IRouteBook
    function idOf(address planner, Plan calldata plan) external view returns (bytes32) {
        return _idOf(planner, abi.encode(plan));
    }

    // --- planners ---

    /// @inheritdoc IRouteBook
    function commit(Plan calldata plan) external returns (bytes32 id) {
        bool isCoordinator = registry.isActive(msg.sender, IParticipantRegistry.Role.COORDINATOR);
        if (!isCoordinator) _requirePlanner();
        bytes memory content = abi.encode(plan);
        id = _idOf(msg.sender, content);
        if (_entries[id].at != 0) revert PlanKnown(id);
        _requireSupersedes(plan, isCoordinator);
        _requireSound(plan, isCoordinator);

        _entries[id] = Entry({
            planner: msg.sender,
            at: uint40(block.timestamp),
            legs: uint16(plan.legs.length),
            reason: plan.reason,
            predecessor: plan.predecessor,
            successor: 0
        });
        _tell(id, content);
        if (plan.predecessor == 0) return id;
        _entries[plan.predecessor].successor = id;
        emit PlanSuperseded(plan.predecessor, id, plan.reason, plan.note);
    }

    function _idOf(address planner, bytes memory content) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), planner, keccak256(content)));
    }

    /// @dev `PlanCommitted`, of what was encoded for the id already.
    function _tell(bytes32 id, bytes memory content) private {
        bytes32 topic = PlanCommitted.selector;
        assembly ("memory-safe") {
            log3(add(content, 0x20), mload(content), topic, id, caller())
        }
    }

    // --- who plans ---

    function _known(bytes32 plan) private view returns (Entry storage known) {
        known = _entries[plan];
        if (known.at == 0) revert UnknownPlan(plan);
    }

    function _requirePlanner() private view {
        bool isPlanner = registry.isActive(msg.sender, IParticipantRegistry.Role.SOLVER)
            || registry.isActive(msg.sender, IParticipantRegistry.Role.CARRIER);
        if (!isPlanner) revert NotPlanner(msg.sender);
    }

    function _requireSupersedes(Plan calldata plan, bool isCoordinator) private view {
        bool isReplan = plan.predecessor != 0;
        if (isReplan == (plan.reason == ILogisticsNetwork.Hindrance.NULL)) {
            revert BadReason(plan.reason);
        }
        if (!isReplan) return;
        Entry storage before = _known(plan.predecessor);
        if (before.successor != 0) revert Superseded(plan.predecessor, before.successor);
        if (before.planner != msg.sender && !isCoordinator) {
            revert NotOwnPlan(plan.predecessor, before.planner);
        }
    }

    // --- whether it holds ---

    function _requireSound(Plan calldata plan, bool isCoordinator) private view {
        uint256 legs = plan.legs.length;
        uint256 cargoes = plan.cargoes.length;
        if (legs == 0) revert NoLegs();
        if (legs > MAX_LEGS) revert TooManyLegs(legs, MAX_LEGS);
        Check memory check;
        check.isReplan = plan.predecessor != 0;
        check.isCoordinator = isCoordinator;
        // A leg uses a vehicle, a crew and an hour of two stations.
        check.used = PlanTable.create(cargoes + 4 * legs);
        check.places = new Place[](cargoes);
        for (uint256 i; i < cargoes; ++i) {
            _begin(check, i, plan.cargoes[i]);
        }
        uint40 last = uint40(block.timestamp);
        for (uint256 i; i < legs; ++i) {
            Leg calldata leg = plan.legs[i];
            if (leg.departure < last) {
                if (leg.departure < block.timestamp) revert InThePast(i, leg.departure);
                revert NotInOrder(i);
            }
            last = leg.departure;
            if (leg.cargo >= cargoes) revert UnknownCargo(i, leg.cargo);
            _move(check, i, leg, plan.cargoes[leg.cargo]);
        }
        for (uint256 i; i < cargoes; ++i) {
            _end(check.places[i], i, plan.cargoes[i]);
        }
    }

    /// @dev Puts a cargo where the ledger says that it is, or will be when what has started ends.
    function _begin(Check memory check, uint256 number, Cargo calldata cargo) private view {
        bool isNamed = (cargo.parcel == 0) != (cargo.consignment == 0);
        if (
            !isNamed || cargo.units == 0 || cargo.temperatureMin > cargo.temperatureMax
                || cargo.ready >= cargo.due
        ) revert BadCargo(number);
        check.places[number].since = cargo.ready;
        check.places[number].station = cargo.parcel != 0
            ? _stationOfParcel(check, number, cargo)
            : _stationOfLoad(number, cargo);
    }

    /// @dev Several cargoes of a plan may be parts of one parcel.
    function _stationOfParcel(Check memory check, uint256 number, Cargo calldata cargo)
        private
        view
        returns (uint32)
    {
        IMaterialLedger.Parcel memory parcel = ledger.parcel(cargo.parcel);
        bool isFree = parcel.consignment == 0
            && (parcel.state == IMaterialLedger.ParcelState.HELD
                || parcel.state == IMaterialLedger.ParcelState.OFFERED
                || parcel.state == IMaterialLedger.ParcelState.ALLOCATED);
        if (!isFree) revert NothingToMove(number);
        PlanTable.Item memory taken = check.used.at(_PARCEL | cargo.parcel);
        taken.units += cargo.units;
        if (taken.units > parcel.units) revert WrongUnits(number, parcel.units, cargo.units);
        return parcel.station;
    }

    /// @dev A consignment moves whole: from where it was booked to leave, or from where its present leg ends.
    function _stationOfLoad(uint256 number, Cargo calldata cargo) private view returns (uint32) {
        IMaterialLedger.Load memory load = ledger.load(cargo.consignment);
        bool isMoving = load.state == IMaterialLedger.ParcelState.IN_TRANSIT;
        if (!isMoving && load.state != IMaterialLedger.ParcelState.ALLOCATED) {
            revert NothingToMove(number);
        }
        uint64[] memory parcels = ledger.parcelsOf(cargo.consignment);
        uint64 units;
        for (uint256 i; i < parcels.length; ++i) {
            units += ledger.parcel(parcels[i]).units;
        }
        if (units != cargo.units) revert WrongUnits(number, units, cargo.units);
        return ledger.routeOf(cargo.consignment)[isMoving ? load.sequence + 1 : 0].station;
    }

    /// @dev Lets a cargo ride one leg.
    function _move(Check memory check, uint256 number, Leg calldata leg, Cargo calldata cargo)
        private
        view
    {
        Place memory place = check.places[leg.cargo];
        if (leg.fromStation != place.station) {
            revert GoodsElsewhere(number, place.station, leg.fromStation);
        }
        if (leg.departure < place.since) revert NotReady(number, place.since, leg.departure);
        ILogisticsNetwork.Fit memory fit = network.checkLeg(
            ILogisticsNetwork.LegBooking({
                carrier: leg.carrier,
                vehicle: leg.vehicle,
                crew: leg.crew,
                fromStation: leg.fromStation,
                toStation: leg.toStation,
                departure: leg.departure,
                latestArrival: leg.latestArrival,
                units: cargo.units,
                temperatureMin: cargo.temperatureMin,
                temperatureMax: cargo.temperatureMax
            })
        );
        _requireTier(check, number, place.tier, fit.tier);
        if (fit.from != 0 && !check.isCoordinator) _requireLead(number, fit);
        _ride(check.used, number, leg, cargo, fit);
        _drive(check.used, number, leg);
        _handle(check.used, number, leg.fromStation, leg.departure / 1 hours, fit.roomAtStart);
        _handle(check.used, number, leg.toStation, (leg.latestArrival - 1) / 1 hours, fit.roomAtEnd);
        place.station = leg.toStation;
        place.since = leg.latestArrival;
        place.tier = fit.tier;
    }

    /// @dev Down the tiers, one after the other; a re-plan may leave one out, since it says why.
    function _requireTier(
        Check memory check,
        uint256 number,
        ILogisticsNetwork.Tier before,
        ILogisticsNetwork.Tier tier
    ) private pure {
        if (before == ILogisticsNetwork.Tier.NULL || tier == before) {
            return;
        }
        if (tier < before || (uint8(tier) > uint8(before) + 1 && !check.isReplan)) {
            revert TierOrder(number, before, tier);
        }
    }

    function _requireLead(uint256 number, ILogisticsNetwork.Fit memory fit) private view {
        address lead = corridors.leadOf(fit.from, fit.to);
        if (lead != address(0) && lead != msg.sender) revert CorridorLed(number, lead);
    }

    /// @dev What leaves with the same vehicle at the same time shares the journey; else that begins in an hour after the one before.
    function _ride(
        PlanTable.Table memory used,
        uint256 number,
        Leg calldata leg,
        Cargo calldata cargo,
        ILogisticsNetwork.Fit memory fit
    ) private pure {
        PlanTable.Item memory ride = used.at(_VEHICLE | leg.vehicle);
        bool isShared = ride.until != 0 && ride.departure == leg.departure
            && ride.from == leg.fromStation && ride.partner == leg.crew;
        if (!isShared) {
            if (_overlaps(ride, leg.departure)) revert VehicleBusy(number, leg.vehicle);
            ride.departure = leg.departure;
            ride.from = leg.fromStation;
            ride.partner = leg.crew;
            (ride.units, ride.weight, ride.volume) = (0, 0, 0);
        }
        if (leg.latestArrival > ride.until) ride.until = leg.latestArrival;
        ride.units += cargo.units;
        ride.weight += cargo.weight;
        ride.volume += cargo.volume;
        if (ride.units > fit.units) revert OverUnits(number, ride.units, fit.units);
        if (ride.weight > fit.weight) revert OverWeight(number, ride.weight, fit.weight);
        if (ride.volume > fit.volume) revert OverVolume(number, ride.volume, fit.volume);
    }

    function _drive(PlanTable.Table memory used, uint256 number, Leg calldata leg) private pure {
        PlanTable.Item memory duty = used.at(_CREW | leg.crew);
        bool isShared =
            duty.until != 0 && duty.departure == leg.departure && duty.partner == leg.vehicle;
        if (!isShared) {
            if (_overlaps(duty, leg.departure)) revert OverlappingDuty(number, leg.crew);
            duty.departure = leg.departure;
            duty.partner = leg.vehicle;
        }
        if (leg.latestArrival > duty.until) duty.until = leg.latestArrival;
    }

    /// @dev Hours are taken whole: one that the journey before touches is not free.
    function _overlaps(PlanTable.Item memory before, uint40 departure) private pure returns (bool) {
        return before.until != 0 && departure / 1 hours <= (before.until - 1) / 1 hours;
    }

    /// @dev One load more at a station in an hour.
    function _handle(
        PlanTable.Table memory used,
        uint256 number,
        uint32 station,
        uint256 hour,
        uint8 room
    ) private pure {
        if (room == _NO_LIMIT) return;
        PlanTable.Item memory handled = used.at(_HOUR | uint256(station) << 32 | hour);
        if (++handled.units > room) revert StationOverbooked(number, station);
    }

    function _end(Place memory place, uint256 number, Cargo calldata cargo) private pure {
        if (place.station != cargo.toStation) {
            revert EndsElsewhere(number, cargo.toStation, place.station);
        }
        if (place.since > cargo.due) revert TooLate(number, cargo.due, place.since);
    }
}
