// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";

/// @dev How far a load has come, in one word, so that a handover as planned changes nothing else. From the lowest bit:
/// state (8), changes of custody (4), known places of its route (4), whether units were set aside (1), whether it went otherwise than planned (1),
/// from bit 24 when it was formed (40), clear of recalls as of (32), seconds from forming to each of the first five changes of custody (32 each, which
/// last for 136 years).
type Journey is uint256;

using Journeys for Journey global;

/// @title Journeys
/// @notice Reads and changes the word that says how far a load has come.
library Journeys {
    /// @notice Changes of custody whose times the word holds.
    uint256 internal constant TIMES = 5;

    uint256 private constant _SEQUENCE = 8;
    uint256 private constant _STOPS = 12;
    uint256 private constant _COUNT = 15;
    uint256 private constant _AMENDED = 1 << 16;
    uint256 private constant _DETOURED = 1 << 17;
    uint256 private constant _FORMED = 24;
    uint256 private constant _CLEAR = 64;
    uint256 private constant _TIMES = 96;

    /// @notice The word of a load that is formed now, with so many known places in its route, none of its lots recalled as of `epoch`.
    function start(uint256 stopCount, uint32 epoch) internal view returns (Journey) {
        return Journey.wrap(
            uint8(IMaterialLedger.ParcelState.ALLOCATED) | (stopCount << _STOPS)
                | (uint256(uint40(block.timestamp)) << _FORMED) | (uint256(epoch) << _CLEAR)
        );
    }

    /// @notice State of what rides; NULL when there is no load.
    function state(Journey self) internal pure returns (IMaterialLedger.ParcelState) {
        return IMaterialLedger.ParcelState(uint8(Journey.unwrap(self)));
    }

    /// @notice Changes of custody so far.
    function sequence(Journey self) internal pure returns (uint256) {
        return Journey.unwrap(self) >> _SEQUENCE & _COUNT;
    }

    /// @notice Known places of its route.
    function stops(Journey self) internal pure returns (uint256) {
        return Journey.unwrap(self) >> _STOPS & _COUNT;
    }

    /// @notice True when it has ended, in whatever way.
    function hasEnded(Journey self) internal pure returns (bool) {
        IMaterialLedger.ParcelState present = self.state();
        return present != IMaterialLedger.ParcelState.ALLOCATED
            && present != IMaterialLedger.ParcelState.IN_TRANSIT
            && present != IMaterialLedger.ParcelState.NULL;
    }

    /// @notice True when what it carries is no longer what its waybill says.
    function isAmended(Journey self) internal pure returns (bool) {
        return Journey.unwrap(self) & _AMENDED != 0;
    }

    /// @notice True when custody has changed otherwise than its waybill says.
    function isDetoured(Journey self) internal pure returns (bool) {
        return Journey.unwrap(self) & _DETOURED != 0;
    }

    /// @notice Unix second at which it was formed.
    function formedAt(Journey self) internal pure returns (uint40) {
        return uint40(Journey.unwrap(self) >> _FORMED);
    }

    /// @notice The recall epoch as of which none of its lots was recalled.
    function clear(Journey self) internal pure returns (uint32) {
        return uint32(Journey.unwrap(self) >> _CLEAR);
    }

    /// @notice Unix second of a change of custody, one of the first `TIMES`.
    function timeOf(Journey self, uint256 change) internal pure returns (uint40) {
        uint256 word = Journey.unwrap(self);
        // 1 to 5 times 32 bits; a time that was reached.
        unchecked {
            return uint40(word >> _FORMED) + uint32(word >> (_TIMES - 32 + 32 * change));
        }
    }

    /// @notice With another state.
    function withState(Journey self, IMaterialLedger.ParcelState next)
        internal
        pure
        returns (Journey)
    {
        return Journey.wrap((Journey.unwrap(self) & ~uint256(type(uint8).max)) | uint8(next));
    }

    /// @notice Cleared as of another epoch.
    function withClear(Journey self, uint32 epoch) internal pure returns (Journey) {
        uint256 mask = uint256(type(uint32).max) << _CLEAR;
        return Journey.wrap((Journey.unwrap(self) & ~mask) | (uint256(epoch) << _CLEAR));
    }

    /// @notice With units set aside.
    function amended(Journey self) internal pure returns (Journey) {
        return Journey.wrap(Journey.unwrap(self) | _AMENDED);
    }

    /// @notice With a change of custody that was not planned so.
    function detoured(Journey self) internal pure returns (Journey) {
        return Journey.wrap(Journey.unwrap(self) | _DETOURED);
    }

    /// @notice With one change of custody more; its time is here if it is one of the first `TIMES`.
    function advanced(Journey self, uint40 at) internal pure returns (Journey) {
        uint256 word = Journey.unwrap(self);
        // At most 13 changes, none before forming.
        unchecked {
            uint256 change = self.sequence() + 1;
            if (change >= self.stops()) word += 1 << _STOPS;
            if (change <= TIMES) {
                uint256 later = uint32(at - uint40(word >> _FORMED));
                word |= later << (_TIMES - 32 + 32 * change);
            }
            word += 1 << _SEQUENCE;
        }
        return Journey.wrap(word);
    }
}
