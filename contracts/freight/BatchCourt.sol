// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IBatchCourt} from "../../interfaces/IBatchCourt.sol";
import {IConditionMonitor} from "../../interfaces/IConditionMonitor.sol";
import {IFreightEscrow} from "../../interfaces/IFreightEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {IParticipantRegistry} from "../../interfaces/IParticipantRegistry.sol";
import {FreightHashes} from "../libraries/FreightHashes.sol";
import {References} from "../libraries/References.sol";
import {Telemetry} from "../libraries/Telemetry.sol";

/// @title BatchCourt
/// @notice What becomes of a batch when its readings are laid open: split at a handover, convicted, or void because they were not shown.
contract BatchCourt is IBatchCourt {
    using FreightHashes for IFreightEscrow.Booking;
    using Telemetry for *;

    /// @dev What was found of a batch.
    /// @param leg Whose carrier a false exposure was charged to; `_NOBODY` when none. @param isOver The consignment had ended.
    struct Verdict {
        address device;
        address finder;
        uint256 leg;
        bool isOver;
    }

    /// @inheritdoc IBatchCourt
    uint40 public constant CHALLENGE = 7 days;
    /// @inheritdoc IBatchCourt
    uint40 public constant ANSWER = 2 days;
    /// @inheritdoc IBatchCourt
    uint40 public constant GRACE = 1 days;
    /// @inheritdoc IBatchCourt
    uint8 public constant MAX_DEMANDS = 8;

    /// @dev No leg.
    uint256 private constant _NOBODY = type(uint256).max;

    /// @notice Where operators are looked up.
    IParticipantRegistry public immutable registry;
    /// @notice Where custody is looked up.
    IMaterialLedger public immutable ledger;
    /// @notice Where consignments end.
    IFreightEscrow public immutable freightEscrow;
    /// @notice Where batches are on record.
    IConditionMonitor public immutable monitor;

    mapping(uint64 consignment => mapping(address device => Case)) private _cases;

    mapping(uint64 consignment => mapping(address device => mapping(address party => Demand)))
        private _demands;

    constructor(address registry_, address ledger_, address freightEscrow_, address monitor_) {
        registry = IParticipantRegistry(References.required(registry_));
        ledger = IMaterialLedger(References.required(ledger_));
        freightEscrow = IFreightEscrow(References.required(freightEscrow_));
        monitor = IConditionMonitor(References.required(monitor_));
    }

    // --- reads ---

    /// @inheritdoc IBatchCourt
    function caseOf(uint64 consignment, address device) external view returns (Case memory) {
        return _cases[consignment][device];
    }

    /// @inheritdoc IBatchCourt
    function demandOf(uint64 consignment, address device, address party)
        external
        view
        returns (Demand memory)
    {
        return _demands[consignment][device][party];
    }

    // --- anyone, with readings ---

    /// @inheritdoc IBatchCourt
    function proveSplit(
        Recorded calldata recorded,
        IConditionMonitor.Batch[] calldata next,
        uint40 time,
        Shown calldata before,
        Shown calldata later
    ) external {
        _requireRecorded(recorded);
        _requireLeaf(before, recorded.batch);
        _requireLeaf(later, _batchOf(recorded, next));
        Leaf calldata one = before.leaf;
        Leaf calldata two = later.leaf;
        if (two.index != uint256(one.index) + 1) revert NotNeighbours(one.index, two.index);
        if (time < one.time || time >= two.time) revert NotBetween(time);
        (uint256 heat, uint256 damp) = _exposure(recorded.watch.band, one, two, time);
        monitor.splitBatch(
            recorded.batch.consignment,
            recorded.watch.device,
            time,
            IConditionMonitor.Split(
                one.time,
                uint64(one.temperatureExposure + heat),
                uint64(one.humidityExposure + damp)
            )
        );
    }

    /// @inheritdoc IBatchCourt
    function convictLeaf(
        Recorded calldata recorded,
        IFreightEscrow.Booking calldata booking,
        Shown calldata shown
    ) external {
        _requireRecorded(recorded);
        _requireLeaf(shown, recorded.batch);
        (bool isFalse, bool overstated) = _contradicts(shown.leaf, recorded.batch);
        if (!isFalse) revert NoContradiction();
        _convict(
            recorded.watch.device, recorded.batch, booking, recorded.batch.lastTime, overstated
        );
    }

    /// @inheritdoc IBatchCourt
    function convictPair(
        Recorded calldata recorded,
        IConditionMonitor.Batch[] calldata next,
        IFreightEscrow.Booking calldata booking,
        Shown calldata before,
        Shown calldata later
    ) external {
        _requireRecorded(recorded);
        IConditionMonitor.Batch calldata batch = _batchOf(recorded, next);
        _requireLeaf(before, recorded.batch);
        _requireLeaf(later, batch);
        // Who is convicted by its successor must have told the truth about its end.
        if (next.length != 0) {
            (bool isFalse,) = _contradicts(before.leaf, recorded.batch);
            if (isFalse) revert NotNeighbours(before.leaf.index, later.leaf.index);
        }
        bool overstated =
            _requireFalse(recorded.watch.band, before.leaf, later.leaf, batch.longestGap);
        _convict(recorded.watch.device, batch, booking, later.leaf.time, overstated);
    }

    // --- parties, and whoever answers them ---

    /// @inheritdoc IBatchCourt
    function demandLeaf(
        Recorded calldata recorded,
        IFreightEscrow.Booking calldata booking,
        uint64 index
    ) external {
        _requireRecorded(recorded);
        IConditionMonitor.Batch calldata batch = recorded.batch;
        uint64 id = batch.consignment;
        address device = recorded.watch.device;
        _requireBooking(id, booking);
        if (!_isParty(booking)) revert NotParty(id, msg.sender);
        _requireHeard(id);
        if (index < batch.firstIndex || index > batch.lastIndex) revert NotInBatch(index);
        Demand storage demand = _demands[id][device][msg.sender];
        if (demand.until != 0) revert DemandOpen(id, msg.sender);
        if (demand.made == MAX_DEMANDS) revert TooManyDemands(id, msg.sender, MAX_DEMANDS);

        uint40 until = uint40(block.timestamp) + ANSWER;
        demand.batch = batch.hash();
        demand.index = index;
        demand.until = until;
        ++demand.made;
        emit LeafDemanded(id, device, msg.sender, batch.sequence, index, until);
    }

    /// @inheritdoc IBatchCourt
    function showLeaf(
        IConditionMonitor.Batch calldata batch,
        address device,
        address party,
        Shown calldata shown
    ) external {
        uint64 id = batch.consignment;
        Demand storage demand = _openDemand(batch, device, party);
        if (block.timestamp > demand.until) revert TooLate(demand.until);
        if (shown.leaf.index != demand.index) revert WrongLeaf(demand.index, shown.leaf.index);
        _requireLeaf(shown, batch);

        demand.until = 0;
        emit LeafShown(id, device, party, shown.leaf);
    }

    /// @inheritdoc IBatchCourt
    function lapseDemand(
        IConditionMonitor.Batch calldata batch,
        address device,
        IFreightEscrow.Booking calldata booking,
        address party
    ) external {
        uint64 id = batch.consignment;
        _requireBooking(id, booking);
        Demand storage demand = _openDemand(batch, device, party);
        if (block.timestamp <= demand.until) revert NotYet(demand.until + 1);
        if (_cases[id][device].isReleased) revert Released(id, device);

        demand.until = 0;
        emit DemandLapsed(id, device, party, batch.sequence);
        uint256 leg = _legAt(device, batch, batch.lastTime);
        bool isTheirs = leg < booking.legs.length && booking.legs[leg].carrier == party;
        // Nothing new, when the batch was convicted meanwhile: the demand is over all the same.
        _void(Verdict(device, party, isTheirs ? leg : _NOBODY, _endOf(id) != 0), batch, booking);
    }

    // --- anyone, from a time on ---

    /// @inheritdoc IBatchCourt
    function release(uint64 consignment, address device, IFreightEscrow.Booking calldata booking)
        external
    {
        _requireBooking(consignment, booking);
        if (monitor.headOf(consignment, device) == 0) {
            revert IConditionMonitor.NotWatched(consignment, device);
        }
        Case storage known = _cases[consignment][device];
        if (known.isReleased) revert Released(consignment, device);
        uint40 endedAt = _endOf(consignment);
        if (endedAt == 0) revert StillOpen(consignment);
        uint40 from = endedAt + CHALLENGE + ANSWER + GRACE;
        if (block.timestamp < from) revert NotYet(from);

        known.isReleased = true;
        (address operator, uint128 bond) = _bondOf(device, booking);
        if (known.isForfeited) {
            uint128 rest = bond - known.finderPaid - _paidToLegs(known.legsPaid, booking);
            emit WatchReleased(consignment, device, booking.payer, rest);
            if (rest != 0) monitor.payBond(operator, booking.payer, rest);
        } else {
            emit WatchReleased(consignment, device, operator, bond);
            monitor.freeBond(operator, bond);
        }
    }

    // --- internal reads: what is on record ---

    function _requireRecorded(Recorded calldata recorded) private view {
        IConditionMonitor.Batch calldata batch = recorded.batch;
        bytes32 beginning = batch.consignment.start(recorded.watch);
        bytes32 head = beginning.follow(batch.previous, batch.hash(), batch.figures());
        for (uint256 i; i < recorded.later.length; ++i) {
            head = beginning.follow(head, recorded.later[i].batch, recorded.later[i].figures);
        }
        if (head != monitor.headOf(batch.consignment, recorded.watch.device)) {
            revert IConditionMonitor.NotOnRecord(batch.consignment, recorded.watch.device);
        }
    }

    /// @dev The batch in which the later leaf is: the one on record, or the one that follows it.
    function _batchOf(Recorded calldata recorded, IConditionMonitor.Batch[] calldata next)
        private
        pure
        returns (IConditionMonitor.Batch calldata)
    {
        if (next.length == 0) return recorded.batch;
        bytes32 expected = recorded.later.length == 0 ? bytes32(0) : recorded.later[0].batch;
        if (next[0].hash() != expected) revert WrongBatch(expected, next[0].hash());
        return next[0];
    }

    function _requireLeaf(Shown calldata shown, IConditionMonitor.Batch calldata batch)
        private
        pure
    {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(shown.leaf))));
        if (!MerkleProof.verifyCalldata(shown.proof, batch.root, leaf)) {
            revert NotInBatch(shown.leaf.index);
        }
    }

    function _requireBooking(uint64 id, IFreightEscrow.Booking calldata booking) private view {
        bytes32 order = booking.hash();
        if (freightEscrow.consignmentOf(order) != id) revert WrongBooking(id, order);
    }

    function _endOf(uint64 id) private view returns (uint40) {
        return freightEscrow.consignment(id).endedAt;
    }

    /// @dev Returns when the consignment ended, zero when it has not.
    function _requireHeard(uint64 id) private view returns (uint40 endedAt) {
        endedAt = _endOf(id);
        if (endedAt != 0 && block.timestamp >= endedAt + CHALLENGE) {
            revert TooLate(endedAt + CHALLENGE);
        }
    }

    /// @dev Who answers for the device, and what is locked for the watch.
    function _bondOf(address device, IFreightEscrow.Booking calldata booking)
        private
        view
        returns (address operator, uint128 bond)
    {
        for (uint256 i; i < booking.legs.length; ++i) {
            bond += booking.legs[i].freight;
        }
        return (registry.device(device).operator, monitor.bondFor(bond));
    }

    function _paidToLegs(uint8 legsPaid, IFreightEscrow.Booking calldata booking)
        private
        pure
        returns (uint128 sum)
    {
        for (uint256 i; i < booking.legs.length; ++i) {
            if (legsPaid >> i & 1 != 0) sum += booking.legs[i].freight;
        }
    }

    function _isParty(IFreightEscrow.Booking calldata booking) private view returns (bool) {
        if (
            msg.sender == booking.payer || msg.sender == booking.consignee
                || msg.sender == booking.seller
        ) return true;
        for (uint256 i; i < booking.legs.length; ++i) {
            if (msg.sender == booking.legs[i].carrier) return true;
        }
        return false;
    }

    function _isOfOperator(address finder, address operator) private view returns (bool) {
        return finder == operator
            || registry.participant(finder).organisation
                == registry.participant(operator).organisation;
    }

    function _openDemand(IConditionMonitor.Batch calldata batch, address device, address party)
        private
        view
        returns (Demand storage demand)
    {
        demand = _demands[batch.consignment][device][party];
        if (demand.until == 0) revert NoDemand(batch.consignment, party);
        bytes32 given = batch.hash();
        if (given != demand.batch) revert WrongBatch(demand.batch, given);
    }

    /// @dev The leg that was charged with what a batch adds at `at`: it had custody then, or where no split was proven, at the batch's end. `_NOBODY` when no leg was.
    function _legAt(address device, IConditionMonitor.Batch calldata batch, uint40 at)
        private
        view
        returns (uint256 leg)
    {
        uint64 id = batch.consignment;
        IMaterialLedger.Stop[] memory route = ledger.routeOf(id);
        while (leg + 2 < route.length) {
            uint40 end = route[leg + 2].since;
            if (end == 0) return _NOBODY;
            if (batch.lastTime <= end || (at <= end && monitor.splitOf(id, device, end).heard != 0))
            {
                return leg;
            }
            ++leg;
        }
        return _NOBODY;
    }

    // --- internal reads: what contradicts what ---

    /// @dev Exposure of both kinds between two adjacent readings, up to `time`.
    function _exposure(
        IConditionMonitor.Band calldata band,
        Leaf calldata one,
        Leaf calldata two,
        uint40 time
    ) private pure returns (uint256 heat, uint256 damp) {
        uint256 part = time - one.time;
        uint256 whole = two.time - one.time;
        heat = part.exposureRoundedDown(
            whole, one.temperature, two.temperature, band.temperatureMin, band.temperatureMax
        );
        damp = part.exposureRoundedDown(
            whole,
            int256(uint256(one.humidity)),
            int256(uint256(two.humidity)),
            int256(uint256(band.humidityMin)),
            int256(uint256(band.humidityMax))
        );
    }

    /// @dev Whether a leaf and its batch's summary cannot both be true, and whether the summary then says more exposure than there was.
    function _contradicts(Leaf calldata leaf, IConditionMonitor.Batch calldata batch)
        private
        pure
        returns (bool isFalse, bool overstated)
    {
        bool isFirst = leaf.index == batch.firstIndex;
        bool isLast = leaf.index == batch.lastIndex;
        overstated = isLast
            && (leaf.temperatureExposure < batch.temperatureExposure
                || leaf.humidityExposure < batch.humidityExposure);
        // Exposure runs from the first reading of all.
        if (leaf.index == 0 && leaf.temperatureExposure | leaf.humidityExposure != 0) {
            overstated = true;
        }
        isFalse = overstated || leaf.index < batch.firstIndex || leaf.index > batch.lastIndex
            || leaf.time < batch.firstTime || leaf.time > batch.lastTime
            || (isFirst && leaf.time != batch.firstTime) || (isLast && leaf.time != batch.lastTime)
            || leaf.temperature < batch.temperatureMin || leaf.temperature > batch.temperatureMax
            || leaf.humidity < batch.humidityMin || leaf.humidity > batch.humidityMax
            || leaf.temperatureExposure > batch.temperatureExposure
            || leaf.humidityExposure > batch.humidityExposure;
    }

    /// @dev Reverts when two leaves can both be true; returns whether the later says more exposure than there was.
    function _requireFalse(
        IConditionMonitor.Band calldata band,
        Leaf calldata one,
        Leaf calldata two,
        uint32 longestGap
    ) private pure returns (bool overstated) {
        if (two.index == one.index) {
            if (keccak256(abi.encode(one)) == keccak256(abi.encode(two))) {
                revert NoContradiction();
            }
            return false;
        }
        if (two.index != uint256(one.index) + 1) revert NotNeighbours(one.index, two.index);
        if (two.time <= one.time) return false;
        (uint256 heat, uint256 damp) = _exposure(band, one, two, two.time);
        heat += one.temperatureExposure;
        damp += one.humidityExposure;
        overstated = two.temperatureExposure > heat || two.humidityExposure > damp;
        bool follows = !overstated && two.temperatureExposure == heat
            && two.humidityExposure == damp && two.time - one.time <= longestGap;
        if (follows) revert NoContradiction();
    }

    // --- internal writes ---

    /// @param at Unix second at which the false exposure was added, where it is overstated.
    function _convict(
        address device,
        IConditionMonitor.Batch calldata batch,
        IFreightEscrow.Booking calldata booking,
        uint40 at,
        bool overstated
    ) private {
        uint64 id = batch.consignment;
        _requireBooking(id, booking);
        uint40 endedAt = _requireHeard(id);
        emit BatchConvicted(id, device, batch.sequence, msg.sender, overstated);
        uint256 leg = overstated ? _legAt(device, batch, at) : _NOBODY;
        if (!_void(Verdict(device, msg.sender, leg, endedAt != 0), batch, booking)) {
            revert NothingNew(id, batch.sequence);
        }
    }

    /// @dev Returns false when nothing follows: the batch is void, and no carrier owed anything more.
    function _void(
        Verdict memory verdict,
        IConditionMonitor.Batch calldata batch,
        IFreightEscrow.Booking calldata booking
    ) private returns (bool) {
        uint64 id = batch.consignment;
        (address device, uint256 leg) = (verdict.device, verdict.leg);
        Case storage known = _cases[id][device];
        uint256 bit = 1 << batch.sequence;
        bool isVoid = monitor.voidsOf(id, device) & bit != 0;
        bool isOwed = leg != _NOBODY && verdict.isOver && known.early & bit == 0
            && known.legsPaid >> leg & 1 == 0;
        if (isVoid && !isOwed) return false;

        if (!isVoid) {
            if (!verdict.isOver) known.early |= bit;
            monitor.voidBatch(id, device, uint8(batch.sequence));
        }
        _forfeit(known, device, booking, verdict.finder);
        if (isOwed) _payLeg(known, device, booking.legs[leg], leg);
        return true;
    }

    function _forfeit(
        Case storage known,
        address device,
        IFreightEscrow.Booking calldata booking,
        address finder
    ) private {
        if (known.isForfeited) return;
        known.isForfeited = true;
        (address operator, uint128 bond) = _bondOf(device, booking);
        if (_isOfOperator(finder, operator)) return;
        known.finderPaid = bond / 5;
        monitor.payBond(operator, finder, bond / 5);
    }

    function _payLeg(
        Case storage known,
        address device,
        IFreightEscrow.LegRequest calldata part,
        uint256 leg
    ) private {
        known.legsPaid |= uint8(1 << leg);
        monitor.payBond(registry.device(device).operator, part.carrier, part.freight);
    }
}
