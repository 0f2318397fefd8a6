// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";

/// @title Urgency
/// @notice The level of urgency that the facts of need give.
/// @dev Exact: less than T is left when T and the time gone by are together more than the stock lasts. As both are whole seconds, it
/// does no harm that what the stock lasts is rounded down. Units have 40 bits and times less than 64, so nothing overflows.
library Urgency {
    /// @notice CRITICAL, HIGH or MEDIUM with stock for less than their threshold, else LOW, and one level higher
    /// for a vulnerable facility; LOW without any use, whoever asks.
    /// @param stock Units in stock when the facts were stated. @param dailyUse Units used a day.
    /// @param elapsed Seconds since then. @param vulnerable True for a facility that moves up one level.
    /// @param thresholds Seconds of stock.
    function levelOf(
        uint40 stock,
        uint40 dailyUse,
        uint256 elapsed,
        bool vulnerable,
        IDemandBook.Thresholds memory thresholds
    ) internal pure returns (IDemandBook.Level) {
        if (dailyUse == 0) return IDemandBook.Level.LOW;
        uint256 level = uint256(IDemandBook.Level.LOW);
        unchecked {
            uint256 lasts = uint256(stock) * 1 days / dailyUse;
            if (elapsed + thresholds.critical > lasts) return IDemandBook.Level.CRITICAL;
            if (elapsed + thresholds.high > lasts) level = uint256(IDemandBook.Level.HIGH);
            else if (elapsed + thresholds.medium > lasts) level = uint256(IDemandBook.Level.MEDIUM);
            if (vulnerable) ++level;
        }
        return IDemandBook.Level(level);
    }

    /// @notice Seconds after the facts were stated from which the next threshold is undercut; the greatest uint64 when none is left.
    function changesAfter(
        uint40 stock,
        uint40 dailyUse,
        uint256 elapsed,
        IDemandBook.Thresholds memory thresholds
    ) internal pure returns (uint256) {
        if (dailyUse == 0) return type(uint64).max;
        unchecked {
            uint256 lasts = uint256(stock) * 1 days / dailyUse;
            if (elapsed + thresholds.critical > lasts) return type(uint64).max;
            if (elapsed + thresholds.high > lasts) return lasts - thresholds.critical + 1;
            if (elapsed + thresholds.medium > lasts) return lasts - thresholds.high + 1;
            return lasts - thresholds.medium + 1;
        }
    }

    /// @notice What a unit served at this level counts in a score: 64, 16, 4, 1 from CRITICAL down.
    function weightOf(IDemandBook.Level level) internal pure returns (uint256) {
        unchecked {
            return 1 << 2 * (uint256(level) - 1);
        }
    }
}
