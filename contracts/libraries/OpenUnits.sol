// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";

/// @title OpenUnits
/// @notice Units by level of urgency, four counters of 64 bits in one word, LOW in the lowest.
/// @dev The demands of a recipient hold less than 2^40 units of a material: no counter reaches into its neighbour before
/// sixteen million recipients are registered. The sum of words is the word of the sums. NULL has units only where that is said.
library OpenUnits {
    /// @notice Units of one level.
    function unitsAt(uint256 all, IDemandBook.Level level) internal pure returns (uint64) {
        return uint64(all >> _shift(level));
    }

    /// @notice A word with nothing but these units at `level`, to be added to another or taken off; nothing for NULL.
    function word(IDemandBook.Level level, uint256 units) internal pure returns (uint256) {
        if (level == IDemandBook.Level.NULL) return 0;
        return units << _shift(level);
    }

    /// @notice All these with `units` more at `level`. @dev Reverts where the counter would leave its 64 bits.
    function plus(uint256 all, IDemandBook.Level level, uint64 units)
        internal
        pure
        returns (uint256)
    {
        uint256 shift = _shift(level);
        uint64 sum = unitsAt(all, level) + units;
        return (all & ~(uint256(type(uint64).max) << shift)) | (uint256(sum) << shift);
    }

    function _shift(IDemandBook.Level level) private pure returns (uint256) {
        unchecked {
            return 64 * (uint256(level) - 1);
        }
    }
}
