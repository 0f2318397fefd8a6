// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";

/// @title Urgency
/// @notice The level of urgency that the facts of need give.
library Urgency {
    /// @notice CRITICAL, HIGH or MEDIUM with stock for less than their threshold, else LOW, and one level higher
    /// for a vulnerable facility; LOW without any use, whoever asks.
    /// @param stock Units in stock when the facts were stated. @param dailyUse Units used a day.
    /// @param elapsed Seconds since then. @param vulnerable True for a facility that moves up one level.
    /// @param thresholds Seconds of stock.
    /// @dev Exact: both sides of each comparison are multiplied by the use, so nothing is rounded.
    function levelOf(
        uint40 stock,
        uint40 dailyUse,
        uint256 elapsed,
        bool vulnerable,
        IDemandBook.Thresholds memory thresholds
    ) internal pure returns (IDemandBook.Level) {
        if (dailyUse == 0) return IDemandBook.Level.LOW;
        uint256 level = uint256(IDemandBook.Level.LOW);
        // A product of 40 bits of units and a time of less than 64 bits stays far below 256.
        unchecked {
            uint256 had = uint256(stock) * 1 days;
            uint256 used = uint256(dailyUse) * elapsed;
            uint256 left = had > used ? had - used : 0;
            if (left < uint256(dailyUse) * thresholds.critical) {
                return IDemandBook.Level.CRITICAL;
            }
            if (left < uint256(dailyUse) * thresholds.high) {
                level = uint256(IDemandBook.Level.HIGH);
            } else if (left < uint256(dailyUse) * thresholds.medium) {
                level = uint256(IDemandBook.Level.MEDIUM);
            }
            if (vulnerable) ++level;
        }
        return IDemandBook.Level(level);
    }

    /// @notice What a unit served at this level counts in a score: 64, 16, 4, 1 from CRITICAL down.
    function weightOf(IDemandBook.Level level) internal pure returns (uint256) {
        return 1 << 2 * (uint256(level) - 1);
    }
}
