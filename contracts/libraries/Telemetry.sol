// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";

/// @title Telemetry
/// @notice How a chain of batches is hashed, what is told of a batch in two words, and how exposure is reckoned.
library Telemetry {
    bytes32 internal constant BATCH_TYPEHASH = keccak256(
        "Batch(uint64 consignment,uint32 sequence,bytes32 previous,bytes32 root,uint64 firstIndex,uint64 lastIndex,uint40 firstTime,uint40 lastTime,int16 temperatureMin,int16 temperatureMax,uint16 humidityMin,uint16 humidityMax,uint64 temperatureExposure,uint64 humidityExposure,uint32 longestGap,uint40 deadline)"
    );

    /// @dev The last bit of a chain's hash is not used: the monitor keeps a flag there.
    bytes32 internal constant CHAIN_BITS = ~bytes32(uint256(1));

    /// @notice EIP-712 struct hash of a batch.
    /// @dev Sixteen members of one word each: they are encoded as they came. Dirty bits make another hash, which nobody has signed.
    function hash(IConditionMonitor.Batch calldata batch) internal pure returns (bytes32 result) {
        bytes32 typeHash = BATCH_TYPEHASH;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 0x20), batch, 0x200)
            result := keccak256(words, 0x220)
        }
    }

    /// @notice Where the chain of a watch begins: `keccak256(abi.encode(consignment, watch))`, its last bit cleared.
    /// @dev Six words as they came: with dirty bits it is not the watch that was opened.
    function start(uint64 consignment, IConditionMonitor.Watch calldata watch)
        internal
        pure
        returns (bytes32 result)
    {
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, consignment)
            calldatacopy(add(words, 0x20), watch, 0xc0)
            result := keccak256(words, 0xe0)
        }
        return result & CHAIN_BITS;
    }

    /// @notice The chain with one more batch: `keccak256(abi.encode(beginning, previous, batch, figures))`, its last bit cleared.
    function follow(bytes32 beginning, bytes32 previous, bytes32 batch, uint256 word)
        internal
        pure
        returns (bytes32 result)
    {
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, beginning)
            mstore(add(words, 0x20), previous)
            mstore(add(words, 0x40), batch)
            mstore(add(words, 0x60), word)
            result := keccak256(words, 0x80)
        }
        return result & CHAIN_BITS;
    }

    /// @notice What is told of a batch beside its struct hash: `IConditionMonitor.Point.figures`.
    /// @dev Of a batch on record, whose readings lie at different seconds of the past and whose exposure its extremes allow, each fits its bits.
    function figures(IConditionMonitor.Batch calldata batch) internal pure returns (uint256) {
        return uint256(batch.sequence) << 248 | uint256(batch.lastIndex) << 208
            | uint256(batch.firstTime) << 168 | uint256(batch.lastTime) << 128
            | uint256(batch.longestGap) << 96 | uint256(batch.temperatureExposure) << 48
            | batch.humidityExposure;
    }

    /// @notice Batches before this one.
    function sequence(uint256 word) internal pure returns (uint256) {
        return word >> 248;
    }

    /// @notice Index of the last reading.
    function lastIndex(uint256 word) internal pure returns (uint256) {
        return uint40(word >> 208);
    }

    /// @notice Unix seconds of the first reading.
    function firstTime(uint256 word) internal pure returns (uint40) {
        return uint40(word >> 168);
    }

    /// @notice Unix seconds of the last reading.
    function lastTime(uint256 word) internal pure returns (uint40) {
        return uint40(word >> 128);
    }

    /// @notice Longest time between two adjacent readings, seconds.
    function longestGap(uint256 word) internal pure returns (uint32) {
        return uint32(word >> 96);
    }

    /// @notice Running exposure at the last reading, centidegree-seconds.
    function temperature(uint256 word) internal pure returns (uint64) {
        return uint48(word >> 48);
    }

    /// @notice Running exposure at the last reading, centipercent-seconds.
    function humidity(uint256 word) internal pure returns (uint64) {
        return uint48(word);
    }

    /// @notice Exposure in the first `part` of the `whole` seconds between two adjacent readings, beyond both sides of a band.
    /// @dev Each side is rounded down. In favour of whoever is charged with the part; the rest of the interval is charged to the next.
    function exposureRoundedDown(
        uint256 part,
        uint256 whole,
        int256 before,
        int256 later,
        int256 low,
        int256 high
    ) internal pure returns (uint256) {
        return _beyond(int256(part), int256(whole), before - high, later - high)
            + _beyond(int256(part), int256(whole), low - before, low - later);
    }

    /// @dev The integral from 0 to `part` of what is above zero of the line from (0, a) to (whole, b).
    function _beyond(int256 part, int256 whole, int256 a, int256 b) private pure returns (uint256) {
        // Where the line stands at `part`, times `whole`.
        int256 end = a * (whole - part) + b * part;
        if (a >= 0 && end >= 0) return uint256((a * whole + end) * part / (2 * whole));
        if (a > 0) return uint256(a * a * whole / (2 * (a - b)));
        if (end > 0) return uint256(end * end / (2 * whole * (b - a)));
        return 0;
    }
}
