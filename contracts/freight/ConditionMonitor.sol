// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";

/// @title ConditionMonitor
/// @notice What the devices signed: for each consignment a chain of telemetry batches with running exposure.
contract ConditionMonitor is IConditionMonitor, EIP712 {
    /// @inheritdoc IConditionMonitor
    bytes32 public constant BATCH_TYPEHASH = keccak256(
        "Batch(uint64 consignment,uint32 sequence,bytes32 previous,bytes32 root,uint64 firstIndex,uint64 lastIndex,uint40 firstTime,uint40 lastTime,int16 temperatureMin,int16 temperatureMax,uint16 humidityMin,uint16 humidityMax,uint64 temperatureExposure,uint64 humidityExposure,uint32 longestGap,uint40 deadline)"
    );

    /// @inheritdoc IConditionMonitor
    uint32 public constant MAX_BATCHES = 256;

    /// @notice Where devices are looked up.
    IParticipantRegistry public immutable registry;

    /// @notice Where custody is looked up.
    IMaterialLedger public immutable ledger;

    /// @notice The only one that opens a watch.
    address public immutable freightEscrow;

    mapping(uint64 consignment => Watch) private _watches;

    /// @dev One for each batch, in order, so that their times rise.
    mapping(uint64 consignment => Checkpoint[]) private _checkpoints;

    constructor(address registry_, address ledger_, address freightEscrow_)
        EIP712("Aidline ConditionMonitor", "1")
    {
        registry = IParticipantRegistry(References.required(registry_));
        ledger = IMaterialLedger(References.required(ledger_));
        freightEscrow = References.required(freightEscrow_);
    }

    // --- reads ---

    /// @inheritdoc IConditionMonitor
    function watch(uint64 consignment) external view returns (Watch memory) {
        return _watched(consignment);
    }

    /// @inheritdoc IConditionMonitor
    function checkpoint(uint64 consignment, uint32 index)
        external
        view
        returns (Checkpoint memory)
    {
        Checkpoint[] storage points = _checkpoints[consignment];
        if (index >= points.length) revert UnknownBatch(consignment, index);
        return points[index];
    }

    /// @inheritdoc IConditionMonitor
    function exposureBetween(uint64 consignment, uint40 from, uint40 to)
        external
        view
        returns (uint64 temperature, uint64 humidity, uint40 silence)
    {
        _watched(consignment);
        if (to <= from) return (0, 0, 0);
        Checkpoint[] storage points = _checkpoints[consignment];
        uint256 index = _countUpTo(points, from);
        uint256 end = _countUpTo(points, to);

        uint40 heard = from;
        if (index < end) {
            Checkpoint memory last = points[end - 1];
            heard = last.time;
            (temperature, humidity) = (last.temperatureExposure, last.humidityExposure);
            if (index != 0) {
                Checkpoint memory before = points[index - 1];
                temperature -= before.temperatureExposure;
                humidity -= before.humidityExposure;
            }
        }
        silence = to - heard;
        for (; index < end; ++index) {
            uint32 gap = points[index].longestGap;
            if (gap > silence) silence = gap;
        }
        // The gap in which custody changed began with the one before.
        if (silence > to - from) silence = to - from;
    }

    /// @inheritdoc IConditionMonitor
    function requireArrival(
        uint64 consignment,
        uint32 batches,
        uint40 at,
        bytes32 digest,
        bytes calldata signature
    ) external view {
        address device = _watched(consignment).device;
        Checkpoint[] storage points = _checkpoints[consignment];
        if (points.length < batches) {
            revert BatchesMissing(consignment, uint32(points.length), batches);
        }
        if (batches != 0 && points[batches - 1].time > at) {
            revert BatchAfterArrival(consignment, points[batches - 1].time, at);
        }
        _requireUsable(device, at);
        SignatureCheck.requireValid(device, digest, signature);
    }

    // --- FreightEscrow ---

    /// @inheritdoc IConditionMonitor
    function open(uint64 consignment, address device, Band calldata band) external {
        if (msg.sender != freightEscrow) revert NotWriter(msg.sender);
        Watch storage opened = _watches[consignment];
        if (opened.device != address(0)) revert AlreadyWatched(consignment);
        _requireUsable(device, uint40(block.timestamp));

        opened.device = device;
        opened.temperatureMin = band.temperatureMin;
        opened.temperatureMax = band.temperatureMax;
        opened.humidityMin = band.humidityMin;
        opened.humidityMax = band.humidityMax;
        emit WatchOpened(consignment, device);
    }

    // --- anyone, with a device's signature ---

    /// @inheritdoc IConditionMonitor
    function record(Batch calldata batch, bytes calldata signature) external {
        Watch memory known = _watched(batch.consignment);
        if (block.timestamp > batch.deadline) revert Expired(batch.deadline);
        _checkOrder(known, batch);
        uint40 pickUp = _checkTimes(known, batch);
        _checkCount(known, batch);
        _checkExposure(known, batch);
        _requireUsable(known.device, batch.lastTime);
        bytes32 structHash = keccak256(abi.encode(BATCH_TYPEHASH, batch));
        SignatureCheck.requireValid(known.device, _hashTypedDataV4(structHash), signature);

        _append(known, batch, structHash, pickUp);
    }

    // --- internal reads ---

    function _watched(uint64 consignment) private view returns (Watch memory known) {
        known = _watches[consignment];
        if (known.device == address(0)) revert NotWatched(consignment);
    }

    function _requireUsable(address device, uint40 at) private view {
        if (!registry.isDeviceUsable(device, at)) revert DeviceNotUsable(device, at);
    }

    function _checkOrder(Watch memory known, Batch calldata batch) private pure {
        uint64 id = batch.consignment;
        if (batch.sequence != known.batches) {
            revert WrongSequence(id, known.batches, batch.sequence);
        }
        if (known.batches == MAX_BATCHES) revert TooManyBatches(id, MAX_BATCHES);
        if (batch.previous != known.lastHash) {
            revert WrongPrevious(id, known.lastHash, batch.previous);
        }
        if (batch.firstIndex != known.readings) {
            revert WrongIndex(id, known.readings, batch.firstIndex);
        }
        if (batch.lastIndex < batch.firstIndex) {
            revert WrongIndex(id, batch.firstIndex, batch.lastIndex);
        }
    }

    /// @dev Returns when the load was picked up, for the first batch only.
    function _checkTimes(Watch memory known, Batch calldata batch)
        private
        view
        returns (uint40 pickUp)
    {
        uint64 id = batch.consignment;
        if (batch.lastTime < batch.firstTime) {
            revert TimesOutOfOrder(id, batch.firstTime, batch.lastTime);
        }
        if (known.batches != 0 && batch.firstTime <= known.lastTime) {
            revert TimesOutOfOrder(id, known.lastTime, batch.firstTime);
        }
        if (batch.lastTime > block.timestamp) revert TimeInFuture(batch.lastTime);
        // What follows a batch lies after the pick-up like the batch.
        if (known.batches != 0) return 0;
        (, pickUp) = ledger.custodySpan(id, 1);
        if (pickUp == 0 || batch.firstTime < pickUp) revert BeforePickUp(id, batch.firstTime);
    }

    /// @dev Readings lie at different whole seconds, and no gap is longer than the longest, which is one of them.
    function _checkCount(Watch memory known, Batch calldata batch) private pure {
        uint256 gaps = batch.lastIndex - batch.firstIndex;
        uint256 span = batch.lastTime - batch.firstTime;
        uint256 link;
        bool fits = gaps == 0 ? span == 0 : span >= gaps;
        if (known.batches != 0) {
            link = batch.firstTime - known.lastTime;
            gaps += 1;
            span += link;
        }
        uint256 longest = batch.longestGap;
        fits = fits && longest >= link
            && (gaps == 0 ? longest == 0 : longest * gaps >= span && longest + gaps <= span + 1);
        if (!fits) revert CountDoesNotFitTimes(batch.consignment);
    }

    /// @dev The worst reading bounds the distance outside the band at each second, since it is linear between readings.
    function _checkExposure(Watch memory known, Batch calldata batch) private pure {
        uint64 id = batch.consignment;
        if (
            batch.temperatureExposure < known.temperatureExposure
                || batch.humidityExposure < known.humidityExposure
        ) revert ExposureFell(id);
        if (batch.temperatureMin > batch.temperatureMax || batch.humidityMin > batch.humidityMax) {
            revert Contradiction(id);
        }
        uint256 span = batch.lastTime - (known.batches == 0 ? batch.firstTime : known.lastTime);
        uint256 hotter = _beyond(batch.temperatureMax, known.temperatureMax);
        uint256 colder = _beyond(known.temperatureMin, batch.temperatureMin);
        uint256 damper =
            _beyond(int256(uint256(batch.humidityMax)), int256(uint256(known.humidityMax)));
        uint256 drier =
            _beyond(int256(uint256(known.humidityMin)), int256(uint256(batch.humidityMin)));
        if (
            batch.temperatureExposure - known.temperatureExposure > Math.max(hotter, colder) * span
                || batch.humidityExposure - known.humidityExposure > Math.max(damper, drier) * span
        ) revert Contradiction(id);
    }

    function _beyond(int256 value, int256 limit) private pure returns (uint256) {
        return value > limit ? uint256(value - limit) : 0;
    }

    /// @dev How many checkpoints lie at or before `time`.
    function _countUpTo(Checkpoint[] storage points, uint40 time)
        private
        view
        returns (uint256 low)
    {
        uint256 high = points.length;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (points[middle].time <= time) low = middle + 1;
            else high = middle;
        }
    }

    // --- internal writes ---

    function _append(Watch memory known, Batch calldata batch, bytes32 structHash, uint40 pickUp)
        private
    {
        uint32 gap = batch.longestGap;
        if (known.batches == 0 && batch.firstTime - pickUp > gap) {
            gap = uint32(batch.firstTime - pickUp);
        }
        known.batches += 1;
        known.lastTime = batch.lastTime;
        known.temperatureExposure = batch.temperatureExposure;
        known.humidityExposure = batch.humidityExposure;
        if (gap > known.longestGap) known.longestGap = gap;
        known.readings = batch.lastIndex + 1;
        known.lastHash = structHash;
        _watches[batch.consignment] = known;
        _checkpoints[batch.consignment].push(
            Checkpoint(batch.lastTime, batch.temperatureExposure, batch.humidityExposure, gap)
        );
        emit BatchRecorded(
            batch.consignment,
            batch.sequence,
            known.device,
            batch.root,
            batch.firstTime,
            batch.lastTime,
            batch.lastIndex - batch.firstIndex + 1,
            batch.temperatureExposure,
            batch.humidityExposure
        );
    }
}
