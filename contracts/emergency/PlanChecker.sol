// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IEmergencyResponse} from "../../interfaces/IEmergencyResponse.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {FeedReader} from "../libraries/FeedReader.sol";
import {PlanRules} from "../libraries/PlanRules.sol";

/// @title PlanChecker
/// @notice Says whether a proposed plan can be carried out; part of EmergencyResponse, which makes it.
contract PlanChecker {
    uint256 private constant MAX_LEVELS = 4;
    uint256 private constant MAX_CONDITIONS = 8;
    uint256 private constant MAX_ACTIONS = 16;
    uint40 private constant MIN_TIME_TO_LIVE = 1 days;
    uint40 private constant MAX_TIME_TO_LIVE = 60 days;
    uint40 private constant MAX_DURATION = 365 days;

    IParticipantRegistry private immutable REGISTRY;

    constructor(IParticipantRegistry registry) {
        REGISTRY = registry;
    }

    /// @notice Returns silently when the plan is good, else reverts with an error of IEmergencyResponse that says where it is not.
    function check(bytes32 id, IEmergencyResponse.PlanSpec calldata spec) external view {
        _checkScope(spec);
        _checkLevels(id, spec);
    }

    function _checkScope(IEmergencyResponse.PlanSpec calldata spec) private view {
        uint256 count = spec.regions.length;
        if (count == 0 || spec.levels.length == 0 || spec.kind == 0) {
            revert IEmergencyResponse.EmptyPlan();
        }
        if (spec.regionsNeeded == 0 || spec.firstDay == 0) revert IEmergencyResponse.EmptyPlan();
        if (count > PlanRules.MAX_REGIONS) {
            revert IEmergencyResponse.TooMany("regions", count, PlanRules.MAX_REGIONS);
        }
        if (spec.feeds.length != count) revert IEmergencyResponse.LengthMismatch();
        if (spec.regionsNeeded > count) {
            revert IEmergencyResponse.TooMany("regionsNeeded", spec.regionsNeeded, count);
        }
        if (spec.timeToLive < MIN_TIME_TO_LIVE || spec.timeToLive > MAX_TIME_TO_LIVE) {
            revert IEmergencyResponse.BadTimeToLive(spec.timeToLive);
        }
        for (uint256 i; i < count; ++i) {
            bytes32 region = spec.regions[i];
            address feed = spec.feeds[i];
            // Reverts with `UnknownRegion`.
            REGISTRY.parentOf(region);
            if (!FeedReader.isFeed(feed)) revert IEmergencyResponse.BadFeed(feed);
            for (uint256 j; j < i; ++j) {
                if (spec.regions[j] == region) revert IEmergencyResponse.DuplicateRegion(region);
                if (spec.feeds[j] == feed) revert IEmergencyResponse.BadFeed(feed);
            }
        }
    }

    function _checkLevels(bytes32 id, IEmergencyResponse.PlanSpec calldata spec) private view {
        uint256 count = spec.levels.length;
        if (count > MAX_LEVELS) revert IEmergencyResponse.TooMany("levels", count, MAX_LEVELS);
        for (uint256 i; i < count; ++i) {
            IEmergencyResponse.LevelSpec calldata level = spec.levels[i];
            if (level.conditions.length > MAX_CONDITIONS) {
                revert IEmergencyResponse.TooMany(
                    "conditions", level.conditions.length, MAX_CONDITIONS
                );
            }
            if (level.actions.length > MAX_ACTIONS) {
                revert IEmergencyResponse.TooMany("actions", level.actions.length, MAX_ACTIONS);
            }
            _checkConditions(level.conditions, i + 1);
            if (i != 0) _checkOrder(spec.levels[i - 1].conditions, level.conditions, i + 1);
            for (uint256 j; j < level.actions.length; ++j) {
                _requireInScope(spec.regions, level.actions[j].region);
                if (!_isGood(id, level.actions[j])) revert IEmergencyResponse.BadAction(i + 1, j);
            }
        }
    }

    function _checkConditions(IEmergencyResponse.Condition[] calldata conditions, uint256 level)
        private
        pure
    {
        if (conditions.length == 0) revert IEmergencyResponse.BadCondition(level, 0);
        for (uint256 i; i < conditions.length; ++i) {
            IEmergencyResponse.Condition calldata condition = conditions[i];
            bool growth = condition.measure == IEmergencyResponse.Measure.GROWTH;
            if (
                condition.measure == IEmergencyResponse.Measure.NULL
                    || growth != (condition.window != 0) || condition.rise == 0
            ) {
                revert IEmergencyResponse.BadCondition(level, i);
            }
            if (condition.fall > condition.rise) {
                revert IEmergencyResponse.ThresholdsCross(level, i);
            }
        }
    }

    function _checkOrder(
        IEmergencyResponse.Condition[] calldata lower,
        IEmergencyResponse.Condition[] calldata higher,
        uint256 level
    ) private pure {
        for (uint256 i; i < higher.length; ++i) {
            for (uint256 j; j < lower.length; ++j) {
                bool same =
                    higher[i].measure == lower[j].measure && higher[i].window == lower[j].window;
                if (same && higher[i].rise < lower[j].rise) {
                    revert IEmergencyResponse.LevelsOverlap(level);
                }
            }
        }
    }

    function _requireInScope(bytes32[] calldata regions, bytes32 region) private view {
        for (uint256 i; i < regions.length; ++i) {
            if (regions[i] == region) return;
        }
        for (uint256 i; i < regions.length; ++i) {
            if (REGISTRY.isWithin(region, regions[i])) return;
        }
        revert IEmergencyResponse.OutOfScope(region);
    }

    function _isGood(bytes32 id, IEmergencyResponse.Action calldata action)
        private
        view
        returns (bool)
    {
        if (action.ceiling == 0 || action.duration == 0 || action.duration > MAX_DURATION) {
            return false;
        }
        if (action.kind == IEmergencyResponse.ActionKind.RELEASE_MONEY) {
            return action.spender != address(0) && _isOurs(id, action.region, action.earmark);
        }
        if (action.ceiling > type(uint64).max) return false;
        if (action.kind == IEmergencyResponse.ActionKind.RAISE_DEMAND) {
            return action.material != 0 && (action.base != 0 || action.rate != 0);
        }
        return action.kind == IEmergencyResponse.ActionKind.OPEN_FAST_PATH;
    }

    /// @dev Whether money given by an earmark may serve a plan's action in a region.
    function _isOurs(bytes32 id, bytes32 region, IMaterialLedger.Earmark calldata earmark)
        private
        view
        returns (bool)
    {
        bytes32 scope = earmark.scope;
        if (earmark.kind == IMaterialLedger.EarmarkKind.NONE) return scope == 0;
        if (earmark.kind == IMaterialLedger.EarmarkKind.EMERGENCY) return scope == id;
        if (earmark.kind == IMaterialLedger.EarmarkKind.REGION) {
            // As the fund has it: money is given for provinces. Reverts with `UnknownRegion`.
            if (scope == 0 || REGISTRY.provinceOf(scope) != scope) return false;
            return REGISTRY.isWithin(region, scope) || REGISTRY.isWithin(scope, region);
        }
        return earmark.kind == IMaterialLedger.EarmarkKind.FACILITY
            && REGISTRY.isWithin(REGISTRY.participant(REGISTRY.accountOf(scope)).region, region);
    }
}
