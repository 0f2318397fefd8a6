// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IConditionMonitor
/// @notice What the devices signed: for each consignment a chain of telemetry batches with running exposure.
/// @dev Trust: a device signs what its sensor read; its operator answers for it. Summaries are checked against each other as far as one batch shows;
/// the root commits to every reading. Nobody else is trusted: who submits a batch, when, and whether a handover is submitted before or
/// after it, changes nothing, since batches form one chain and are set against custody by the times that they carry.
///
/// Exposure is the integral of the distance outside the band over time, in integer centidegree-seconds and centipercent-seconds, linear
/// between readings, running from the first reading of the consignment (INV-MON-1: it never falls). Between two adjacent readings
/// (t0, x0) and (t1, x1) and for one side of the band, let a and b be how far x0 and x1 lie beyond that side (negative inside), T = t1 - t0:
/// - a >= 0 and b >= 0: floor((a + b) * T / 2);
/// - only one of them positive, p that one and q the other: floor(p * p * T / (2 * (p - q)));
/// - else nothing.
/// The interval's exposure is the sum of both sides, each rounded down; the running exposure is the sum over the intervals. It is the twin of
/// `aidline.telemetry.interval_exposure`.
interface IConditionMonitor {
    /// @notice The band of the terms, outside which exposure runs.
    /// @param temperatureMin Hundredths of a degree Celsius. @param humidityMin Hundredths of a percent.
    struct Band {
        int16 temperatureMin;
        int16 temperatureMax;
        uint16 humidityMin;
        uint16 humidityMax;
    }

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
    /// @param root Merkle root over the leaves (OpenZeppelin standard tree; a leaf is the double keccak of `abi.encode(uint64 index,uint40 time,int16 temperature,uint16 humidity,uint64 temperatureExposure,uint64 humidityExposure)`, exposures running).
    /// @param firstIndex Index of its first reading in the consignment; follows the last of the batch before.
    /// @param firstTime Unix seconds of its first reading. @param lastTime Of its last; a reading's time is later than that of the reading before.
    /// @param temperatureMin Lowest of its readings and of the last reading of the batch before, hundredths of a degree Celsius.
    /// @param temperatureMax Highest of the same. @param humidityMin The same for humidity, hundredths of a percent. @param humidityMax Highest.
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

    /// @notice Running exposure at the last reading of a batch.
    /// @param longestGap Longest time without a reading from the end of the batch before (the first: from pick-up) to `time`, seconds.
    struct Checkpoint {
        uint40 time; // slot 0
        uint64 temperatureExposure;
        uint64 humidityExposure;
        uint32 longestGap;
    }

    event WatchOpened(uint64 indexed consignment, address indexed device);
    event BatchRecorded(
        uint64 indexed consignment,
        uint32 indexed sequence,
        address indexed device,
        bytes32 root,
        uint40 firstTime,
        uint40 lastTime,
        uint64 readings,
        uint64 temperatureExposure,
        uint64 humidityExposure
    );

    error NotWriter(address caller);
    error NotWatched(uint64 consignment);
    error AlreadyWatched(uint64 consignment);
    error DeviceNotUsable(address device, uint40 at);
    error BadSignature(address signer);
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
    /// @notice So many readings cannot lie in this time with this longest gap.
    error CountDoesNotFitTimes(uint64 consignment);
    error BatchesMissing(uint64 consignment, uint32 recorded, uint32 signed);
    error BatchAfterArrival(uint64 consignment, uint40 batchEnd, uint40 at);
    error TooManyBatches(uint64 consignment, uint32 most);
    error UnknownBatch(uint64 consignment, uint32 index);

    /// @notice Most batches of a consignment, so that settlement reads a bounded number.
    function MAX_BATCHES() external view returns (uint32);

    /// @notice What is watched. @dev Reverts with `NotWatched`.
    function watch(uint64 consignment) external view returns (Watch memory);

    /// @notice Running exposure at the end of the batch with this sequence. @dev Reverts with `UnknownBatch`.
    function checkpoint(uint64 consignment, uint32 index) external view returns (Checkpoint memory);

    /// @notice Exposure that a custody span [from, to] answers for, and the longest silence in it.
    /// @dev A batch belongs whole to the span in which it ends: exposure is that at the last checkpoint at or before `to`, less that at the last at or
    /// before `from`. So a device ends a batch at each handover, and who takes over has an interest that it does. Silence is the longest gap of
    /// the batches that end in the span, at most the span itself; time from the last of them (or `from`) up to `to` counts, also when a later batch covers it.
    function exposureBetween(uint64 consignment, uint40 from, uint40 to)
        external
        view
        returns (uint64 temperature, uint64 humidity, uint40 silence);

    /// @notice EIP-712: `Batch(uint64 consignment,uint32 sequence,bytes32 previous,bytes32 root,uint64 firstIndex,uint64 lastIndex,uint40 firstTime,uint40 lastTime,int16 temperatureMin,int16 temperatureMax,uint16 humidityMin,uint16 humidityMax,uint64 temperatureExposure,uint64 humidityExposure,uint32 longestGap,uint40 deadline)`.
    function BATCH_TYPEHASH() external view returns (bytes32);

    /// @notice Returns silently when the watching device has signed `digest`, at `at` was usable, and had then signed `batches` batches, all recorded.
    /// @dev Reverts with `BatchesMissing`, `BatchAfterArrival`, `DeviceNotUsable`, `BadSignature`.
    function requireArrival(
        uint64 consignment,
        uint32 batches,
        uint40 at,
        bytes32 digest,
        bytes calldata signature
    ) external view;

    /// @notice FreightEscrow only: a device watches a consignment. @dev The device must be usable now. Emits `WatchOpened`.
    function open(uint64 consignment, address device, Band calldata band) external;

    /// @notice Records the next batch, signed by the watching device; submitted by anyone.
    /// @dev Not before pick-up (the load's first handover), not in the future, in sequence; a device past calibration at `lastTime`, retired or of a
    /// suspended operator is refused. A batch may still come after delivery: it is evidence, and moves no money. Emits `BatchRecorded`.
    function record(Batch calldata batch, bytes calldata signature) external;
}
