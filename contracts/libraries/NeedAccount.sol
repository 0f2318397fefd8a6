// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";

/// @title NeedAccount
/// @notice What one recipient has asked of one material, six counters of 40 bits in one word: open units by level, LOW in
/// the lowest, then all that it has asked, then what it has on hand.
/// @dev All counters are parts of what it has asked, which has a limit below 2^40: none reaches into its neighbour.
library NeedAccount {
    uint256 private constant _LANE = 40;
    uint256 private constant _ASKED = 4 * _LANE;
    uint256 private constant _ON_HAND = 5 * _LANE;

    /// @notice The counters.
    function read(uint256 word) internal pure returns (IDemandBook.Account memory) {
        return IDemandBook.Account({
            low: uint40(word),
            medium: uint40(word >> _LANE),
            high: uint40(word >> 2 * _LANE),
            critical: uint40(word >> 3 * _LANE),
            asked: askedIn(word),
            onHand: onHandIn(word)
        });
    }

    /// @notice Units asked.
    function askedIn(uint256 word) internal pure returns (uint40) {
        return uint40(word >> _ASKED);
    }

    /// @notice Units on hand.
    function onHandIn(uint256 word) internal pure returns (uint40) {
        return uint40(word >> _ON_HAND);
    }

    /// @notice A word with nothing but these open units at `level`, to be added to an account or taken off.
    function open(IDemandBook.Level level, uint256 units) internal pure returns (uint256) {
        if (level == IDemandBook.Level.NULL) return 0;
        unchecked {
            return units << _LANE * (uint256(level) - 1);
        }
    }

    /// @notice The same of units asked.
    function asked(uint256 units) internal pure returns (uint256) {
        return units << _ASKED;
    }

    /// @notice The same of units on hand.
    function onHand(uint256 units) internal pure returns (uint256) {
        return units << _ON_HAND;
    }
}
