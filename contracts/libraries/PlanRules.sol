// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IEmergencyResponse} from "../../interfaces/IEmergencyResponse.sol";

/// @title PlanRules
/// @notice How a plan's level follows from a day's figures: pure, so that anyone can compute the same.
library PlanRules {
    /// @notice One whole, in basis points.
    uint256 internal constant WHOLE = 10_000;
    /// @notice Most regions of a plan; the width of a level's part in the word of who holds what.
    uint256 internal constant MAX_REGIONS = 64;

    /// @notice Reasons for which an activation ends by itself.
    bytes32 internal constant CALM = "CALM";
    bytes32 internal constant LAPSED = "LAPSED";

    /// @notice What decides about one level.
    struct Level {
        bool all;
        uint16 minimumStay;
        IEmergencyResponse.Condition[] conditions;
    }

    /// @notice What decides about a plan's level. @param windows The windows of its growth conditions, each once.
    struct Rules {
        uint16 regionsNeeded;
        uint40 timeToLive;
        uint16[] windows;
        Level[] levels;
    }

    /// @notice A region's figures of one day. @param growths Basis points, one for each of `Rules.windows`.
    /// @param growthsKnown False where there was no figure, or zero, that many days before. @param meets Highest level that it meets.
    struct Reading {
        bool known;
        uint8 meets;
        uint64 value;
        uint64[] growths;
        bool[] growthsKnown;
    }

    /// @notice What a day changes. @param activated True when a new activation began. @param startAbove Levels above it, up to `to`, start their actions.
    /// @param ended Why an activation ended; zero when none did.
    struct Change {
        uint8 from;
        uint8 to;
        uint8 startAbove;
        bool activated;
        bytes32 ended;
    }

    /// @notice Growth from `base` to `value` in basis points of `base`, rounded down; a fall is no growth.
    /// @dev From nothing to nothing is no growth; from nothing to something is not known.
    function growth(uint64 base, uint64 value)
        internal
        pure
        returns (bool known, uint64 basisPoints)
    {
        if (base == 0) return (value == 0, 0);
        if (value <= base) return (true, 0);
        uint256 exact = (uint256(value - base) * WHOLE) / base;
        return (true, exact > type(uint64).max ? type(uint64).max : uint64(exact));
    }

    /// @notice Takes one day into `state`, and who holds which level into `holding`.
    /// @dev `holding`: bit `(level - 1) * 64 + region`. A region without data keeps its bits: silence is not calm.
    function step(
        Rules memory rules,
        Reading[] memory readings,
        IEmergencyResponse.PlanState memory state,
        uint256 holding,
        uint32 day
    ) internal pure returns (Change memory change, uint256 newHolding) {
        (bool anyData, uint8 target, uint256 holds) = _assess(rules, readings, holding);
        change = _move(rules, state, day, anyData, target, holds);
        newHolding = holds;
    }

    /// @notice How many regions hold a level.
    function holders(uint256 holding, uint256 level) internal pure returns (uint256 count) {
        uint256 bits = (holding >> ((level - 1) * MAX_REGIONS)) & type(uint64).max;
        for (; bits != 0; bits &= bits - 1) {
            ++count;
        }
    }

    function _move(
        Rules memory rules,
        IEmergencyResponse.PlanState memory state,
        uint32 day,
        bool anyData,
        uint8 target,
        uint256 holding
    ) private pure returns (Change memory change) {
        uint8 level = state.level;
        change.from = level;
        change.to = level;
        state.lastDay = day;
        if (!anyData) {
            if (level != 0 && uint256(day - state.lastDataDay) * 1 days >= rules.timeToLive) {
                _end(state, change, day, LAPSED);
            }
            return change;
        }
        state.lastDataDay = day;
        if (state.standingDown && target <= state.highest) {
            if (target == 0 && holders(holding, 1) < rules.regionsNeeded) {
                state.standingDown = false;
            }
            return change;
        }
        if (target > level) {
            _rise(state, change, day, target);
        } else if (
            level != 0 && day - state.since >= rules.levels[level - 1].minimumStay
                && holders(holding, level) < rules.regionsNeeded
        ) {
            if (level == 1) {
                _end(state, change, day, CALM);
            } else {
                change.to = level - 1;
                state.level = level - 1;
                state.since = day;
            }
        }
    }

    function _rise(
        IEmergencyResponse.PlanState memory state,
        Change memory change,
        uint32 day,
        uint8 target
    ) private pure {
        if (state.level == 0) {
            change.activated = true;
            ++state.activation;
            // Stood down while its triggers held: what it has already started does not start again.
            if (!state.standingDown) state.highest = 0;
            state.standingDown = false;
        }
        change.to = target;
        change.startAbove = state.highest;
        if (target > state.highest) state.highest = target;
        state.level = target;
        state.since = day;
    }

    function _end(
        IEmergencyResponse.PlanState memory state,
        Change memory change,
        uint32 day,
        bytes32 reason
    ) private pure {
        change.to = 0;
        change.ended = reason;
        state.level = 0;
        state.since = day;
    }

    function _assess(Rules memory rules, Reading[] memory readings, uint256 holding)
        private
        pure
        returns (bool anyData, uint8 target, uint256 holds)
    {
        holds = holding;
        uint256 levels = rules.levels.length;
        uint256[] memory meeting = new uint256[](levels);
        for (uint256 region; region < readings.length; ++region) {
            Reading memory reading = readings[region];
            reading.meets = 0;
            if (!reading.known) continue;
            anyData = true;
            for (uint256 index; index < levels; ++index) {
                uint256 bit = 1 << (index * MAX_REGIONS + region);
                if (_passes(rules, index, reading, true)) {
                    ++meeting[index];
                    reading.meets = uint8(index + 1);
                }
                if (_passes(rules, index, reading, false)) holds |= bit;
                else holds &= ~bit;
            }
        }
        for (uint256 index = levels; index != 0 && target == 0; --index) {
            if (meeting[index - 1] >= rules.regionsNeeded) target = uint8(index);
        }
    }

    /// @dev An unknown growth neither raises a level nor lets go of one.
    function _passes(Rules memory rules, uint256 index, Reading memory reading, bool rising)
        private
        pure
        returns (bool)
    {
        Level memory level = rules.levels[index];
        for (uint256 i; i < level.conditions.length; ++i) {
            IEmergencyResponse.Condition memory condition = level.conditions[i];
            uint64 measured = reading.value;
            bool known = true;
            if (condition.measure == IEmergencyResponse.Measure.GROWTH) {
                uint256 window = _indexOf(rules.windows, condition.window);
                known = reading.growthsKnown[window];
                measured = reading.growths[window];
            }
            bool passes = known ? measured >= (rising ? condition.rise : condition.fall) : !rising;
            if (passes != level.all) return passes;
        }
        return level.all;
    }

    function _indexOf(uint16[] memory windows, uint16 window) private pure returns (uint256 index) {
        while (windows[index] != window) ++index;
    }
}
