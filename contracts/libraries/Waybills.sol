// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";

/// @dev A waybill in memory: `bytes` as the account's code has them.
type Waybill is uint256;

using Waybills for Waybill global;

/// @title Waybills
/// @notice What a load carries and which way it is to go, written once as the code of an account that is never run. A word of code costs 6,400
/// to write where a word of storage costs 22,100, and all of it is read for the price of one.
/// @dev Code: STOP, number of places (1), content (32), then each place (custodian 20, station 4), then each parcel (id 6, since 5, former 6).
library Waybills {
    /// @notice A parcel on a waybill.
    /// @param since Unix seconds since when it had rested. @param former The consignment whose load carried it before, or zero.
    struct Entry {
        uint64 parcel;
        uint40 since;
        uint64 former;
    }

    uint256 private constant _HEAD = 34;
    uint256 private constant _PLACE = 24;
    uint256 private constant _ENTRY = 17;
    uint256 private constant _MOST_PLACES = 14;

    /// @dev Copies what follows it into the new account.
    uint256 private constant _CREATION = 0x600b5981380380925939f3;
    uint256 private constant _CREATION_SIZE = 11;

    /// @notice Writes the `number`-th waybill of this contract, which creates no other account: else it is not where it is sought.
    /// @return True when it is.
    function write(
        uint64 number,
        bytes32 loaded,
        IMaterialLedger.Stop[] memory places,
        Entry[] memory entries
    ) internal returns (bool) {
        uint256 size = _HEAD + _PLACE * places.length + _ENTRY * entries.length;
        // One word more, so that the last number is written within.
        bytes memory code = new bytes(_CREATION_SIZE + size + 32);
        uint256 end = _put(_at(code, 0), _CREATION, _CREATION_SIZE);
        end = _put(_put(end, places.length, 2), uint256(loaded), 32);
        for (uint256 i; i < places.length; ++i) {
            end = _put(_put(end, uint160(places[i].custodian), 20), places[i].station, 4);
        }
        for (uint256 i; i < entries.length; ++i) {
            Entry memory entry = entries[i];
            end = _put(_put(_put(end, entry.parcel, 6), entry.since, 5), entry.former, 6);
        }
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), add(size, _CREATION_SIZE))
        }
        return made != address(0) && made == _addressOf(number);
    }

    /// @notice Reads the `number`-th waybill of this contract; empty where there is none.
    function read(uint64 number) internal view returns (Waybill) {
        address kept = _addressOf(number);
        return _copy(kept, kept.code.length);
    }

    /// @notice Reads it without its parcels, at the same cost however many there are.
    function readWay(uint64 number) internal view returns (Waybill) {
        return _copy(_addressOf(number), _HEAD + _PLACE * _MOST_PLACES);
    }

    /// @notice Hash of what was loaded.
    function content(Waybill self) internal pure returns (bytes32) {
        return bytes32(_get(self, 2, 32));
    }

    /// @notice Places on the way, the consignor's first.
    function placeCount(Waybill self) internal pure returns (uint256) {
        return _get(self, 1, 1);
    }

    /// @notice Who takes custody at a place of the plan, and where; nobody beyond its end.
    function place(Waybill self, uint256 index)
        internal
        pure
        returns (address custodian, uint32 station)
    {
        if (index >= self.placeCount()) return (address(0), 0);
        uint256 at = _HEAD + _PLACE * index;
        return (address(uint160(_get(self, at, 20))), uint32(_get(self, at + 20, 4)));
    }

    /// @notice Parcels that were loaded.
    function parcels(Waybill self) internal pure returns (uint64[] memory ids) {
        uint256 at = _HEAD + _PLACE * self.placeCount();
        ids = new uint64[]((_size(self) - at) / _ENTRY);
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = uint64(_get(self, at + _ENTRY * i, 6));
        }
    }

    /// @notice What it says of a parcel; nothing of one that was not loaded.
    function entryOf(Waybill self, uint64 parcel) internal pure returns (Entry memory entry) {
        uint256 size = _size(self);
        for (uint256 at = _HEAD + _PLACE * self.placeCount(); at < size; at += _ENTRY) {
            if (_get(self, at, 6) != parcel) continue;
            return Entry(parcel, uint40(_get(self, at + 6, 5)), uint64(_get(self, at + 11, 6)));
        }
    }

    /// @dev Where the account is that this contract has created as its `nonce`-th.
    function _addressOf(uint64 nonce) private view returns (address) {
        // RLP of (this, nonce): a nonce below 128 is its own encoding.
        uint256 size = nonce < 0x80 ? 0 : Math.log256(nonce) + 1;
        uint256 listed = (0xd694 + (size << 8)) << 160 | uint160(address(this));
        listed =
            size == 0 ? listed << 8 | nonce : (listed << 8 | (0x80 + size)) << (8 * size) | nonce;
        bytes32 hashed;
        assembly ("memory-safe") {
            mstore(0, shl(sub(72, mul(size, 8)), listed))
            hashed := keccak256(0, add(size, 23))
        }
        return address(uint160(uint256(hashed)));
    }

    function _copy(address kept, uint256 size) private view returns (Waybill bill) {
        assembly ("memory-safe") {
            bill := mload(0x40)
            mstore(bill, size)
            extcodecopy(kept, add(bill, 0x20), 0, size)
            // One word more, so that the last entry is read within.
            mstore(0x40, and(add(add(bill, size), 0x5f), not(0x1f)))
        }
    }

    function _size(Waybill self) private pure returns (uint256 size) {
        assembly ("memory-safe") {
            size := mload(self)
        }
    }

    /// @dev The `size` bytes at `offset` as a number.
    function _get(Waybill self, uint256 offset, uint256 size) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, mul(size, 8)), mload(add(add(self, 0x20), offset)))
        }
    }

    function _at(bytes memory data, uint256 offset) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := add(add(data, 0x20), offset)
        }
    }

    /// @dev Writes a number of `size` bytes at a pointer, and what comes after it anew. Returns the pointer behind it.
    function _put(uint256 pointer, uint256 value, uint256 size) private pure returns (uint256) {
        assembly ("memory-safe") {
            mstore(pointer, shl(sub(256, mul(size, 8)), value))
        }
        return pointer + size;
    }
}
