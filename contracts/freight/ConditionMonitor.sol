// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IBookedSpans} from "../../interfaces/IBookedSpans.sol";
import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {References} from "../libraries/References.sol";
import {SignatureCheck} from "../libraries/SignatureCheck.sol";
import {Telemetry} from "../libraries/Telemetry.sol";
import {DeviceBonds} from "./DeviceBonds.sol";

/// @title ConditionMonitor
/// @notice What the devices signed: for each consignment a chain of telemetry batches with running exposure.
contract ConditionMonitor is IConditionMonitor, IBookedSpans, DeviceBonds, EIP712 {
    using Telemetry for *;

    /// @dev What is on record beside the chain of a watch; mostly nothing.
    /// @param voids A bit for each batch that counts as silence.
    struct Marks {
        uint256 voids;
        mapping(uint40 time => Split) splits;
    }

    /// @dev What has been heard so far of one device.
    /// @param at Which span. @param heard Unix second of the last reading in the span, or of its beginning. @param heardAtAll Of the last reading on the way.
    /// @param temperature Running exposure that has been counted. @param humidity The same.
    struct Ear {
        uint256 at;
        uint40 heard;
        uint40 heardAtAll;
        uint64 temperature;
        uint64 humidity;
    }

    /// @inheritdoc IConditionMonitor
    bytes32 public constant BATCH_TYPEHASH = Telemetry.BATCH_TYPEHASH;

    /// @inheritdoc IConditionMonitor
    uint32 public constant MAX_BATCHES = 256;

    /// @dev The bit of a watch's word that says that there are marks.
    bytes32 private constant _MARKED = bytes32(uint256(1));

    /// @notice Where devices are looked up.
    IParticipantRegistry public immutable registry;

    /// @notice Where custody is looked up.
    IMaterialLedger public immutable ledger;

    /// @notice The only one that opens a watch.
    address public immutable freightEscrow;

    /// @dev The chain's last hash, and in its last bit whether there are marks: the one word that a batch writes.
    mapping(uint64 consignment => mapping(address device => bytes32)) private _heads;

    mapping(uint64 consignment => mapping(address device => Marks)) private _marks;

    constructor(
        address registry_,
        address ledger_,
        address currency_,
        address freightEscrow_,
        address batchCourt_
    ) DeviceBonds(currency_, batchCourt_) EIP712("Aidline ConditionMonitor", "1") {
        registry = IParticipantRegistry(References.required(registry_));
        ledger = IMaterialLedger(References.required(ledger_));
        freightEscrow = References.required(freightEscrow_);
    }

    // --- reads ---

    /// @inheritdoc IConditionMonitor
    function headOf(uint64 consignment, address device) external view returns (bytes32) {
        return _heads[consignment][device] & Telemetry.CHAIN_BITS;
    }

    /// @inheritdoc IConditionMonitor
    function voidsOf(uint64 consignment, address device) external view returns (uint256) {
        return _marks[consignment][device].voids;
    }

    /// @inheritdoc IConditionMonitor
    function splitOf(uint64 consignment, address device, uint40 time)
        external
        view
        returns (Split memory)
    {
        return _marks[consignment][device].splits[time];
    }

    /// @inheritdoc IConditionMonitor
    function exposures(
        uint64 consignment,
        Watch[] calldata watches,
        DeviceRule rule,
        uint32 longestSilence,
        Point[][] calldata told,
        uint40[] calldata cuts
    ) external view returns (Span[] memory spans) {
        if (told.length != watches.length || told.length == 0) {
            revert ToldCount(told.length, watches.length);
        }
        _requireRising(cuts);
        for (uint256 i; i < told.length; ++i) {
            Span[] memory heard = _hear(consignment, watches[i], told[i], cuts);
            if (i == 0) spans = heard;
            else _join(spans, heard, rule, longestSilence);
        }
    }

    /// @inheritdoc IBookedSpans
    function spansOf(IFreightEscrow.Booking calldata booking, Point[][] calldata told)
        external
        view
        returns (Span[] memory spans)
    {
        if (told.length != booking.devices.length || told.length == 0) {
            revert ToldCount(told.length, booking.devices.length);
        }
        uint64 consignment = uint64(_wordFromEnd(1));
        uint40[] calldata cuts;
        Watch memory watch;
        watch.booking = bytes32(_wordFromEnd(2));
        uint256 count = _wordFromEnd(3);
        assembly ("memory-safe") {
            cuts.offset := sub(calldatasize(), mul(add(count, 3), 0x20))
            cuts.length := count
        }
        _requireRising(cuts);
        IFreightEscrow.Terms calldata terms = booking.terms;
        watch.band =
            Band(terms.temperatureMin, terms.temperatureMax, terms.humidityMin, terms.humidityMax);
        for (uint256 i; i < told.length; ++i) {
            watch.device = booking.devices[i];
            Span[] memory heard = _hear(consignment, watch, told[i], cuts);
            if (i == 0) spans = heard;
            else _join(spans, heard, terms.deviceRule, terms.longestSilence);
        }
    }

    // --- FreightEscrow ---

    /// @inheritdoc IConditionMonitor
    function openWatches(
        uint64 consignment,
        bytes32 booking,
        address[] calldata devices,
        Band calldata band,
        uint128 freight
    ) external {
        _requireEscrow();
        uint128 bond = bondFor(freight);
        for (uint256 i; i < devices.length; ++i) {
            _open(consignment, Watch(devices[i], booking, band), bond);
        }
    }

    // --- BatchCourt ---

    /// @inheritdoc IConditionMonitor
    function voidBatch(uint64 consignment, address device, uint8 sequence) external onlyCourt {
        _heads[consignment][device] |= _MARKED;
        _marks[consignment][device].voids |= 1 << sequence;
        emit BatchVoided(consignment, device, sequence);
    }

    /// @inheritdoc IConditionMonitor
    function splitBatch(uint64 consignment, address device, uint40 time, Split calldata split)
        external
        onlyCourt
    {
        _heads[consignment][device] |= _MARKED;
        _marks[consignment][device].splits[time] = split;
        emit BatchSplit(consignment, device, time, split);
    }

    // --- anyone, with a device's signature ---

    /// @inheritdoc IConditionMonitor
    function record(
        Watch calldata watch,
        Link calldata previous,
        Batch calldata batch,
        bytes calldata signature
    ) external {
        if (block.timestamp > batch.deadline) revert Expired(batch.deadline);
        uint64 id = batch.consignment;
        uint256 before = previous.point.figures;
        uint256 figures = batch.figures();
        (bytes32 beginning, bytes32 kept) = _checkOrder(id, watch, previous, batch);
        _checkTimes(id, before, figures);
        _checkCount(batch, before, figures);
        _checkExposure(batch, before, figures, watch.band);
        _requireUsable(watch.device, figures.lastTime());
        bytes32 structHash = batch.hash();
        SignatureCheck.requireValid(watch.device, _hashTypedDataV4(structHash), signature);

        _heads[id][watch.device] =
            beginning.follow(batch.previous, structHash, figures) | (kept & _MARKED);
        _tellRecorded(id, watch.device, batch);
    }

    // --- internal reads ---

    /// @dev A word of the call, counted from its end.
    function _wordFromEnd(uint256 place) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(sub(calldatasize(), mul(place, 0x20)))
        }
    }

    function _requireEscrow() private view {
        if (msg.sender != freightEscrow) revert NotWriter(msg.sender);
    }

    function _requireUsable(address device, uint40 at) private view {
        if (!registry.isDeviceUsable(device, at)) revert DeviceNotUsable(device, at);
    }

    function _requireRising(uint40[] calldata cuts) private pure {
        if (cuts.length < 2) revert BadCuts();
        for (uint256 i = 1; i < cuts.length; ++i) {
            if (cuts[i] < cuts[i - 1]) revert BadCuts();
        }
    }

    /// @dev Returns where the chain begins, and the word that is kept of it.
    function _checkOrder(
        uint64 id,
        Watch calldata watch,
        Link calldata previous,
        Batch calldata batch
    ) private view returns (bytes32 beginning, bytes32 kept) {
        kept = _heads[id][watch.device];
        if (kept == 0) revert NotWatched(id, watch.device);
        bytes32 head = kept & Telemetry.CHAIN_BITS;
        beginning = id.start(watch);
        bytes32 given = beginning;
        uint256 sequence;
        uint256 index;
        uint256 before = previous.point.figures;
        if (before != 0) {
            given = given.follow(previous.before, previous.point.batch, before);
            sequence = before.sequence() + 1;
            index = before.lastIndex() + 1;
        }
        if (given != head) revert NotOnRecord(id, watch.device);
        if (batch.sequence != sequence) {
            revert WrongSequence(id, uint32(sequence), batch.sequence);
        }
        if (sequence == MAX_BATCHES) revert TooManyBatches(id, MAX_BATCHES);
        if (batch.previous != head) revert WrongPrevious(id, head, batch.previous);
        if (batch.firstIndex != index) revert WrongIndex(id, uint64(index), batch.firstIndex);
        if (batch.lastIndex < index) revert WrongIndex(id, uint64(index), batch.lastIndex);
    }

    function _checkTimes(uint64 id, uint256 before, uint256 figures) private view {
        uint40 first = figures.firstTime();
        uint40 last = figures.lastTime();
        if (last < first) revert TimesOutOfOrder(id, first, last);
        if (last > block.timestamp) revert TimeInFuture(last);
        if (before != 0) {
            if (first <= before.lastTime()) revert TimesOutOfOrder(id, before.lastTime(), first);
        } else {
            // What follows a batch lies after the pick-up like the batch.
            uint40 pickUp = ledger.pickedUpAt(id);
            if (pickUp == 0 || first < pickUp) revert BeforePickUp(id, first);
        }
    }

    /// @dev Readings lie at different whole seconds, and no gap is longer than the longest, which is one of them.
    function _checkCount(Batch calldata batch, uint256 before, uint256 figures) private pure {
        // The first index is not above the last, times are in order, and none has more than 64 bits.
        unchecked {
            uint256 gaps = batch.lastIndex - batch.firstIndex;
            uint256 first = figures.firstTime();
            uint256 span = figures.lastTime() - first;
            uint256 longest = figures.longestGap();
            bool fits = gaps == 0 ? span == 0 : span >= gaps;
            if (before != 0) {
                uint256 link = first - before.lastTime();
                fits = fits && longest >= link;
                gaps += 1;
                span += link;
            }
            fits = fits
                && (gaps == 0 ? longest == 0 : longest * gaps >= span && longest + gaps <= span + 1);
            if (!fits) revert CountDoesNotFitTimes(batch.consignment);
        }
    }

    /// @dev The worst reading bounds the distance outside the band at each second, since it is linear between readings.
    function _checkExposure(
        Batch calldata batch,
        uint256 before,
        uint256 figures,
        Band calldata band
    ) private pure {
        int256 coldest = batch.temperatureMin;
        int256 hottest = batch.temperatureMax;
        uint256 driest = batch.humidityMin;
        uint256 dampest = batch.humidityMax;
        if (coldest > hottest || driest > dampest) revert Contradiction(batch.consignment);
        uint256 heat = batch.temperatureExposure;
        uint256 damp = batch.humidityExposure;
        if (heat < before.temperature() || damp < before.humidity()) {
            revert ExposureFell(batch.consignment);
        }
        unchecked {
            heat -= before.temperature();
            damp -= before.humidity();
            if (heat | damp == 0) return;
            // The first batch begins with its first reading.
            uint256 span =
                figures.lastTime() - (before == 0 ? figures.firstTime() : before.lastTime());
            uint256 hotter = _beyond(hottest, band.temperatureMax);
            uint256 colder = _beyond(band.temperatureMin, coldest);
            uint256 damper = _beyond(int256(dampest), int256(uint256(band.humidityMax)));
            uint256 drier = _beyond(int256(uint256(band.humidityMin)), int256(driest));
            if (heat > Math.max(hotter, colder) * span || damp > Math.max(damper, drier) * span) {
                revert Contradiction(batch.consignment);
            }
        }
    }

    function _beyond(int256 value, int256 limit) private pure returns (uint256) {
        return value > limit ? uint256(value - limit) : 0;
    }

    /// @dev What one device says of each span, and last of the whole way.
    function _hear(
        uint64 consignment,
        Watch memory watch,
        Point[] calldata told,
        uint40[] calldata cuts
    ) private view returns (Span[] memory spans) {
        bytes32 kept = _heads[consignment][watch.device];
        if (kept == 0) revert NotWatched(consignment, watch.device);
        bytes32 beginning = keccak256(abi.encode(consignment, watch)) & Telemetry.CHAIN_BITS;
        bytes32 head = beginning;
        for (uint256 i; i < told.length; ++i) {
            head = beginning.follow(head, told[i].batch, told[i].figures);
        }
        if (head != kept & Telemetry.CHAIN_BITS) revert NotOnRecord(consignment, watch.device);

        spans = _listen(_marks[consignment][watch.device], kept & _MARKED != 0, told, cuts);
    }

    /// @dev Void batches are silence, and what they add counts for nobody: each batch counts with its running exposure less that of the one before.
    function _listen(
        Marks storage marks,
        bool isMarked,
        Point[] calldata told,
        uint40[] calldata cuts
    ) private view returns (Span[] memory spans) {
        uint256 count = cuts.length - 1;
        spans = new Span[](count + 1);
        uint256 voids = isMarked ? marks.voids : 0;
        Ear memory ear = Ear(0, cuts[0], cuts[0], 0, 0);
        for (uint256 i; i < told.length && ear.at < count; ++i) {
            uint256 figures = told[i].figures;
            bool isVoid = voids >> i & 1 != 0;
            while (ear.at < count && figures.lastTime() > cuts[ear.at + 1]) {
                if (isMarked && !isVoid) _tellSplit(ear, spans, marks, cuts, figures);
                _close(ear, spans, cuts);
            }
            if (ear.at == count) break;
            if (!isVoid) _tell(ear, spans, figures.lastTime(), figures);
            (ear.temperature, ear.humidity) = (figures.temperature(), figures.humidity());
        }
        while (ear.at < count) {
            _close(ear, spans, cuts);
        }
        _lengthen(spans[count], cuts[count] - ear.heardAtAll);
    }

    /// @dev The part of a batch before a change of custody, if anybody has proven it. Never more than the batch adds, also when its leaves lie.
    function _tellSplit(
        Ear memory ear,
        Span[] memory spans,
        Marks storage marks,
        uint40[] calldata cuts,
        uint256 figures
    ) private view {
        Split storage split = marks.splits[cuts[ear.at + 1]];
        uint40 heard = split.heard;
        if (heard == 0) return;
        uint256 temperature =
            Math.min(Math.max(split.temperature, ear.temperature), figures.temperature());
        uint256 humidity = Math.min(Math.max(split.humidity, ear.humidity), figures.humidity());
        // Times and longest gap as in the batch.
        figures = figures >> 96 << 96 | temperature << 48 | humidity;
        _tell(ear, spans, heard, figures);
        (ear.temperature, ear.humidity) = (uint64(temperature), uint64(humidity));
    }

    /// @dev Counts a batch, or its part up to `until`, to a span and to the whole way.
    function _tell(Ear memory ear, Span[] memory spans, uint40 until, uint256 figures)
        private
        pure
    {
        Span memory span = spans[ear.at];
        Span memory whole = spans[spans.length - 1];
        // Exposure on record never falls, and that of 256 batches of 48 bits each has fewer than 64.
        unchecked {
            uint64 temperature = figures.temperature() - ear.temperature;
            uint64 humidity = figures.humidity() - ear.humidity;
            span.temperature += temperature;
            span.humidity += humidity;
            whole.temperature += temperature;
            whole.humidity += humidity;
        }
        ear.heard = _gap(span, ear.heard, until, figures);
        ear.heardAtAll = _gap(whole, ear.heardAtAll, until, figures);
    }

    /// @dev A batch is silent for its longest gap or, after a void one, until its first reading; no longer than it lasts.
    function _gap(Span memory span, uint40 heard, uint40 until, uint256 figures)
        private
        pure
        returns (uint40)
    {
        if (until <= heard) return heard;
        uint40 first = figures.firstTime();
        uint256 gap = Math.max(figures.longestGap(), first > heard ? first - heard : 0);
        _lengthen(span, uint40(Math.min(gap, until - heard)));
        return until;
    }

    function _close(Ear memory ear, Span[] memory spans, uint40[] calldata cuts) private pure {
        uint40 end = cuts[ear.at + 1];
        if (end > ear.heard) _lengthen(spans[ear.at], end - ear.heard);
        ear.heard = end;
        ++ear.at;
    }

    function _lengthen(Span memory span, uint40 silence) private pure {
        if (silence > span.silence) span.silence = silence;
    }

    /// @dev Joins what another device says to what has been heard, span by span.
    function _join(
        Span[] memory spans,
        Span[] memory others,
        DeviceRule rule,
        uint32 longestSilence
    ) private pure {
        for (uint256 i; i < spans.length; ++i) {
            Span memory one = spans[i];
            Span memory other = others[i];
            if (rule != DeviceRule.ANY) {
                one.temperature = uint64(Math.max(one.temperature, other.temperature));
                one.humidity = uint64(Math.max(one.humidity, other.humidity));
                one.silence = uint40(Math.max(one.silence, other.silence));
            } else if (one.silence <= longestSilence && other.silence <= longestSilence) {
                one.temperature = uint64(Math.min(one.temperature, other.temperature));
                one.humidity = uint64(Math.min(one.humidity, other.humidity));
                one.silence = uint40(Math.min(one.silence, other.silence));
            } else if (other.silence < one.silence) {
                // At most one of the two is a witness: it is the one that was silent for less long.
                spans[i] = other;
            }
        }
    }

    // --- internal writes ---

    function _open(uint64 consignment, Watch memory opened, uint128 bond) private {
        address device = opened.device;
        if (_heads[consignment][device] != 0) revert AlreadyWatched(consignment, device);
        _requireUsable(device, uint40(block.timestamp));
        _heads[consignment][device] =
            keccak256(abi.encode(consignment, opened)) & Telemetry.CHAIN_BITS;
        if (bond != 0) _lockBond(registry.device(device).operator, bond);
        emit WatchOpened(consignment, device, opened.booking, opened.band, bond);
    }

    /// @dev `emit BatchRecorded(id, device, batch)`: sixteen words as they came, each of which has been read by then.
    function _tellRecorded(uint64 id, address device, Batch calldata batch) private {
        bytes32 topic = BatchRecorded.selector;
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, batch, 0x200)
            log3(words, 0x200, topic, id, device)
        }
    }
}
