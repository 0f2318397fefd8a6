// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDeviceBonds} from "./IDeviceBonds.sol";

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
interface IConditionMonitor is IDeviceBonds {
    /// @notice The band of the terms, outside which exposure runs.
    /// @param temperatureMin Hundredths of a degree Celsius. @param humidityMin Hundredths of a percent.
    struct Band {
        int16 temperatureMin;
        int16 temperatureMax;
        uint16 humidityMin;
        uint16 humidityMax;
    }

    /// @notice What a device watches; the chain keeps its hash only, so that whoever acts on a watch hands it in.
    /// @param device The device that signs. @param booking Struct hash of the consignment's booking. @param band Of the terms.
    struct Watch {
        address device;
        bytes32 booking;
        Band band;
    }

    /// @notice A signed batch of readings, see `BATCH_TYPEHASH`.
    /// @param sequence 0 for the first; the nonce.
    /// @param previous What the chain came to with the batch before, see `headOf`.
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

    /// @notice What is told of a batch where its exposure counts.
    /// @param batch Struct hash. @param figures From the highest bits down: sequence 8, lastIndex 40, firstTime 40, lastTime 40, longestGap 32,
    /// temperatureExposure 48, humidityExposure 48, as in the batch.
    struct Point {
        bytes32 batch;
        uint256 figures;
    }

    /// @notice A batch in its chain. @param before `Batch.previous`.
    struct Link {
        bytes32 before;
        Point point;
    }

    /// @notice What a span of time between two changes of custody answers for.
    /// @param temperature Exposure, centidegree-seconds. @param humidity Exposure, centipercent-seconds. @param silence Longest time without a reading, seconds.
    struct Span {
        uint64 temperature;
        uint64 humidity;
        uint40 silence;
    }

    /// @notice A batch that was split at a change of custody.
    /// @param heard Unix second of the last reading before it. @param temperature Running exposure at that change. @param humidity The same.
    struct Split {
        uint40 heard; // slot 0
        uint64 temperature;
        uint64 humidity;
    }

    /// @notice How several devices of one consignment are heard: ANY counts what the mildest says, EACH what the strictest says. With one device both are the same.
    enum DeviceRule {
        NULL,
        ANY,
        EACH
    }

    event WatchOpened(
        uint64 indexed consignment, address indexed device, bytes32 booking, Band band, uint128 bond
    );
    event BatchVoided(uint64 indexed consignment, address indexed device, uint8 sequence);
    event BatchSplit(uint64 indexed consignment, address indexed device, uint40 time, Split split);
    event BatchRecorded(uint64 indexed consignment, address indexed device, Batch batch);

    error NotWatched(uint64 consignment, address device);
    error AlreadyWatched(uint64 consignment, address device);
    /// @notice The watch and the batches, as handed in, are not what is on record: another band or booking, a batch left out, added or put before another.
    error NotOnRecord(uint64 consignment, address device);
    error BadCuts();
    error ToldCount(uint256 given, uint256 needed);
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

    /// @notice Most batches of a watch, so that settlement reads a bounded number.
    function MAX_BATCHES() external view returns (uint32);

    /// @notice EIP-712: `Batch(uint64 consignment,uint32 sequence,bytes32 previous,bytes32 root,uint64 firstIndex,uint64 lastIndex,uint40 firstTime,uint40 lastTime,int16 temperatureMin,int16 temperatureMax,uint16 humidityMin,uint16 humidityMax,uint64 temperatureExposure,uint64 humidityExposure,uint32 longestGap,uint40 deadline)`.
    function BATCH_TYPEHASH() external view returns (bytes32);

    /// @notice What the chain of a watch has come to; zero when there is no watch.
    /// @dev It begins as `keccak256(abi.encode(consignment, watch))`; each batch makes of it `keccak256(abi.encode(beginning, before, point.batch,
    /// point.figures))`; the last bit of each is cleared.
    function headOf(uint64 consignment, address device) external view returns (bytes32);

    /// @notice Which batches count as silence: a bit for each, the lowest for the first.
    function voidsOf(uint64 consignment, address device) external view returns (uint256);

    /// @notice What has been proven of a batch at a change of custody; zeros when nothing.
    function splitOf(uint64 consignment, address device, uint40 time)
        external
        view
        returns (Split memory);

    /// @notice What each span between two changes of custody answers for, and last the whole way.
    /// @param watches Of the devices of the consignment. @param rule How several are heard.
    /// @param longestSilence Seconds without a reading up to which a device is a witness under ANY.
    /// @param told All batches of each device, in order: any that is missing or added is refused.
    /// @param cuts Unix seconds of pick-up, of each handover, and of the end, in order; at least two.
    /// @dev A batch belongs to the span in which it ends: up to and including its end. So a device ends a batch at each handover, and who takes over has
    /// an interest that it does; where it spans one all the same, `BatchCourt.proveSplit` divides it. Void batches are silence, and what they add counts
    /// for nobody. Silence is the longest gap in the span; time from the last reading up to the span's end counts, also when a later
    /// batch covers it.
    ///
    /// Several devices: EACH takes the greatest of each figure. ANY takes the least of each figure over those that were not silent for longer than
    /// `longestSilence` in the span; where all were, the figures of the one that was silent the shortest, so that nobody gains by a device that is dead.
    /// Reverts with `NotWatched`, `NotOnRecord`, `ToldCount`, `BadCuts`.
    function exposures(
        uint64 consignment,
        Watch[] calldata watches,
        DeviceRule rule,
        uint32 longestSilence,
        Point[][] calldata told,
        uint40[] calldata cuts
    ) external view returns (Span[] memory spans);

    /// @notice FreightEscrow only: devices watch a consignment. @param freight Of all its legs: `bondFor` of it is locked in the purse of each device's operator.
    /// @dev Each must be usable now and named once. Emits `WatchOpened` for each. Reverts with `DeviceNotUsable`, `AlreadyWatched`, `BondTooSmall`.
    function openWatches(
        uint64 consignment,
        bytes32 booking,
        address[] calldata devices,
        Band calldata band,
        uint128 freight
    ) external;

    /// @notice BatchCourt only: a batch counts as silence from now on. @dev Emits `BatchVoided`.
    function voidBatch(uint64 consignment, address device, uint8 sequence) external;

    /// @notice BatchCourt only: what has been proven of a batch at a change of custody. @dev Emits `BatchSplit`.
    function splitBatch(uint64 consignment, address device, uint40 time, Split calldata split)
        external;

    /// @notice Records the next batch, signed by the watching device; submitted by anyone.
    /// @param watch As opened. @param previous The batch before; zeros for the first.
    /// @dev Not before pick-up (the load's first handover), not in the future, in sequence; a device past calibration at `lastTime`, retired or of a
    /// suspended operator is refused. A batch may still come after delivery: it is evidence, and moves no money. Its gas does not depend on the number of
    /// readings or batches. Emits `BatchRecorded`.
    function record(
        Watch calldata watch,
        Link calldata previous,
        Batch calldata batch,
        bytes calldata signature
    ) external;
}
