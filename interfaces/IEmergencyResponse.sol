// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "./IMaterialLedger.sol";

/// @title IEmergencyResponse
/// @notice Plans: triggers (type, degree, intensity, scope), levels, actions; activation, escalation, standing down.
/// @dev Plans read nothing but AggregatorV3Interface, with capped gas and bounded return data; a feed's round is a unix day (seconds / 86,400).
/// `poke` walks every day since the last, so that who pokes when does not change the outcome (INV-EMG-3). Missing data never counts as calm.
/// Evaluation of day d, at level l (0 = calm):
///   day d is ripe once every region of the scope has a figure for it, or once a full day has passed since its end: a poke cannot run ahead of a slow region;
///   a region meets level k on d when all (or any) of k's conditions hold against their `rise` thresholds; with data it holds k when the same test against `fall` is true; without data on d it holds what it held before;
///   target = the highest k that at least `regionsNeeded` regions meet;
///   if target > l: l = target from d on (several levels at once); all levels l+1..target start their actions, once for each activation;
///   else if l > 0, at least `minimumStay` days have passed since the last change, and fewer than `regionsNeeded` regions still hold l: l = l - 1 from d on.
/// A day on which no region has data changes nothing, but that an activation lapses on the first day that is `timeToLive` or more after the last day with data.
/// An activation runs from 0 to 0. After a coordinator stood it down, and until its triggers have let go, a plan starts again only above the highest level
/// that it had reached, and only with the actions of the levels above it: standing down and starting again multiplies nothing (INV-EMG-4).
/// A figure is what the feed says when the day is evaluated; a later revision does not open the day again.
/// Trust: a planner names feeds and ceilings, for all to read a day before they are in force; a feed may lie or be silent, not block; who pokes is not trusted at all.
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

    /// @notice One trigger. @param measure VALUE: the figure of the day; GROWTH: figure of the day less that `window` days before, in basis points of the latter, rounded down; a fall counts as no growth (no data then, or something where nothing was: neither met nor let go).
    /// @param rise At or above it is met. @param fall Below it has let go; not above `rise`.
    struct Condition {
        Measure measure;
        uint16 window;
        uint64 rise;
        uint64 fall;
    }

    /// @notice One preset action. @param region Region that it acts on: one of the plan's or below it.
    /// RAISE_DEMAND: units = min(ceiling, base + rate x figure / 1000) of `material`, to be claimed for `duration` seconds; the figure is that of the
    /// plan's region on the day the action started, or the newest of the 7 days before.
    /// RELEASE_MONEY: `spender` may spend up to `ceiling` base units from the line of `earmark` for `duration`. The earmark is none, a province that contains or lies in
    /// `region`, a facility in `region`, or this plan.
    /// OPEN_FAST_PATH: up to `ceiling` units of unaudited demand for `duration`.
    /// `duration` counts from the moment of execution; more than zero, at most a year.
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

    /// @notice Where a plan stands. @param highest Highest level whose actions have started. @param lastDay Last day evaluated. @param lastDataDay Last of them with data.
    /// @param since Day of the last change of level. @param activation Number of the running or last activation.
    /// @param standingDown True from a coordinator's order until the triggers have let go, or go higher.
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

    /// @notice A started action. @param index Its place in the level's actions. @param status DROPPED once its activation ended before it was done.
    /// @param result Id of the raise or release; zero for a fast path. @param quantity Units or base units.
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

    /// @param content keccak256(abi.encode(spec)).
    event PlanProposed(
        bytes32 indexed plan, address indexed proposer, uint40 effectiveFrom, bytes32 content
    );
    event Activated(bytes32 indexed plan, uint32 indexed activation, uint32 day);
    event LevelChanged(
        bytes32 indexed plan, uint32 indexed activation, uint32 indexed day, uint8 from, uint8 to
    );
    /// @notice A region's figure as evaluated. @param growth Over the window of the plan's first growth condition; zero when not known. @param meets Highest level that it meets.
    event RegionFigure(
        bytes32 indexed plan,
        uint32 indexed day,
        bytes32 indexed region,
        uint64 value,
        uint64 growth,
        uint8 meets
    );
    /// @param level Level to which it belongs.
    event ActionStarted(
        uint64 indexed action,
        bytes32 indexed plan,
        uint32 indexed activation,
        uint8 level,
        uint8 index,
        ActionKind kind
    );
    event ActionDone(uint64 indexed action, ActionKind kind, uint64 result, uint128 quantity);
    event ActionFailed(uint64 indexed action, bytes reason);
    /// @param reason `CALM`, `LAPSED`, or the coordinator's.
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
    error DuplicateRegion(bytes32 region);
    error LengthMismatch();
    error BadTimeToLive(uint40 timeToLive);
    error NoFigure(bytes32 region, uint32 day);
    error TooLittleGas();
    error BadFeed(address feed);
    error NothingToEvaluate(bytes32 plan, uint32 lastDay);
    /// @notice Ripe days are to be evaluated first: they may end the activation.
    error DaysWait(bytes32 plan, uint32 lastDay);
    error UnknownAction(uint64 action);
    error ActionNotPending(uint64 action, ActionStatus status);
    error NotActivated(bytes32 plan);
    error NotLapsed(bytes32 plan, uint40 at);
    error NotCoordinator(address caller);

    /// @notice Seconds between a plan's proposal and its being in force.
    function PLAN_DELAY() external view returns (uint40);
    /// @notice Seconds after a day's end after which it is evaluated with the figures that are there.
    function CLOSING() external view returns (uint40);

    /// @dev Reverts with `UnknownPlan`.
    function plan(bytes32 id) external view returns (PlanSpec memory);
    function stateOf(bytes32 id) external view returns (PlanState memory);
    function actionRecord(uint64 id) external view returns (ActionRecord memory);
    function actionCount() external view returns (uint64);

    /// @notice What a poke over at most `maxDays` would do now: the level, the day from which it would hold, and the actions that would be carried out (level and index), none while ripe days would be left.
    function nextPlan(bytes32 id, uint32 maxDays)
        external
        view
        returns (uint8 level, uint32 day, uint8[] memory levels, uint8[] memory indices);

    /// @notice Proposes a plan, in force after a delay. @dev Only the planner role. `LevelsOverlap`: a level's rise thresholds must not lie below those of the level before (same measure and window). At most 64 regions, 4 levels, and for each level 8 conditions and 16 actions; levels are counted from 1, conditions and actions from 0.
    function propose(bytes32 id, PlanSpec calldata spec) external;

    /// @notice Evaluates at most `maxDays` ripe days, then, when no ripe day is left, runs the actions that started and whose activation still runs. Anyone may call.
    /// @dev Reverts with `NothingToEvaluate` when no new day is ripe. An action that fails stays FAILED with its reason and can be retried by anyone; others go on.
    /// Reverts with `TooLittleGas` rather than let a feed or an action fail for want of gas.
    function poke(bytes32 id, uint32 maxDays) external returns (uint8 level);

    /// @notice Runs an action that failed, or that started while ripe days were left, while its activation runs; anyone may. One that fails again stays FAILED.
    /// @dev Reverts with `ActionNotPending`, or with `DaysWait` while a ripe day is left.
    function retry(uint64 actionId) external;

    /// @notice Ends an activation whose data is older than the plan's time to live; anyone may. Its failed actions are dropped.
    /// @dev The same as a poke over at most 64 ripe days, but reverts with `NotLapsed` unless that is how the activation ends (`at`: when it can do so at the earliest, as far as is known).
    function lapse(bytes32 id) external;

    /// @notice An active coordinator stands a plan down; it starts again only by its triggers, from level 0, on a later day (see above).
    /// Its failed actions are dropped; what is done stays done until its own end.
    function standDown(bytes32 id, bytes32 reason) external;
}
