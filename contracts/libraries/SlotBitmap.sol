// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title SlotBitmap
/// @notice Whole hours of unix time as bits, 256 to a storage word; a window of at most 256 hours touches at most two words.
library SlotBitmap {
    /// @notice Most slots in one window.
    uint32 internal constant MAX_SLOTS = 256;

    /// @notice Hours that are taken.
    struct Calendar {
        mapping(uint256 word => uint256 bits) words;
    }

    /// @notice Slots [from, to), with 1 to `MAX_SLOTS` of them.
    struct Window {
        uint32 from;
        uint32 to;
    }

    /// @notice The slots touched by the seconds [from, to): the first is rounded down, the end up.
    function touching(uint40 from, uint40 to) internal pure returns (Window memory) {
        return
            Window({
                from: uint32(from / 1 hours), to: uint32((uint256(to) + 1 hours - 1) / 1 hours)
            });
    }

    /// @notice The first slot of the window that is taken.
    function firstTaken(Calendar storage self, Window memory window)
        internal
        view
        returns (bool found, uint32 slot)
    {
        (uint256 low, uint256 high) = _masks(window);
        uint256 word = window.from / 256;
        uint256 clash = self.words[word] & low;
        if (clash == 0 && high != 0) clash = self.words[++word] & high;
        // The lowest bit alone is a power of two.
        if (clash != 0) return (true, uint32(word * 256 + Math.log2(clash & (~clash + 1))));
    }

    /// @notice Takes the window's slots.
    function take(Calendar storage self, Window memory window) internal {
        (uint256 low, uint256 high) = _masks(window);
        uint256 word = window.from / 256;
        self.words[word] |= low;
        if (high != 0) self.words[word + 1] |= high;
    }

    /// @notice Gives the window's slots back.
    function free(Calendar storage self, Window memory window) internal {
        (uint256 low, uint256 high) = _masks(window);
        uint256 word = window.from / 256;
        self.words[word] &= ~low;
        if (high != 0) self.words[word + 1] &= ~high;
    }

    /// @dev The window's bits in its first word and in the next.
    function _masks(Window memory window) private pure returns (uint256 low, uint256 high) {
        uint256 offset = window.from % 256;
        uint256 count = window.to - window.from;
        uint256 bits = count == 256 ? type(uint256).max : (uint256(1) << count) - 1;
        low = bits << offset;
        if (offset != 0) high = bits >> (256 - offset);
    }
}
