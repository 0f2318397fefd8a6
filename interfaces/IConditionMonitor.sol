// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IConditionMonitor
/// @notice What the devices signed: for each consignment a chain of telemetry batches with running exposure.
/// @dev Trust: a device signs what its sensor read; its operator answers for it. Summaries are checked against each other as far as one batch shows;
/// the root commits to every reading. Exposure is the integral of the distance outside the band over time, in integer
/// centidegree-seconds and centipercent-seconds, linear between readings, running from the first reading of the consignment.
interface IConditionMonitor {
    /// @notice What is watched in a consignment.
    /// @param device The device that signs. @param temperatureMin Band of the terms, hundredths of a degree Celsius. @param humidityMin Band, hundredths of a percent.
    struct Watch {
        address device; // slot 0
        int16 temperatureMin;
        int16 temperatureMax;
        uint16 humidityMin;
        uint16 humidityMax;
        uint32 batches; // slot 1
        uint40 lastTime;
        uint64 temperatureExposure;
        uint64 humidityExposure;
        uint32 longestGap;
        uint64 readings; // slot 2
        bytes32 lastHash; // slot 3
    }

    /// @notice A signed batch of readings, see `BATCH_TYPEHASH`.
    /// @param sequence 0 for the first; the nonce.
    /// @param previous Struct hash of the batch before, zero for the first.
    /// @param root Merkle root over the leaves (OpenZeppelin standard tree: double keccak of the abi-encoded reading).
    /// @param firstIndex Index of its first reading in the consignment; follows the last of the batch before.
    /// @param firstTime Unix seconds of its first reading. @param lastTime Of its last.
    /// @param temperatureExposure Running exposure at its last reading, centidegree-seconds. @param humidityExposure The same in centipercent-seconds.
    /// @param longestGap Longest time between two adjacent readings, from the last of the batch before on, seconds.
    struct Batch {
        uint64 consignment;
        uint32 sequence;
        bytes32 previous;
        bytes32 root;
        uint64 firstIndex;
        uint64 lastIndex;
        uint40 firstTime;
        uint40 lastTime;
        int16 temperatureMin;
        int16 temperatureMax;
        uint16 humidityMin;
        uint16 humidityMax;
        uint64 temperatureExposure;
        uint64 humidityExposure;
        uint32 longestGap;
        uint40 deadline;
    }

    /// @notice Running exposure at a moment.
    struct Checkpoint {
        uint40 time; // slot 0
        uint64 temperatureExposure;
        uint64 humidityExposure;
        uint32 longestGap;
    }

    event WatchOpened(uint64 indexed consignment, address indexed device);
    event BatchRecorded(uint64 indexed consignment, uint32 indexed sequence, address indexed device, bytes32 root, uint40 firstTime, uint40 lastTime, uint64 readings, uint64 temperatureExposure, uint64 humidityExposure);

    error NotWriter(address caller);
    error NotWatched(uint64 consignment);
    error AlreadyWatched(uint64 consignment);
    error DeviceNotUsable(address device, uint40 at);
    error BadSignature(address device);
    error Expired(uint40 deadline);
    error WrongSequence(uint64 consignment, uint32 expected, uint32 given);
    error WrongPrevious(uint64 consignment, bytes32 expected, bytes32 given);
    error WrongIndex(uint64 consignment, uint64 expected, uint64 given);
    error TimesOutOfOrder(uint64 consignment, uint40 first, uint40 last);
    error TimeInFuture(uint40 time);
    error BeforePickUp(uint64 consignment, uint40 time);
    error ExposureFell(uint64 consignment);
    /// @notice The batch's extremes and its exposure cannot both be true (in the band but exposed, or more than the worst reading allows).
    error Contradiction(uint64 consignment);
    error CountDoesNotFitTimes(uint64 consignment);

    function watch(uint64 consignment) external view returns (Watch memory);
    function checkpoint(uint64 consignment, uint32 index) external view returns (Checkpoint memory);

    /// @notice Exposure that a custody span [from, to] answers for, and the longest silence in it: running exposure at the last checkpoint at or before `to`,
    /// less that at the last at or before `from`. Silence counts up to `to` when `to` is after the last reading.
    function exposureBetween(uint64 consignment, uint40 from, uint40 to)
        external
        view
        returns (uint64 temperature, uint64 humidity, uint40 silence);

    /// @notice EIP-712: `Batch(uint64 consignment,uint32 sequence,bytes32 previous,bytes32 root,uint64 firstIndex,uint64 lastIndex,uint40 firstTime,uint40 lastTime,int16 temperatureMin,int16 temperatureMax,uint16 humidityMin,uint16 humidityMax,uint64 temperatureExposure,uint64 humidityExposure,uint32 longestGap,uint40 deadline)`.
    function BATCH_TYPEHASH() external view returns (bytes32);

    /// @notice FreightEscrow only: a device watches a consignment. @dev The device must be usable now.
    function open(uint64 consignment, Watch calldata definition) external;

    /// @notice Records the next batch, signed by the watching device; submitted by anyone.
    /// @dev Not before pick-up (the load's first handover), not in the future, in sequence; a device past calibration, retired or of a suspended operator is refused.
    function record(Batch calldata batch, bytes calldata signature) external;
}
