// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IEmergencyResponse} from "../../interfaces/IEmergencyResponse.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {IReliefFund} from "../../interfaces/IReliefFund.sol";
import {FeedReader} from "../libraries/FeedReader.sol";
import {PlanRules} from "../libraries/PlanRules.sol";
import {References} from "../libraries/References.sol";
import {PlanChecker} from "./PlanChecker.sol";

/// @title EmergencyResponse
/// @notice Plans that start, escalate and stand down by agreed figures, and what they do by themselves.
contract EmergencyResponse is IEmergencyResponse, AccessManaged {
    using References for address;

    /// @dev A plan on its way through the days. @param readings One for each region, filled anew each day.
    /// @param starting Bit `1 << level`: its actions start and its activation still runs.
    struct Walk {
        bytes32 id;
        PlanState state;
        uint256 holding;
        uint256 starting;
        PlanRules.Rules rules;
        bytes32[] regions;
        address[] feeds;
        PlanRules.Reading[] readings;
    }

    /// @inheritdoc IEmergencyResponse
    uint40 public constant PLAN_DELAY = 1 days;
    /// @inheritdoc IEmergencyResponse
    uint40 public constant CLOSING = 1 days;

    uint32 private constant LAPSE_PAGE = 64;
    uint256 private constant LOOK_BACK = 7;
    uint256 private constant PER_THOUSAND = 1000;
    /// @dev More than any action needs, so that none fails because its caller brought too little.
    uint256 private constant ACTION_GAS = 600_000;

    IParticipantRegistry private immutable REGISTRY;
    IDemandBook private immutable DEMAND;
    IReliefFund private immutable FUND;
    /// @dev Made here, and apart only because one contract holds no more than 24 KiB.
    PlanChecker private immutable CHECKER;

    /// @inheritdoc IEmergencyResponse
    uint64 public actionCount;

    mapping(bytes32 id => PlanSpec) private _plans;
    mapping(bytes32 id => PlanState) private _states;
    /// @dev Which region holds which level, as of its last data: bit `(level - 1) * 64 + region`.
    mapping(bytes32 id => uint256) private _holding;
    mapping(uint64 id => ActionRecord) private _actions;

    constructor(address accessManager, address registry, address demandBook, address reliefFund)
        AccessManaged(accessManager.required())
    {
        REGISTRY = IParticipantRegistry(registry.required());
        DEMAND = IDemandBook(demandBook.required());
        FUND = IReliefFund(reliefFund.required());
        CHECKER = new PlanChecker(REGISTRY);
    }

    // --- reads ---

    /// @inheritdoc IEmergencyResponse
    function plan(bytes32 id) external view returns (PlanSpec memory) {
        _requireKnown(id);
        return _plans[id];
    }

    /// @inheritdoc IEmergencyResponse
    function stateOf(bytes32 id) external view returns (PlanState memory) {
        return _states[id];
    }

    /// @inheritdoc IEmergencyResponse
    function actionRecord(uint64 id) external view returns (ActionRecord memory record) {
        record = _actions[id];
        record.status = _statusOf(record);
    }

    /// @inheritdoc IEmergencyResponse
    function nextPlan(bytes32 id, uint32 maxDays)
        external
        view
        returns (uint8 level, uint32 day, uint8[] memory levels, uint8[] memory indices)
    {
        Walk memory walk = _open(id);
        for (uint32 walked; walked < maxDays && _read(walk); ++walked) {
            _step(walk);
        }
        if (_read(walk)) walk.starting = 0;
        (levels, indices) = _startingActions(id, walk.starting);
        return (walk.state.level, walk.state.since, levels, indices);
    }

    // --- the planner ---

    /// @inheritdoc IEmergencyResponse
    function propose(bytes32 id, PlanSpec memory spec) external restricted {
        if (_states[id].effectiveFrom != 0) revert PlanExists(id);
        CHECKER.check(id, spec);

        uint40 effectiveFrom = uint40(block.timestamp) + PLAN_DELAY;
        _states[id].effectiveFrom = effectiveFrom;
        _states[id].lastDay = spec.firstDay - 1;
        _store(_plans[id], spec);
        PlanSpec memory stored = _plans[id];
        emit PlanProposed(id, msg.sender, effectiveFrom, keccak256(abi.encode(stored)));
    }

    // --- anyone ---

    /// @inheritdoc IEmergencyResponse
    function poke(bytes32 id, uint32 maxDays) external returns (uint8 level) {
        return _advance(id, maxDays).state.level;
    }

    /// @inheritdoc IEmergencyResponse
    function retry(uint64 actionId) external {
        if (actionId == 0 || actionId > actionCount) revert UnknownAction(actionId);
        ActionStatus status = _statusOf(_actions[actionId]);
        if (status != ActionStatus.FAILED && status != ActionStatus.PENDING) {
            revert ActionNotPending(actionId, status);
        }
        Walk memory walk = _open(_actions[actionId].plan);
        if (_read(walk)) revert DaysWait(walk.id, walk.state.lastDay);
        _perform(actionId);
    }

    /// @inheritdoc IEmergencyResponse
    function lapse(bytes32 id) external {
        PlanState memory before = _states[id];
        if (before.level == 0) revert NotActivated(id);
        uint40 at = _lapsesAt(id, before.lastDataDay);
        if (block.timestamp < at) revert NotLapsed(id, at);
        PlanState memory state = _advance(id, LAPSE_PAGE).state;
        if (state.level != 0 || state.lastDataDay != before.lastDataDay) revert NotLapsed(id, at);
    }

    // --- coordinators ---

    /// @inheritdoc IEmergencyResponse
    function standDown(bytes32 id, bytes32 reason) external {
        if (!REGISTRY.isActive(msg.sender, IParticipantRegistry.Role.COORDINATOR)) {
            revert NotCoordinator(msg.sender);
        }
        PlanState storage state = _states[id];
        uint8 level = state.level;
        if (level == 0) revert NotActivated(id);

        uint32 day = state.lastDay;
        state.level = 0;
        state.since = day;
        state.standingDown = true;
        emit LevelChanged(id, state.activation, day, level, 0);
        emit Ended(id, state.activation, day, reason);
    }

    // --- internal reads ---

    /// @dev When the first day that lies the time to live after the last data is ripe.
    function _lapsesAt(bytes32 id, uint32 lastDataDay) private view returns (uint40) {
        uint40 silentDays = (_plans[id].timeToLive + 1 days - 1) / 1 days;
        return (uint40(lastDataDay) + silentDays + 1) * 1 days + CLOSING;
    }

    function _requireKnown(bytes32 id) private view {
        if (_states[id].effectiveFrom == 0) revert UnknownPlan(id);
    }

    function _statusOf(ActionRecord memory record) private view returns (ActionStatus) {
        if (record.status != ActionStatus.PENDING && record.status != ActionStatus.FAILED) {
            return record.status;
        }
        PlanState storage state = _states[record.plan];
        bool runs = state.level != 0 && state.activation == record.activation;
        return runs ? record.status : ActionStatus.DROPPED;
    }

    function _open(bytes32 id) private view returns (Walk memory walk) {
        _requireKnown(id);
        PlanSpec storage spec = _plans[id];
        walk.id = id;
        walk.state = _states[id];
        if (block.timestamp < walk.state.effectiveFrom) {
            revert PlanNotEffective(id, walk.state.effectiveFrom);
        }
        walk.holding = _holding[id];
        walk.regions = spec.regions;
        walk.feeds = spec.feeds;
        walk.rules = _rulesOf(spec);
        walk.readings = new PlanRules.Reading[](walk.feeds.length);
        uint256 windows = walk.rules.windows.length;
        for (uint256 i; i < walk.readings.length; ++i) {
            walk.readings[i].growths = new uint64[](windows);
            walk.readings[i].growthsKnown = new bool[](windows);
        }
    }

    function _rulesOf(PlanSpec storage spec) private view returns (PlanRules.Rules memory rules) {
        uint256 count = spec.levels.length;
        uint256 used;
        for (uint256 i; i < count; ++i) {
            used += spec.levels[i].conditions.length;
        }
        uint16[] memory windows = new uint16[](used);
        used = 0;
        rules.regionsNeeded = spec.regionsNeeded;
        rules.timeToLive = spec.timeToLive;
        rules.levels = new PlanRules.Level[](count);
        for (uint256 i; i < count; ++i) {
            LevelSpec storage level = spec.levels[i];
            Condition[] memory conditions = level.conditions;
            rules.levels[i] = PlanRules.Level(level.all, level.minimumStay, conditions);
            for (uint256 j; j < conditions.length; ++j) {
                if (conditions[j].measure != Measure.GROWTH) continue;
                uint256 place;
                while (place < used && windows[place] != conditions[j].window) ++place;
                if (place == used) windows[used++] = conditions[j].window;
            }
        }
        rules.windows = new uint16[](used);
        for (uint256 i; i < used; ++i) {
            rules.windows[i] = windows[i];
        }
    }

    /// @dev Fills the readings with the figures of the next day; false when that day is not ripe.
    function _read(Walk memory walk) private view returns (bool ripe) {
        uint32 day = walk.state.lastDay + 1;
        uint256 end = (uint256(day) + 1) * 1 days;
        if (end - 1 days > block.timestamp) return false;
        bool closed = block.timestamp >= end + CLOSING;
        for (uint256 i; i < walk.feeds.length; ++i) {
            PlanRules.Reading memory reading = walk.readings[i];
            (reading.known, reading.value) = FeedReader.read(walk.feeds[i], day);
            if (!reading.known && !closed) return false;
        }
        for (uint256 i; i < walk.feeds.length; ++i) {
            _readGrowths(walk, i, day);
        }
        return true;
    }

    function _readGrowths(Walk memory walk, uint256 region, uint32 day) private view {
        PlanRules.Reading memory reading = walk.readings[region];
        if (!reading.known) return;
        for (uint256 i; i < walk.rules.windows.length; ++i) {
            uint16 window = walk.rules.windows[i];
            bool known;
            uint64 base;
            if (window <= day) (known, base) = FeedReader.read(walk.feeds[region], day - window);
            if (known) (known, reading.growths[i]) = PlanRules.growth(base, reading.value);
            else reading.growths[i] = 0;
            reading.growthsKnown[i] = known;
        }
    }

    /// @dev Takes the day that was read into the walk.
    function _step(Walk memory walk) private pure returns (PlanRules.Change memory change) {
        (change, walk.holding) = PlanRules.step(
            walk.rules, walk.readings, walk.state, walk.holding, walk.state.lastDay + 1
        );
        if (change.activated || change.ended != 0) walk.starting = 0;
        for (
            uint256 level = change.startAbove + 1;
            change.to > change.from && level <= change.to;
            ++level
        ) {
            walk.starting |= 1 << level;
        }
    }

    function _startingActions(bytes32 id, uint256 starting)
        private
        view
        returns (uint8[] memory levels, uint8[] memory indices)
    {
        LevelSpec[] storage specs = _plans[id].levels;
        uint256 count;
        for (uint256 i; i < specs.length; ++i) {
            if (starting & (1 << (i + 1)) != 0) count += specs[i].actions.length;
        }
        levels = new uint8[](count);
        indices = new uint8[](count);
        count = 0;
        for (uint256 i; i < specs.length; ++i) {
            if (starting & (1 << (i + 1)) == 0) continue;
            for (uint256 j; j < specs[i].actions.length; ++j) {
                levels[count] = uint8(i + 1);
                indices[count++] = uint8(j);
            }
        }
    }

    /// @dev What a plan raises: the figure is the newest of the day and the `LOOK_BACK` days before.
    function _unitsToRaise(bytes32 id, Action storage action, uint32 day)
        private
        view
        returns (bool known, uint64 units)
    {
        uint64 value;
        known = action.rate == 0;
        if (!known) {
            address feed = _feedFor(id, action.region);
            for (uint256 back; !known && back <= LOOK_BACK && back <= day; ++back) {
                (known, value) = FeedReader.read(feed, day - uint32(back));
            }
        }
        uint256 wanted = action.base + (uint256(action.rate) * value) / PER_THOUSAND;
        return (known, wanted > action.ceiling ? uint64(action.ceiling) : uint64(wanted));
    }

    /// @dev The feed of the plan's region that is, or contains, `region`.
    function _feedFor(bytes32 id, bytes32 region) private view returns (address) {
        PlanSpec storage spec = _plans[id];
        bytes32[] memory regions = spec.regions;
        uint256 index;
        while (index < regions.length && regions[index] != region) ++index;
        if (index == regions.length) {
            index = 0;
            while (!REGISTRY.isWithin(region, regions[index])) ++index;
        }
        return spec.feeds[index];
    }

    // --- internal writes ---

    function _store(PlanSpec storage stored, PlanSpec memory spec) private {
        stored.kind = spec.kind;
        stored.regionsNeeded = spec.regionsNeeded;
        stored.firstDay = spec.firstDay;
        stored.timeToLive = spec.timeToLive;
        stored.regions = spec.regions;
        stored.feeds = spec.feeds;
        for (uint256 i; i < spec.levels.length; ++i) {
            LevelSpec storage level = stored.levels.push();
            level.all = spec.levels[i].all;
            level.minimumStay = spec.levels[i].minimumStay;
            Condition[] memory conditions = spec.levels[i].conditions;
            for (uint256 j; j < conditions.length; ++j) {
                level.conditions.push(conditions[j]);
            }
            Action[] memory actions = spec.levels[i].actions;
            for (uint256 j; j < actions.length; ++j) {
                level.actions.push(actions[j]);
            }
        }
    }

    /// @dev Walks the ripe days, stores where the plan stands, then acts, but only with no ripe day left: else small pages
    /// would carry out what a later day has ended. Feeds are only read (static calls), and the rooms acted on do not call back.
    function _advance(bytes32 id, uint32 maxDays) private returns (Walk memory walk) {
        walk = _open(id);
        uint64 action = actionCount;
        uint32 walked;
        for (; walked < maxDays && _read(walk); ++walked) {
            _record(walk, _step(walk));
        }
        if (walked == 0) revert NothingToEvaluate(id, walk.state.lastDay);
        _states[id] = walk.state;
        _holding[id] = walk.holding;

        if (_read(walk)) return walk;
        uint64 last = actionCount;
        while (action < last) {
            ++action;
            if (_statusOf(_actions[action]) == ActionStatus.PENDING) _perform(action);
        }
    }

    function _record(Walk memory walk, PlanRules.Change memory change) private {
        uint32 day = walk.state.lastDay;
        uint32 activation = walk.state.activation;
        for (uint256 i; i < walk.readings.length; ++i) {
            PlanRules.Reading memory reading = walk.readings[i];
            if (!reading.known) continue;
            uint64 growth = reading.growths.length == 0 ? 0 : reading.growths[0];
            emit RegionFigure(walk.id, day, walk.regions[i], reading.value, growth, reading.meets);
        }
        if (change.activated) emit Activated(walk.id, activation, day);
        if (change.to != change.from) {
            emit LevelChanged(walk.id, activation, day, change.from, change.to);
        }
        if (change.ended != 0) emit Ended(walk.id, activation, day, change.ended);
        for (
            uint256 level = change.startAbove + 1;
            change.to > change.from && level <= change.to;
            ++level
        ) {
            _start(walk.id, activation, day, uint8(level));
        }
    }

    function _start(bytes32 id, uint32 activation, uint32 day, uint8 level) private {
        Action[] storage actions = _plans[id].levels[level - 1].actions;
        uint64 count = actionCount;
        for (uint256 i; i < actions.length; ++i) {
            ActionRecord storage record = _actions[++count];
            record.plan = id;
            record.activation = activation;
            record.day = day;
            record.level = level;
            record.index = uint8(i);
            record.status = ActionStatus.PENDING;
            emit ActionStarted(count, id, activation, level, uint8(i), actions[i].kind);
        }
        actionCount = count;
    }

    function _perform(uint64 actionId) private {
        ActionRecord storage record = _actions[actionId];
        bytes32 id = record.plan;
        Action storage action = _plans[id].levels[record.level - 1].actions[record.index];
        record.status = ActionStatus.DONE;
        if (action.kind == ActionKind.RAISE_DEMAND) _raise(actionId, id, action, record.day);
        else if (action.kind == ActionKind.RELEASE_MONEY) _release(actionId, id, action);
        else _openFastPath(actionId, id, action);
    }

    function _raise(uint64 actionId, bytes32 id, Action storage action, uint32 day) private {
        (bool known, uint64 units) = _unitsToRaise(id, action, day);
        if (!known) {
            _fail(actionId, abi.encodeWithSelector(NoFigure.selector, action.region, day));
            return;
        }
        _requireGas();
        try DEMAND.raise(id, action.region, action.material, units, _until(action)) returns (
            uint64 raised
        ) {
            _complete(actionId, action.kind, raised, units);
        } catch (bytes memory reason) {
            _fail(actionId, reason);
        }
    }

    function _release(uint64 actionId, bytes32 id, Action storage action) private {
        _requireGas();
        try FUND.release(
            id, action.earmark, action.spender, action.ceiling, _until(action)
        ) returns (
            uint64 released
        ) {
            _complete(actionId, action.kind, released, action.ceiling);
        } catch (bytes memory reason) {
            _fail(actionId, reason);
        }
    }

    function _openFastPath(uint64 actionId, bytes32 id, Action storage action) private {
        _requireGas();
        try DEMAND.openFastPath(id, action.region, uint64(action.ceiling), _until(action)) {
            _complete(actionId, action.kind, 0, action.ceiling);
        } catch (bytes memory reason) {
            _fail(actionId, reason);
        }
    }

    function _requireGas() private view {
        if (gasleft() < ACTION_GAS) revert TooLittleGas();
    }

    function _until(Action storage action) private view returns (uint40) {
        return uint40(block.timestamp) + action.duration;
    }

    function _complete(uint64 actionId, ActionKind kind, uint64 result, uint128 quantity) private {
        _actions[actionId].result = result;
        _actions[actionId].quantity = quantity;
        emit ActionDone(actionId, kind, result, quantity);
    }

    function _fail(uint64 actionId, bytes memory reason) private {
        _actions[actionId].status = ActionStatus.FAILED;
        emit ActionFailed(actionId, reason);
    }
}
