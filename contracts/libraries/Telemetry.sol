// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";

/// @title Telemetry
/// @notice How a chain of batches is hashed, what is told of a batch in two words, and how exposure is reckoned.
library Telemetry {
    bytes32 internal constant BATCH_TYPEHASH = keccak256(
        "Batch(uint64 consignment,uint32 sequence,bytes32 previous,bytes32 root,uint64 firstIndex,uint64 lastIndex,uint40 firstTime,uint40 lastTime,int16 temperatureMin,int16 temperatureMax,uint16 humidityMin,uint16 humidityMax,uint64 temperatureExposure,uint64 humidityExposure,uint32 longestGap,uint40 deadline)"
    );

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

    /// @dev The last bit of a chain's hash is not used: the monitor keeps a flag there.
    bytes32 private constant _CHAIN_BITS = ~bytes32(uint256(1));

    /// @notice Where the chain of a watch begins.
    function start(uint64 consignment, IConditionMonitor.Watch memory watch)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(consignment, watch)) & _CHAIN_BITS;
    }

    /// @notice The chain with one more batch.
    function follow(bytes32 origin, bytes32 previous, IConditionMonitor.Point memory point_)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(origin, previous, point_.batch, point_.figures)) & _CHAIN_BITS;
    }

    /// @notice What is told of a batch.
    function point(IConditionMonitor.Batch calldata batch)
        internal
        pure
        returns (IConditionMonitor.Point memory)
    {
        uint256 figures = uint256(batch.firstTime) << 200 | uint256(batch.lastTime) << 160
            | uint256(batch.longestGap) << 128 | uint256(batch.temperatureExposure) << 64
            | batch.humidityExposure;
        return IConditionMonitor.Point(hash(batch), figures);
    }

    /// @notice Unix seconds of the first reading.
    function firstTime(uint256 figures) internal pure returns (uint40) {
        return uint40(figures >> 200);
    }

    /// @notice Unix seconds of the last reading.
    function lastTime(uint256 figures) internal pure returns (uint40) {
        return uint40(figures >> 160);
    }

    /// @notice Longest time between two adjacent readings, seconds.
    function longestGap(uint256 figures) internal pure returns (uint32) {
        return uint32(figures >> 128);
    }

    /// @notice Running exposure at the last reading, centidegree-seconds.
    function temperature(uint256 figures) internal pure returns (uint64) {
        return uint64(figures >> 64);
    }

    /// @notice Running exposure at the last reading, centipercent-seconds.
    function humidity(uint256 figures) internal pure returns (uint64) {
        return uint64(figures);
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
