// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";

/// @title LineWords
/// @notice A line that the escrow has the book serve, and the book's answer, a word each.
/// @dev A line, from the lowest bit: units (64), demand (64), offer (64), which the book does not read. So lines in the order of their words are
/// in the order of offer and demand. An answer: level (8), daily use (40).
library LineWords {
    /// @notice Units of an offer for a demand.
    function line(uint64 offer, uint64 demand, uint64 units) internal pure returns (uint256) {
        return uint256(units) | (uint256(demand) << 64) | (uint256(offer) << 128);
    }

    /// @notice The units of a line.
    function unitsOf(uint256 word) internal pure returns (uint64) {
        return uint64(word);
    }

    /// @notice The demand of a line.
    function demandOf(uint256 word) internal pure returns (uint64) {
        return uint64(word >> 64);
    }

    /// @notice The offer of a line.
    function offerOf(uint256 word) internal pure returns (uint64) {
        return uint64(word >> 128);
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
