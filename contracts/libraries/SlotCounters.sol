// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title SlotCounters
/// @notice A count of up to 255 for each whole hour of unix time, 32 hours to a storage word.
library SlotCounters {
    struct Counters {
        mapping(uint256 word => uint256 counts) words;
    }

    /// @notice The count of an hour.
    function at(Counters storage self, uint256 slot) internal view returns (uint8) {
        return uint8(self.words[slot / 32] >> _shift(slot));
    }

    /// @notice Counts one more; the caller has seen that it is less than 255.
    function increase(Counters storage self, uint256 slot) internal {
        self.words[slot / 32] += 1 << _shift(slot);
    }

    /// @notice Counts one less; the caller has counted it before.
    function decrease(Counters storage self, uint256 slot) internal {
        self.words[slot / 32] -= 1 << _shift(slot);
    }

    function _shift(uint256 slot) private pure returns (uint256) {
        return slot % 32 * 8;
    }
}
