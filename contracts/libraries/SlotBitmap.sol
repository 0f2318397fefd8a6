// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title SlotBitmap
/// @notice Whole hours of unix time as bits, 256 to a storage word: 128 hours of a vehicle and the same 128 of a crew, so that a leg
/// for which a carrier sends a pair writes one word.
library SlotBitmap {
    /// @notice Most slots in one window.
    uint32 internal constant MAX_SLOTS = 256;

    /// @dev Hours of each side in a word.
    uint256 private constant _HOURS = 128;

    /// @notice Whose hours: those in the lower half of each word, or those in the upper.
    enum Side {
        VEHICLE,
        CREW
    }

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
    function firstTaken(Calendar storage self, Side side, Window memory window)
        internal
        view
        returns (bool found, uint32 slot)
    {
        for (uint256 word = window.from / _HOURS; word * _HOURS < window.to; ++word) {
            uint256 clash = self.words[word] & _mask(side, window, word);
            // The lowest bit alone is a power of two.
            if (clash != 0) {
                return (true, uint32(word * _HOURS + Math.log2(clash & (~clash + 1)) % _HOURS));
            }
        }
    }

    /// @notice Takes the window's slots.
    function take(Calendar storage self, Side side, Window memory window) internal {
        for (uint256 word = window.from / _HOURS; word * _HOURS < window.to; ++word) {
            self.words[word] |= _mask(side, window, word);
        }
    }

    /// @notice Gives the window's slots back.
    function free(Calendar storage self, Side side, Window memory window) internal {
        for (uint256 word = window.from / _HOURS; word * _HOURS < window.to; ++word) {
            self.words[word] &= ~_mask(side, window, word);
        }
    }

    /// @dev The window's bits in a word that it touches.
    function _mask(Side side, Window memory window, uint256 word) private pure returns (uint256) {
        uint256 first = word * _HOURS;
        uint256 low = window.from > first ? window.from - first : 0;
        uint256 high = Math.min(window.to - first, _HOURS);
        return ((1 << high) - (1 << low)) << (side == Side.CREW ? _HOURS : 0);
    }
}
