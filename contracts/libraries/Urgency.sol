// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";

/// @title Urgency
/// @notice The level of urgency that the facts of need give.
library Urgency {
    /// @notice The facts as they were stated, and the time since.
    /// @param stock Units in stock then. @param dailyUse Units used a day.
    /// @param elapsed Seconds since. @param vulnerable True for a facility that moves up one level.
    struct Facts {
        uint256 stock;
        uint256 dailyUse;
        uint256 elapsed;
        bool vulnerable;
    }

    /// @notice CRITICAL with stock for under 24 hours, HIGH under 72, MEDIUM under 168, else LOW, and one level higher
    /// for a vulnerable facility; LOW without any use, whoever asks.
    /// @dev Exact: both sides of each comparison are multiplied by the use, so nothing is rounded.
    function levelOf(Facts memory facts) internal pure returns (IDemandBook.Level) {
        if (facts.dailyUse == 0) return IDemandBook.Level.LOW;
        uint256 had = facts.stock * 1 days;
        uint256 used = facts.dailyUse * facts.elapsed;
        uint256 left = had > used ? had - used : 0;
        uint256 level = uint256(IDemandBook.Level.LOW);
        if (left < facts.dailyUse * 24 hours) level = uint256(IDemandBook.Level.CRITICAL);
        else if (left < facts.dailyUse * 72 hours) level = uint256(IDemandBook.Level.HIGH);
        else if (left < facts.dailyUse * 168 hours) level = uint256(IDemandBook.Level.MEDIUM);
        if (facts.vulnerable && level < uint256(IDemandBook.Level.CRITICAL)) ++level;
        return IDemandBook.Level(level);
    }

    /// @notice What a unit served at this level counts in a score: 64, 16, 4, 1 from CRITICAL down.
    function weightOf(IDemandBook.Level level) internal pure returns (uint256) {
        return 4 ** (uint256(level) - 1);
    }
}
