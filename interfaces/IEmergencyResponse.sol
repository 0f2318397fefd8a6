// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "./IMaterialLedger.sol";

/// @title IEmergencyResponse
/// @notice Plans: triggers (type, degree, intensity, scope), levels, actions; activation, escalation, standing down.
/// @dev Plans read nothing but AggregatorV3Interface, with capped gas and bounded return data; a feed's round is a unix day (seconds / 86,400).
/// `poke` walks every day since the last, so that who pokes when does not change the outcome (INV-EMG-3). Missing data never counts as calm.
/// Evaluation of day d, at level l (0 = calm):
///   a region meets level k on d when all (or any) of k's conditions hold against their `rise` thresholds; it has let go of k when it has data and the same test against `fall` is false;
///   target = the highest k that at least `regionsNeeded` regions meet;
///   if target > l: l = target from d on (several levels at once); all levels l+1..target start their actions, once for each activation;
///   else if l > 0, at least `minimumStay` days have passed since the last change, and fewer than `regionsNeeded` regions still hold l: l = l - 1 from d on.
/// A day on which no region has data changes nothing. An activation runs from 0 to 0.
interface IEmergencyResponse {
    enum Measure {
        NULL,
        VALUE,
        GROWTH
    }

    enum ActionKind {
        NULL,
        RAISE_DEMAND,
        RELEASE_MONEY,
        OPEN_FAST_PATH
    }

    enum ActionStatus {
        NULL,
        PENDING,
        DONE,
        FAILED,
        DROPPED
    }

    /// @notice One trigger. @param measure VALUE: the figure of the day; GROWTH: figure of the day less that `window` days before, in basis points of the latter (no data or zero then: not met).
    /// @param rise At or above it is met. @param fall Below it has let go; not above `rise`.
    struct Condition {
        Measure measure;
        uint16 window;
        uint64 rise;
        uint64 fall;
    }

    /// @notice One preset action. @param region Region that it acts on, within the plan's scope. 
    /// RAISE_DEMAND: units = min(ceiling, base + rate x figure of the region / 1000) of `material`, to be claimed for `duration` seconds.
    /// RELEASE_MONEY: `spender` may spend up to `ceiling` base units from the line of `earmark` for `duration`.
    /// OPEN_FAST_PATH: up to `ceiling` units of unaudited demand for `duration`.
    struct Action {
        ActionKind kind;
        bytes32 region;
        uint64 material;
        uint64 base;
        uint64 rate;
        uint128 ceiling;
        address spender;
        uint40 duration;
        IMaterialLedger.Earmark earmark;
    }

    /// @param all True when all conditions must hold, false when any. @param minimumStay Days at the least before it may fall.
    struct LevelSpec {
        bool all;
        uint16 minimumStay;
        Condition[] conditions;
        Action[] actions;
    }

    /// @notice A plan, readable in full. @param kind Type of emergency. @param regions Scope, at most 64; `feeds` one for each. @param regionsNeeded How many must meet.
    /// @param timeToLive Seconds after the newest evaluated day's end after which an activation lapses without fresh data. @param firstDay First unix day that it evaluates.
    struct PlanSpec {
        bytes32 kind;
        uint16 regionsNeeded;
        uint32 firstDay;
        uint40 timeToLive;
        bytes32[] regions;
        address[] feeds;
        LevelSpec[] levels;
    }

    /// @notice Where a plan stands. @param lastDay Last day evaluated. @param since Day of the last change of level. @param activation Number of the running or last activation.
    struct PlanState {
        uint8 level; // slot 0
        uint8 highest;
        uint32 lastDay;
        uint32 lastDataDay;
        uint32 since;
        uint32 activation;
        uint40 effectiveFrom;
        bool standingDown;
    }

    /// @notice A started action.
    struct ActionRecord {
        bytes32 plan; // slot 0
        uint32 activation; // slot 1
        uint32 day;
        uint8 level;
        uint8 index;
        ActionStatus status;
        uint64 result;
        uint128 quantity;
    }

    event PlanProposed(bytes32 indexed plan, address indexed proposer, uint40 effectiveFrom, bytes32 content);
    event Activated(bytes32 indexed plan, uint32 indexed activation, uint32 day);
    event LevelChanged(bytes32 indexed plan, uint32 indexed activation, uint32 indexed day, uint8 from, uint8 to);
    event RegionFigure(bytes32 indexed plan, uint32 indexed day, bytes32 indexed region, uint64 value, uint64 growth, uint8 meets);
    event ActionStarted(uint64 indexed action, bytes32 indexed plan, uint32 indexed activation, uint8 level, uint8 index, ActionKind kind);
    event ActionDone(uint64 indexed action, ActionKind kind, uint64 result, uint128 quantity);
    event ActionFailed(uint64 indexed action, bytes reason);
    event Ended(bytes32 indexed plan, uint32 indexed activation, uint32 day, bytes32 reason);

    error PlanExists(bytes32 plan);
    error UnknownPlan(bytes32 plan);
    error PlanNotEffective(bytes32 plan, uint40 from);
    error EmptyPlan();
    error TooMany(bytes32 what, uint256 given, uint256 most);
    error BadCondition(uint256 level, uint256 index);
    error ThresholdsCross(uint256 level, uint256 index);
    error LevelsOverlap(uint256 level);
    error BadAction(uint256 level, uint256 index);
    error OutOfScope(bytes32 region);
    error BadFeed(address feed);
    error NothingToEvaluate(bytes32 plan, uint32 lastDay);
    error UnknownAction(uint64 action);
    error ActionNotPending(uint64 action, ActionStatus status);
    error NotActivated(bytes32 plan);
    error NotLapsed(bytes32 plan, uint40 at);
    error OnlySelf();
    error NotCoordinator(address caller);

    function plan(bytes32 id) external view returns (PlanSpec memory);
    function stateOf(bytes32 id) external view returns (PlanState memory);
    function actionRecord(uint64 id) external view returns (ActionRecord memory);
    function actionCount() external view returns (uint64);

    /// @notice What a poke over at most `maxDays` would do now: the level, the day on which it would hold, and the actions that would start (level and index).
    function nextPlan(bytes32 id, uint32 maxDays)
        external
        view
        returns (uint8 level, uint32 day, uint8[] memory levels, uint8[] memory indices);

    /// @notice Proposes a plan, in force after a delay. @dev Only the planner role. `LevelsOverlap`: a level's rise thresholds must not lie below those of the level before (same measure and window).
    function propose(bytes32 id, PlanSpec calldata spec) external;

    /// @notice Evaluates at most `maxDays` days with data, then runs the actions that started. Anyone may call.
    /// @dev Reverts with `NothingToEvaluate` when no new day has data. An action that fails stays FAILED with its reason and can be retried by anyone; others go on.
    function poke(bytes32 id, uint32 maxDays) external returns (uint8 level);

    /// @notice Retries a failed action while its activation runs; anyone may.
    function retry(uint64 actionId) external;

    /// @notice Ends an activation whose data is older than the plan's time to live; anyone may. Its failed actions are dropped.
    function lapse(bytes32 id) external;

    /// @notice An active coordinator stands a plan down; it starts again only by its triggers, from level 0, on a later day.
    function standDown(bytes32 id, bytes32 reason) external;
}
