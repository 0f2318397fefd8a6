// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";

/// @title OpenUnits
/// @notice Units by level of urgency, four counters of 64 bits in one word, LOW in the lowest.
/// @dev A counter that would leave its 64 bits reverts; none ever reaches into its neighbour.
library OpenUnits {
    /// @notice Units of one level.
    function unitsAt(uint256 word, IDemandBook.Level level) internal pure returns (uint64) {
        return uint64(word >> _shift(level));
    }

    /// @notice The word with `units` more at `level`.
    function plus(uint256 word, IDemandBook.Level level, uint64 units)
        internal
        pure
        returns (uint256)
    {
        return _with(word, level, unitsAt(word, level) + units);
    }

    /// @notice The word with `units` fewer at `level`.
    function minus(uint256 word, IDemandBook.Level level, uint64 units)
        internal
        pure
        returns (uint256)
    {
        return _with(word, level, unitsAt(word, level) - units);
    }

    function _with(uint256 word, IDemandBook.Level level, uint64 units)
        private
        pure
        returns (uint256)
    {
        uint256 shift = _shift(level);
        return (word & ~(uint256(type(uint64).max) << shift)) | (uint256(units) << shift);
    }

    function _shift(IDemandBook.Level level) private pure returns (uint256) {
        return 64 * (uint256(level) - 1);
    }
}
