// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title PrefixSums
/// @notice Sums over the first entries of a list that grows at its end, while any entry may be added to: each act costs
/// as many steps as the list's length has binary digits, an entry appended almost nothing.
/// @dev A node of level l and block b holds the sum of the entries b * 2^l to (b + 1) * 2^l - 1. Only nodes with an even
/// block are kept, since only these are ever asked for.
library PrefixSums {
    struct Tree {
        mapping(uint256 node => uint128) sums;
    }

    /// @notice Adds `amount` to the entry `index` of a list of `length` entries.
    function add(Tree storage self, uint32 index, uint32 length, uint128 amount) internal {
        for (uint256 level = 0; (uint256(1) << level) < length; ++level) {
            uint256 block_ = index >> level;
            if (block_ & 1 == 0) self.sums[_node(level, block_)] += amount;
        }
    }

    /// @notice Tells of a new entry `index`, so far zero, after entries that add up to `total`.
    /// @dev Where it is the first beyond a power of two, the sum of all before it is asked for from now on.
    function append(Tree storage self, uint32 index, uint128 total) internal {
        if (total == 0 || index == 0 || index & (index - 1) != 0) return;
        uint256 level = 0;
        while ((uint256(1) << level) < index) ++level;
        self.sums[_node(level, 0)] = total;
    }

    /// @notice Sum of the entries before `index`.
    function before(Tree storage self, uint32 index) internal view returns (uint128 sum) {
        for (uint256 level = 0; (uint256(1) << level) <= index; ++level) {
            uint256 block_ = index >> level;
            if (block_ & 1 == 1) sum += self.sums[_node(level, block_ - 1)];
        }
    }

    function _node(uint256 level, uint256 block_) private pure returns (uint256) {
        return (level << 64) | block_;
    }
}
