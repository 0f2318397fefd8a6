// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";

/// @title LineWords
/// @notice A line that the escrow has the book serve, and the book's answer, a word each.
library LineWords {
    /// @notice Units for a demand.
    function asked(uint64 demand, uint64 units) internal pure returns (uint256) {
        return uint256(demand) | (uint256(units) << 64);
    }

    /// @notice The demand of a line.
    function demandOf(uint256 line) internal pure returns (uint64) {
        return uint64(line);
    }

    /// @notice The units of a line.
    function unitsOf(uint256 line) internal pure returns (uint64) {
        return uint64(line >> 64);
    }

    /// @notice Served at this level, to a demand that uses so many units a day. Never zero, which stands for not served.
    function served(IDemandBook.Level level, uint40 dailyUse) internal pure returns (uint256) {
        return uint256(level) | (uint256(dailyUse) << 8);
    }

    /// @notice The level of an answer; NULL when the line was not served.
    function levelOf(uint256 answer) internal pure returns (IDemandBook.Level) {
        return IDemandBook.Level(uint8(answer));
    }

    /// @notice The daily use of an answer, units.
    function dailyUseOf(uint256 answer) internal pure returns (uint256) {
        return answer >> 8;
    }
}
