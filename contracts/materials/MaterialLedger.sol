// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {Earmarks} from "../libraries/Earmarks.sol";
import {References} from "../libraries/References.sol";
import {LotCounter} from "./LotCounter.sol";

/// @title MaterialLedger
/// @notice The physical truth: what the other rooms do with parcels, and the loads in which they change hands.
/// @dev While a parcel rides, custodian, time and state are the load's: so a handover costs the same however many
/// parcels ride, but for the first, which moves the lots' counters.
contract MaterialLedger is LotCounter {
    using Earmarks for IMaterialLedger.Earmark;

    /// @dev A time of custody that is over.
    struct Span {
        address custodian; // slot 0
        uint40 since;
    }

    /// @notice Most parcels in a load.
    uint256 public constant MAX_PARCELS = 16;

    /// @notice The only writer of offers and allocations.
    address public immutable demandEscrow;

    /// @notice The only writer of loads and custody.
    address public immutable freightEscrow;

    /// @notice The only writer of gifts.
    address public immutable donationRegistry;

    mapping(uint64 parcelId => mapping(uint16 index => Ride)) private _rides;

    mapping(uint64 consignment => uint64[]) private _aboard;

    /// @dev The spans before the present one, which is in the load.
    mapping(uint64 consignment => mapping(uint16 sequence => Span)) private _spans;

    constructor(
        address accessManager,
        address participantRegistry,
        address demandEscrow_,
        address freightEscrow_,
        address donationRegistry_,
        address materialOffice
    ) LotCounter(accessManager, participantRegistry, materialOffice) {
        demandEscrow = References.required(demandEscrow_);
        freightEscrow = References.required(freightEscrow_);
        donationRegistry = References.required(donationRegistry_);
    }

    modifier onlyWriter(address writer) {
        if (msg.sender != writer) revert NotWriter(msg.sender);
        _;
    }

    // --- reads ---

    /// @inheritdoc IMaterialLedger
    function parcel(uint64 id) external view returns (Parcel memory record) {
        record = _knownParcel(id);
        if (record.consignment != 0) {
            Load storage carrying = _loads[record.consignment];
            record.custodian = carrying.custodian;
            record.since = carrying.since;
            record.state = carrying.state;
        }
    }

    /// @inheritdoc IMaterialLedger
    function load(uint64 consignment) external view returns (Load memory) {
        return _knownLoad(consignment);
    }

    /// @inheritdoc IMaterialLedger
    function parcelsOf(uint64 consignment) external view returns (uint64[] memory) {
        return _aboard[consignment];
    }

    /// @inheritdoc IMaterialLedger
    function isLoadRecalled(uint64 consignment) external view returns (bool) {
        if (_knownLoad(consignment).clearedAt == _recallEpoch) return false;
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            if (_recalledIn(_parcels[parcels[i]].lot) != 0) return true;
        }
        return false;
    }

    /// @inheritdoc IMaterialLedger
    function ride(uint64 parcelId, uint16 index) external view returns (Ride memory) {
        return _rides[parcelId][index];
    }

    /// @inheritdoc IMaterialLedger
    function outcomeOf(uint64 parcelId, uint64 consignment) external view returns (ParcelState) {
        for (uint16 i = _knownParcel(parcelId).rides; i != 0; --i) {
            Ride storage past = _rides[parcelId][i - 1];
            if (past.consignment == consignment) return past.outcome;
        }
        return ParcelState.NULL;
    }

    /// @inheritdoc IMaterialLedger
    function responsibleAt(uint64 parcelId, uint40 time) external view returns (address) {
        Parcel storage record = _knownParcel(parcelId);
        if (time > block.timestamp) return address(0);
        // From its merging on, the parcel that took its units answers.
        for (Merge memory gone = _merges[parcelId]; gone.into != 0 && time >= gone.at;) {
            parcelId = gone.into;
            record = _parcels[parcelId];
            gone = _merges[parcelId];
        }
        // Before it was split off, a parcel was part of its parent.
        while (time < _firstRest(parcelId, record)) {
            parcelId = record.parent;
            if (parcelId == 0) return address(0);
            record = _parcels[parcelId];
        }
        if (time >= record.since) {
            return
                record.consignment == 0 ? record.custodian : _custodianAt(record.consignment, time);
        }
        return _custodianAt(_rideAt(parcelId, record.rides, time), time);
    }

    /// @inheritdoc IMaterialLedger
    function custodySpan(uint64 consignment, uint16 sequence)
        external
        view
        returns (address custodian, uint40 since)
    {
        Load storage record = _knownLoad(consignment);
        if (sequence == record.sequence) return (record.custodian, record.since);
        Span storage span = _spans[consignment][sequence];
        return (span.custodian, span.since);
    }

    // --- DonationRegistry ---

    /// @inheritdoc IMaterialLedger
    function commissionGift(
        Commission calldata request,
        address donor,
        address custodian,
        Earmark calldata earmark
    ) external onlyWriter(donationRegistry) returns (uint64 lotId, uint64 parcelId) {
        earmark.requireBorne(registry);
        return _commission(request, LotKind.GIFT, donor, custodian, earmark);
    }

    // --- DemandEscrow ---

    /// @inheritdoc IMaterialLedger
    function offer(uint64 parcelId, address by) external onlyWriter(demandEscrow) {
        Parcel storage record = _atRest(parcelId, ParcelState.HELD);
        _checkCustodian(parcelId, record, by);
        _checkExpiry(record.lot);
        _checkRecall(record.lot);
        _move(parcelId, record, ParcelState.OFFERED);
    }

    /// @inheritdoc IMaterialLedger
    function withdraw(uint64 parcelId) external onlyWriter(demandEscrow) {
        Quarantine storage stopped = _quarantines[parcelId];
        if (stopped.before == ParcelState.OFFERED) {
            // Stopped, perhaps destroyed, while it was offered: the offer ends all the same.
            stopped.before = ParcelState.HELD;
            return;
        }
        Parcel storage record = _atRest(parcelId, ParcelState.OFFERED);
        _move(parcelId, record, ParcelState.HELD);
    }

    /// @inheritdoc IMaterialLedger
    function allocate(uint64 parcelId, uint64 units)
        external
        onlyWriter(demandEscrow)
        returns (uint64 allocated)
    {
        Parcel storage record = _atRest(parcelId, ParcelState.OFFERED);
        _checkExpiry(record.lot);
        _checkRecall(record.lot);
        return _moveUnits(parcelId, record, units, ParcelState.ALLOCATED);
    }

    /// @inheritdoc IMaterialLedger
    function release(uint64 parcelId) external onlyWriter(demandEscrow) {
        Parcel storage record = _atRest(parcelId, ParcelState.ALLOCATED);
        if (record.consignment != 0) revert WrongState(parcelId, ParcelState.ALLOCATED);
        _move(parcelId, record, ParcelState.HELD);
    }

    // --- FreightEscrow ---

    /// @inheritdoc IMaterialLedger
    function form(uint64 consignment, uint64[] calldata parcels)
        external
        onlyWriter(freightEscrow)
        returns (bytes32 content)
    {
        if (consignment == 0) revert UnknownLoad(consignment);
        if (_loads[consignment].state != ParcelState.NULL) revert LoadExists(consignment);
        if (parcels.length == 0) revert NoParcels();
        if (parcels.length > MAX_PARCELS) revert TooManyParcels(parcels.length, MAX_PARCELS);

        address custodian = _knownParcel(parcels[0]).custodian;
        content = _board(consignment, parcels, custodian);
        _loads[consignment] = Load({
            custodian: custodian,
            since: uint40(block.timestamp),
            sequence: 0,
            state: ParcelState.ALLOCATED,
            clearedAt: _recallEpoch,
            content: content
        });
        _tell(
            bytes.concat(
                abi.encode(LoadFormed.selector, consignment),
                abi.encode(parcels, content, custodian)
            ),
            2
        );
    }

    /// @inheritdoc IMaterialLedger
    function handOver(uint64 consignment, address to, uint32 station, uint40 at)
        external
        onlyWriter(freightEscrow)
    {
        Load storage record = _knownLoad(consignment);
        ParcelState state = record.state;
        if (state != ParcelState.ALLOCATED && state != ParcelState.IN_TRANSIT) {
            revert WrongLoadState(consignment, state);
        }
        _checkTime(record, at);
        _checkLoadRecall(consignment, record);
        if (state == ParcelState.ALLOCATED) _depart(consignment, record);
        _changeCustody(consignment, record, to, station, at);
    }

    /// @inheritdoc IMaterialLedger
    function close(
        uint64 consignment,
        ParcelState outcome,
        address custodian,
        uint32 station,
        uint40 at
    ) external onlyWriter(freightEscrow) {
        Load storage record = _knownLoad(consignment);
        if (outcome == ParcelState.ALLOCATED) {
            _disband(consignment, record);
            return;
        }
        if (
            outcome != ParcelState.DELIVERED && outcome != ParcelState.QUARANTINED
                && outcome != ParcelState.RETURNED && outcome != ParcelState.LOST
        ) revert BadOutcome(outcome);
        ParcelState state = record.state;
        bool stopped = outcome == ParcelState.QUARANTINED && custodian == record.custodian;
        if (state != ParcelState.IN_TRANSIT && !(stopped && state == ParcelState.ALLOCATED)) {
            revert WrongLoadState(consignment, state);
        }
        _checkTime(record, at);
        if (outcome == ParcelState.DELIVERED) _checkLoadRecall(consignment, record);

        if (custodian != record.custodian) {
            _changeCustody(consignment, record, custodian, station, at);
        }
        record.state = outcome;
        Parcel memory arrival;
        arrival.custodian = custodian;
        arrival.since = at;
        arrival.station = station;
        arrival.state = outcome;
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            if (stopped) _stop(parcels[i], custodian, state);
            _unload(parcels[i], arrival, consignment, state);
        }
        _tell(abi.encode(LoadClosed.selector, consignment, outcome, custodian, at), 2);
    }

    // --- internal reads ---

    function _knownLoad(uint64 consignment) private view returns (Load storage record) {
        record = _loads[consignment];
        if (record.state == ParcelState.NULL) revert UnknownLoad(consignment);
    }

    function _checkTime(Load storage record, uint40 at) private view {
        if (at < record.since || at > block.timestamp) {
            revert WrongHandoverTime(at, record.since, uint40(block.timestamp));
        }
    }

    /// @dev Since when there is a record of its own for a parcel.
    function _firstRest(uint64 parcelId, Parcel storage record) private view returns (uint40) {
        return record.rides == 0 ? record.since : _rides[parcelId][0].since;
    }

    /// @dev The last ride whose rest began at or before `time`; the first one's did.
    function _rideAt(uint64 parcelId, uint16 rides, uint40 time) private view returns (uint64) {
        uint16 low;
        while (rides - low > 1) {
            uint16 middle = low + (rides - low) / 2;
            if (_rides[parcelId][middle].since <= time) low = middle;
            else rides = middle;
        }
        return _rides[parcelId][low].consignment;
    }

    /// @dev Who had custody of a load, the consignor for any time before its first handover.
    function _custodianAt(uint64 consignment, uint40 time) private view returns (address) {
        Load storage record = _loads[consignment];
        if (record.sequence == 0 || record.since <= time) return record.custodian;
        uint16 low;
        uint16 high = record.sequence;
        while (high - low > 1) {
            uint16 middle = low + (high - low) / 2;
            if (_spans[consignment][middle].since <= time) low = middle;
            else high = middle;
        }
        return _spans[consignment][low].custodian;
    }

    // --- internal writes ---

    /// @dev Puts the parcels into the load; one named twice is aboard already when its turn comes again.
    function _board(uint64 consignment, uint64[] calldata parcels, address custodian)
        private
        returns (bytes32)
    {
        uint64[] memory lots = new uint64[](parcels.length);
        uint64[] memory units = new uint64[](parcels.length);
        uint32 station = _parcels[parcels[0]].station;
        for (uint256 i; i < parcels.length; ++i) {
            uint64 id = parcels[i];
            Parcel storage record = _atRest(id, ParcelState.ALLOCATED);
            if (record.consignment != 0) revert WrongState(id, ParcelState.ALLOCATED);
            if (record.custodian != custodian || record.station != station) {
                revert MixedCustody(id);
            }
            _checkExpiry(record.lot);
            _checkRecall(record.lot);
            record.consignment = consignment;
            _aboard[consignment].push(id);
            lots[i] = record.lot;
            units[i] = record.units;
        }
        return keccak256(abi.encode(parcels, lots, units));
    }

    function _depart(uint64 consignment, Load storage record) private {
        record.state = ParcelState.IN_TRANSIT;
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            _count(
                parcels[i],
                _parcels[parcels[i]],
                ParcelState.ALLOCATED,
                ParcelState.IN_TRANSIT,
                consignment
            );
        }
    }

    function _changeCustody(
        uint64 consignment,
        Load storage record,
        address to,
        uint32 station,
        uint40 at
    ) private {
        address from = record.custodian;
        uint16 sequence = record.sequence;
        _spans[consignment][sequence] = Span(from, record.since);
        record.custodian = to;
        record.since = at;
        record.sequence = sequence + 1;
        emit CustodyChanged(consignment, sequence, from, to, station, at);
    }

    /// @dev Nothing aboard is recalled: one read, unless there was a recall since the last look.
    function _checkLoadRecall(uint64 consignment, Load storage record) private {
        uint32 epoch = _recallEpoch;
        if (record.clearedAt == epoch) return;
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            _checkRecall(_parcels[parcels[i]].lot);
        }
        record.clearedAt = epoch;
    }

    /// @dev Stopped on the way, with whoever has it: on its release it is theirs to hand back, or never left.
    function _stop(uint64 id, address custodian, ParcelState state) private {
        _quarantines[id] = Quarantine(
            custodian, state == ParcelState.ALLOCATED ? ParcelState.HELD : ParcelState.RETURNED
        );
    }

    /// @dev What had expired when it arrived is quarantined instead of delivered.
    function _unload(uint64 id, Parcel memory arrival, uint64 consignment, ParcelState from)
        private
    {
        Parcel storage record = _parcels[id];
        ParcelState outcome = arrival.state;
        if (outcome == ParcelState.DELIVERED && _isExpired(record.lot, arrival.since)) {
            outcome = ParcelState.QUARANTINED;
        }
        _rides[id][record.rides] = Ride(consignment, record.since, outcome);
        record.custodian = arrival.custodian;
        record.since = arrival.since;
        record.state = outcome;
        record.station = arrival.station;
        record.rides += 1;
        record.consignment = 0;
        _count(id, record, from, outcome, consignment);
    }

    /// @dev A load that never left: its parcels stay allocated where they are.
    function _disband(uint64 consignment, Load storage record) private {
        if (record.state != ParcelState.ALLOCATED) {
            revert WrongLoadState(consignment, record.state);
        }
        record.state = ParcelState.HELD;
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            _parcels[parcels[i]].consignment = 0;
        }
        _tell(
            abi.encode(
                LoadClosed.selector,
                consignment,
                ParcelState.ALLOCATED,
                record.custodian,
                uint40(block.timestamp)
            ),
            2
        );
    }
}
