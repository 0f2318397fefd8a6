// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";

/// @title BookingWords
/// @notice A booking encoded by copying its words.
/// @dev The words are not looked at: who uses this has each of them read elsewhere, which refuses dirty bits. Where each list stands in the call data, and what else
/// is there, is up to who submits; here they stand as `abi.encode` puts them.
library BookingWords {
    /// @dev Twenty-eight words, four of which say where the lists begin.
    uint256 private constant _HEAD = 0x380;
    uint256 private constant _FIRST_LIST = 6;

    /// @notice `abi.encode(first, booking)`.
    function encode(uint256 first, IFreightEscrow.Booking calldata booking)
        internal
        pure
        returns (bytes memory data)
    {
        uint256 head;
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(add(data, 0x20), first)
            mstore(add(data, 0x40), 0x40)
            head := add(data, 0x60)
            calldatacopy(head, booking, _HEAD)
        }
        uint256 size = _appendLists(head, booking);
        assembly ("memory-safe") {
            mstore(data, add(size, 0x40))
            mstore(0x40, add(head, size))
        }
    }

    /// @dev Returns the size of all.
    function _appendLists(uint256 head, IFreightEscrow.Booking calldata booking)
        private
        pure
        returns (uint256 size)
    {
        address[] calldata devices = booking.devices;
        uint64[] calldata allocations = booking.allocations;
        uint64[] calldata parcels = booking.parcels;
        IFreightEscrow.LegRequest[] calldata legs = booking.legs;
        size = _HEAD;
        uint256 source;
        assembly ("memory-safe") {
            source := devices.offset
        }
        size = _append(head, size, 0, source, devices.length, 1);
        assembly ("memory-safe") {
            source := allocations.offset
        }
        size = _append(head, size, 1, source, allocations.length, 1);
        assembly ("memory-safe") {
            source := parcels.offset
        }
        size = _append(head, size, 2, source, parcels.length, 1);
        assembly ("memory-safe") {
            source := legs.offset
        }
        size = _append(head, size, 3, source, legs.length, 9);
    }

    /// @dev Appends a list of `length` members of so many words each. Returns the size with it.
    function _append(
        uint256 head,
        uint256 size,
        uint256 list,
        uint256 source,
        uint256 length,
        uint256 words
    ) private pure returns (uint256) {
        uint256 bytesOfAll = length * words * 0x20;
        assembly ("memory-safe") {
            mstore(add(head, mul(add(_FIRST_LIST, list), 0x20)), size)
            mstore(add(head, size), length)
            calldatacopy(add(add(head, size), 0x20), source, bytesOfAll)
        }
        return size + 0x20 + bytesOfAll;
    }
}
