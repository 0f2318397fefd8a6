// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";

/// @title Urgency
/// @notice The level of urgency that the facts of need give.
library Urgency {
    /// @notice CRITICAL with stock for under 24 hours, HIGH under 72, MEDIUM under 168, else LOW, and one level higher
    /// for a vulnerable facility; LOW without any use, whoever asks.
    /// @param stock Units in stock when the facts were stated. @param dailyUse Units used a day.
    /// @param elapsed Seconds since then. @param vulnerable True for a facility that moves up one level.
    /// @dev Exact: both sides of each comparison are multiplied by the use, so nothing is rounded.
    function levelOf(uint256 stock, uint256 dailyUse, uint256 elapsed, bool vulnerable)
        internal
        pure
        returns (IDemandBook.Level)
    {
        if (dailyUse == 0) return IDemandBook.Level.LOW;
        uint256 level = uint256(IDemandBook.Level.LOW);
        // Units are below 2^40 and seconds below 2^40: no product leaves 2^128.
        unchecked {
            uint256 had = stock * 1 days;
            uint256 used = dailyUse * elapsed;
            uint256 left = had > used ? had - used : 0;
            if (left < dailyUse * 24 hours) level = uint256(IDemandBook.Level.CRITICAL);
            else if (left < dailyUse * 72 hours) level = uint256(IDemandBook.Level.HIGH);
            else if (left < dailyUse * 168 hours) level = uint256(IDemandBook.Level.MEDIUM);
            if (vulnerable && level < uint256(IDemandBook.Level.CRITICAL)) ++level;
        }
        return IDemandBook.Level(level);
    }

    /// @notice What a unit served at this level counts in a score: 64, 16, 4, 1 from CRITICAL down.
    function weightOf(IDemandBook.Level level) internal pure returns (uint256) {
        return 1 << 2 * (uint256(level) - 1);
    }
}
