// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {Earmarks} from "../libraries/Earmarks.sol";
import {Journey, Journeys} from "../libraries/Journeys.sol";
import {References} from "../libraries/References.sol";
import {LotCounter} from "./LotCounter.sol";

/// @title MaterialLedger
/// @notice The physical truth: what the other rooms do with parcels, and the loads in which they change hands.
/// @dev While a parcel rides, custodian, time and state are the load's: so a handover costs the same however many
/// parcels ride, but for the first, which moves the lots' counters.
contract MaterialLedger is LotCounter {
    using Earmarks for IMaterialLedger.Earmark;

    /// @notice Most parcels in a load.
    uint256 public constant MAX_PARCELS = _MOST_PARCELS;

    /// @notice The only writer of offers and allocations.
    address public immutable demandEscrow;

    /// @notice The only writer of loads and custody.
    address public immutable freightEscrow;

    /// @notice The only writer of gifts.
    address public immutable donationRegistry;

    /// @notice The code of what is done with loads but to pass them on.
    address public immutable loadOffice;

    /// @dev Times of the changes of custody that the journey's word has no room for.
    mapping(uint64 consignment => uint256) private _laterTimes;

    constructor(
        address accessManager,
        address participantRegistry,
        address demandEscrow_,
        address freightEscrow_,
        address donationRegistry_,
        address materialOffice,
        address loadOffice_
    ) LotCounter(accessManager, participantRegistry, materialOffice) {
        demandEscrow = References.required(demandEscrow_);
        freightEscrow = References.required(freightEscrow_);
        donationRegistry = References.required(donationRegistry_);
        loadOffice = References.required(loadOffice_);
    }

    modifier onlyWriter(address writer) {
        if (msg.sender != writer) revert NotWriter(msg.sender);
        _;
    }

    // --- reads ---

    /// @inheritdoc IMaterialLedger
    function parcel(uint64 id) external view returns (Parcel memory record) {
        record = _knownParcel(id);
        uint64 consignment = record.consignment;
        if (consignment != 0) {
            Load memory carrying = _load(consignment);
            record.custodian = carrying.custodian;
            record.since = carrying.since;
            record.state = carrying.state;
        }
    }

    /// @inheritdoc IMaterialLedger
    function load(uint64 consignment) external view returns (Load memory) {
        return _load(consignment);
    }

    /// @inheritdoc IMaterialLedger
    function parcelsOf(uint64 consignment) external view returns (uint64[] memory) {
        return _aboard[consignment];
    }

    /// @inheritdoc IMaterialLedger
    function isLoadRecalled(uint64 consignment) external view returns (bool) {
        return _isLoadRecalled(consignment, _knownLoad(consignment));
    }

    /// @inheritdoc IMaterialLedger
    function ride(uint64 parcelId, uint16 index) external view returns (Ride memory past) {
        if (index >= _parcels[parcelId].rides) return past;
        past = _rides[parcelId][index];
        past.outcome = _outcomeOf(past);
    }

    /// @inheritdoc IMaterialLedger
    function outcomeOf(uint64 parcelId, uint64 consignment)
        external
        view
        returns (ParcelState outcome, ParcelState ofLoad, uint64 unitsSetAside)
    {
        // The present ride first: there is a record of it as soon as something was set aside.
        for (uint256 i = uint256(_knownParcel(parcelId).rides) + 1; i != 0; --i) {
            Ride memory past = _rides[parcelId][uint16(i - 1)];
            if (past.consignment == consignment) {
                outcome = i > _parcels[parcelId].rides ? past.outcome : _outcomeOf(past);
                return (outcome, _journeys[consignment].state(), past.setAside);
            }
        }
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
        Journey journey = _knownLoad(consignment);
        if (sequence > journey.sequence()) return (address(0), 0);
        Stop memory stop = _stopAt(consignment, journey, sequence);
        return (stop.custodian, stop.since);
    }

    /// @inheritdoc IMaterialLedger
    function routeOf(uint64 consignment) external view returns (Stop[] memory route) {
        Journey journey = _knownLoad(consignment);
        route = new Stop[](journey.stops());
        for (uint256 i; i < route.length; ++i) {
            route[i] = _stopAt(consignment, journey, i);
        }
    }

    /// @inheritdoc IMaterialLedger
    function progressOf(uint64 consignment) external view returns (Progress memory progress) {
        Journey journey = _knownLoad(consignment);
        uint256 sequence = journey.sequence();
        progress.custodian = _stops[consignment][sequence].custodian;
        progress.isRecalled = _isLoadRecalled(consignment, journey);
        progress.content = _contents[consignment];
        progress.times = new uint40[](sequence + 1);
        for (uint256 i; i <= sequence; ++i) {
            progress.times[i] = _timeOf(consignment, journey, i);
        }
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
    function allocate(uint64 parcelId, uint64 units) external onlyWriter(demandEscrow) {
        Parcel storage record = _atRest(parcelId, ParcelState.OFFERED);
        uint64 lotId = record.lot;
        _checkExpiry(lotId);
        _checkRecall(lotId);
        if (units == 0) revert ZeroQuantity();
        uint64 free = record.units - record.promised;
        if (units > free) revert TooManyUnits(parcelId, units, free);
        record.promised += uint56(units);
        _count(parcelId, lotId, ParcelState.OFFERED, ParcelState.ALLOCATED, units, 0);
    }

    /// @inheritdoc IMaterialLedger
    function redeem(uint64, uint64) external onlyWriter(demandEscrow) returns (uint64) {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function deallocate(uint64, uint64, bool) external onlyWriter(demandEscrow) {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function withdraw(uint64) external onlyWriter(demandEscrow) {
        _toOffice();
    }

    /// @inheritdoc IMaterialLedger
    function release(uint64) external onlyWriter(demandEscrow) {
        _toOffice();
    }

    // --- FreightEscrow ---

    /// @inheritdoc IMaterialLedger
    function form(uint64, uint64[] calldata, address, Stop[] calldata)
        external
        onlyWriter(freightEscrow)
        returns (bytes32)
    {
        _run(loadOffice);
    }

    /// @inheritdoc IMaterialLedger
    function handOver(uint64 consignment, address to, uint32 station, uint40 at)
        external
        onlyWriter(freightEscrow)
        returns (Change memory change)
    {
        Journey journey = _knownLoad(consignment);
        ParcelState state = journey.state();
        if (state == ParcelState.ALLOCATED) {
            journey = journey.withState(ParcelState.IN_TRANSIT);
            _moveAboard(consignment, ParcelState.ALLOCATED, ParcelState.IN_TRANSIT);
        } else if (state != ParcelState.IN_TRANSIT) {
            revert WrongLoadState(consignment, state);
        }
        journey = _checkLoadRecall(consignment, journey);
        change = _changeCustody(consignment, journey, Stop(to, station, at));
        change.content = _contents[consignment];
        _journeys[consignment] = journey.advanced(at);
    }

    /// @inheritdoc IMaterialLedger
    function setAside(uint64, Exception[] calldata, uint32, uint40)
        external
        onlyWriter(freightEscrow)
        returns (bytes32)
    {
        _run(loadOffice);
    }

    /// @inheritdoc IMaterialLedger
    function close(
        uint64 consignment,
        ParcelState outcome,
        address custodian,
        uint32 station,
        uint40 at
    ) external onlyWriter(freightEscrow) {
        Journey journey = _knownLoad(consignment);
        ParcelState from = journey.state();
        address present = _stops[consignment][journey.sequence()].custodian;
        if (outcome == ParcelState.ALLOCATED || outcome == ParcelState.HELD) _run(loadOffice);
        if (
            !_isReceived(outcome) && outcome != ParcelState.QUARANTINED
                && outcome != ParcelState.RETURNED && outcome != ParcelState.LOST
        ) revert BadOutcome(outcome);
        // What is set apart where it is may never have left.
        bool isStopped = outcome == ParcelState.QUARANTINED && custodian == present;
        if (from != ParcelState.IN_TRANSIT && !(isStopped && from == ParcelState.ALLOCATED)) {
            revert WrongLoadState(consignment, from);
        }
        // A consignee that was the last carrier too may have it delivered in bad condition.
        isStopped =
            isStopped && (from == ParcelState.ALLOCATED || _isLoadRecalled(consignment, journey));
        if (_isReceived(outcome)) journey = _checkLoadRecall(consignment, journey);
        if (custodian == present) {
            _checkTime(consignment, journey, at);
        } else {
            _changeCustody(consignment, journey, Stop(custodian, station, at));
            journey = journey.advanced(at);
        }
        _journeys[consignment] = journey.withState(outcome);
        Parcel memory arrival;
        arrival.custodian = custodian;
        arrival.since = at;
        arrival.station = station;
        arrival.state = outcome;
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            if (isStopped) _stop(parcels[i], custodian, from);
            _unload(parcels[i], arrival, consignment, from);
        }
        _tellClosed(consignment, outcome, custodian, at);
    }

    // --- internal reads ---

    /// @dev Handed to whom it was for.
    function _isReceived(ParcelState outcome) private pure returns (bool) {
        return outcome == ParcelState.DELIVERED || outcome == ParcelState.DISTRIBUTED;
    }

    /// @dev How a ride ended: as its load did, unless it says otherwise itself.
    function _outcomeOf(Ride memory past) private view returns (ParcelState) {
        if (past.outcome != ParcelState.NULL) return past.outcome;
        return _journeys[past.consignment].state();
    }

    function _isLoadRecalled(uint64 consignment, Journey journey) private view returns (bool) {
        if (journey.clear() == _recallEpoch) return false;
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            if (_recalledIn(_parcels[parcels[i]].lot) != 0) return true;
        }
        return false;
    }

    function _knownLoad(uint64 consignment) private view returns (Journey journey) {
        journey = _journeys[consignment];
        if (journey.state() == ParcelState.NULL) revert UnknownLoad(consignment);
    }

    function _load(uint64 consignment) private view returns (Load memory) {
        Journey journey = _knownLoad(consignment);
        Stop memory present = _stopAt(consignment, journey, journey.sequence());
        return Load({
            custodian: present.custodian,
            since: present.since,
            sequence: uint16(journey.sequence()),
            state: journey.state(),
            clearedAt: journey.clear(),
            content: _contents[consignment]
        });
    }

    function _stopAt(uint64 consignment, Journey journey, uint256 sequence)
        private
        view
        returns (Stop memory stop)
    {
        stop = _stops[consignment][sequence];
        if (sequence <= journey.sequence()) stop.since = _timeOf(consignment, journey, sequence);
    }

    /// @dev When custody changed for the `sequence`-th time; when the load was formed for 0.
    function _timeOf(uint64 consignment, Journey journey, uint256 sequence)
        private
        view
        returns (uint40)
    {
        if (sequence == 0) return journey.formedAt();
        if (sequence <= Journeys.TIMES) return journey.timeOf(sequence);
        return journey.formedAt() + uint32(_laterTimes[consignment] >> _shiftOf(sequence));
    }

    /// @dev Where the time of a change of custody is that the journey has no room for.
    function _shiftOf(uint256 sequence) private pure returns (uint256) {
        return 32 * (sequence - Journeys.TIMES - 1);
    }

    function _checkTime(uint64 consignment, Journey journey, uint40 at) private view {
        uint40 since = _timeOf(consignment, journey, journey.sequence());
        if (at < since || at > block.timestamp) {
            revert WrongHandoverTime(at, since, uint40(block.timestamp));
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
        Journey journey = _journeys[consignment];
        uint256 low;
        uint256 high = journey.sequence() + 1;
        while (high - low > 1) {
            uint256 middle = low + (high - low) / 2;
            if (_timeOf(consignment, journey, middle) <= time) low = middle;
            else high = middle;
        }
        return _stops[consignment][low].custodian;
    }

    // --- internal writes ---

    function _moveAboard(uint64 consignment, ParcelState from, ParcelState to) private {
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            Parcel storage record = _parcels[parcels[i]];
            _count(parcels[i], record.lot, from, to, record.units, consignment);
        }
    }

    /// @dev Writes all but the journey itself. A change as planned finds its stop there.
    function _changeCustody(uint64 consignment, Journey journey, Stop memory taken)
        private
        returns (Change memory change)
    {
        _checkTime(consignment, journey, taken.since);
        uint256 sequence = journey.sequence();
        mapping(uint256 => Stop) storage stops = _stops[consignment];
        Stop storage planned = stops[sequence + 1];
        change.from = stops[sequence].custodian;
        change.since = _timeOf(consignment, journey, sequence);
        change.sequence = uint16(sequence);
        change.taker = planned.custodian;
        change.station = planned.station;
        if (change.taker != taken.custodian || change.station != taken.station) {
            planned.custodian = taken.custodian;
            planned.station = taken.station;
        }
        if (sequence >= Journeys.TIMES) {
            if (sequence == _MOST_CHANGES) revert TooManyChanges(consignment, _MOST_CHANGES);
            _laterTimes[consignment] |= uint256(taken.since - journey.formedAt())
            << _shiftOf(sequence + 1);
        }
        emit CustodyChanged(
            consignment, uint16(sequence), change.from, taken.custodian, taken.station, taken.since
        );
    }

    /// @dev Nothing aboard is recalled: one read, unless there was a recall since the last look.
    function _checkLoadRecall(uint64 consignment, Journey journey) private returns (Journey) {
        uint32 epoch = _recallEpoch;
        if (journey.clear() == epoch) return journey;
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            _checkRecall(_parcels[parcels[i]].lot);
        }
        return journey.withClear(epoch);
    }

    /// @dev What had expired when it arrived is quarantined instead of delivered.
    function _unload(uint64 id, Parcel memory arrival, uint64 consignment, ParcelState from)
        private
    {
        Parcel storage record = _parcels[id];
        ParcelState outcome = arrival.state;
        if (_isReceived(outcome) && _isExpired(record.lot, arrival.since)) {
            outcome = ParcelState.QUARANTINED;
            _rides[id][record.rides].outcome = outcome;
        }
        record.custodian = arrival.custodian;
        record.since = arrival.since;
        record.state = outcome;
        record.station = arrival.station;
        record.rides += 1;
        record.consignment = 0;
        _count(id, record.lot, from, outcome, record.units, consignment);
    }
}
