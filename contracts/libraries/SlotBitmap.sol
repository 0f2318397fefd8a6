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

    /// @notice What is left of a window from a second on, which is rounded up to the hour; nothing when it is over by then.
    function since(Window memory self, uint40 second) internal pure returns (Window memory) {
        uint256 first = (uint256(second) + 1 hours - 1) / 1 hours;
        if (first > self.to) first = self.to;
        return Window({from: first > self.from ? uint32(first) : self.from, to: self.to});
    }

    /// @notice Up to 128 slots from `from` on, the first as the lowest bit.
    function read(Calendar storage self, Side side, uint256 from, uint256 count)
        internal
        view
        returns (uint256)
    {
        uint256 shift = side == Side.CREW ? _HOURS : 0;
        uint256 low = uint128(self.words[from / _HOURS] >> shift);
        uint256 high = uint128(self.words[from / _HOURS + 1] >> shift);
        return (low | high << _HOURS) >> (from % _HOURS) & ((1 << count) - 1);
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
        // The window reaches into the word: it ends behind the word's first slot, and the words of all hours have fewer than 64 bits.
        unchecked {
            uint256 first = word * _HOURS;
            uint256 low = window.from > first ? window.from - first : 0;
            uint256 high = window.to - first;
            if (high > _HOURS) high = _HOURS;
            return ((1 << high) - (1 << low)) << (side == Side.CREW ? _HOURS : 0);
        }
    }
}
