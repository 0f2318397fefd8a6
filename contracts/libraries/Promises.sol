// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";

/// @dev An allocation in half a word. From the lowest bit: status (3), level (3), chosen by the holder (1), full hour since
/// 1970 from which it can be booked for a day (21, which last until 2209), units (40), offer (30), demand (30).
type Promise is uint256;

using Promises for Promise global;

/// @title Promises
/// @notice Reads and changes the half word of an allocation, and the word of two: of the ids 2n and 2n + 1.
library Promises {
    /// @notice Greatest id of an offer and of a demand.
    uint64 internal constant MAX_ID = 2 ** 30 - 1;

    uint256 private constant _HALF = 128;
    uint256 private constant _STATUS = 0x7;
    uint256 private constant _LEVEL = 3;
    uint256 private constant _BY_HOLDER = 6;
    uint256 private constant _HOUR = 7;
    uint256 private constant _UNITS = 28;
    uint256 private constant _OFFER = 68;
    uint256 private constant _DEMAND = 98;

    /// @notice An allocation that is made now; what is told of it fits.
    function made(
        uint256 demandId,
        uint256 offerId,
        uint256 unitsOfIt,
        IDemandBook.Level servedAs,
        bool chosen
    ) internal view returns (Promise) {
        unchecked {
            uint256 hour = (block.timestamp + 1 hours - 1) / 1 hours;
            return Promise.wrap(
                uint256(IDemandEscrow.AllocationStatus.ALLOCATED) | (uint256(servedAs) << _LEVEL)
                    | (uint256(chosen ? 1 : 0) << _BY_HOLDER) | (hour << _HOUR)
                    | (unitsOfIt << _UNITS) | (offerId << _OFFER) | (demandId << _DEMAND)
            );
        }
    }

    /// @notice The allocation of this id in the word that it shares; of status NULL when there is none.
    function halfOf(uint256 word, uint256 id) internal pure returns (Promise) {
        return Promise.wrap(uint128(word >> _HALF * (id & 1)));
    }

    /// @notice The shared word with this allocation in its half.
    function withHalf(uint256 word, uint256 id, Promise self) internal pure returns (uint256) {
        uint256 shift = _HALF * (id & 1);
        return (word & ~(uint256(type(uint128).max) << shift)) | (Promise.unwrap(self) << shift);
    }

    /// @notice Where it is in its life.
    function status(Promise self) internal pure returns (IDemandEscrow.AllocationStatus) {
        return IDemandEscrow.AllocationStatus(Promise.unwrap(self) & _STATUS);
    }

    /// @notice The level under which it was served.
    function level(Promise self) internal pure returns (IDemandBook.Level) {
        return IDemandBook.Level((Promise.unwrap(self) >> _LEVEL) & 0x7);
    }

    /// @notice True when the holder of the goods chose the demand.
    function byHolder(Promise self) internal pure returns (bool) {
        return (Promise.unwrap(self) >> _BY_HOLDER) & 1 == 1;
    }

    /// @notice Unix second from which its time to be booked counts: a full hour, up to one after it was made.
    function at(Promise self) internal pure returns (uint40) {
        return uint40(((Promise.unwrap(self) >> _HOUR) & (2 ** 21 - 1)) * 1 hours);
    }

    /// @notice Its units.
    function units(Promise self) internal pure returns (uint40) {
        return uint40(Promise.unwrap(self) >> _UNITS);
    }

    /// @notice The offer from which it is.
    function offer(Promise self) internal pure returns (uint64) {
        return uint64((Promise.unwrap(self) >> _OFFER) & MAX_ID);
    }

    /// @notice The demand that it serves.
    function demand(Promise self) internal pure returns (uint64) {
        return uint64((Promise.unwrap(self) >> _DEMAND) & MAX_ID);
    }

    /// @notice With another status.
    function withStatus(Promise self, IDemandEscrow.AllocationStatus next)
        internal
        pure
        returns (Promise)
    {
        return Promise.wrap((Promise.unwrap(self) & ~_STATUS) | uint256(next));
    }

    /// @notice With so many units less, of those that it has.
    function less(Promise self, uint40 gone) internal pure returns (Promise) {
        return Promise.wrap(Promise.unwrap(self) - (uint256(gone) << _UNITS));
    }
}
