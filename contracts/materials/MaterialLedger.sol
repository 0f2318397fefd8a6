// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {Journey, Journeys} from "../libraries/Journeys.sol";
import {Waybill, Waybills} from "../libraries/Waybills.sol";
import {References} from "../libraries/References.sol";
import {LotCounter} from "./LotCounter.sol";

/// @title MaterialLedger
/// @notice The physical truth: what the other rooms do with parcels, and the loads in which they change hands.
/// @dev While a parcel rides, custodian, time and state are the load's: so a handover costs the same however many
/// parcels ride, but for the first, which moves the lots' counters.
contract MaterialLedger is LotCounter {
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
        bool isAboard = record.state == ParcelState.IN_TRANSIT;
        if (isAboard) {
            uint64 consignment = record.consignment;
            Journey journey = _journeys[consignment];
            Stop memory last =
                _stopAt(consignment, journey, Waybills.readWay(consignment), journey.sequence());
            record.custodian = last.custodian;
            record.since = last.since;
            record.state = journey.state();
            isAboard = !journey.hasEnded();
            if (!isAboard) {
                record.station = last.station;
                ++record.rides;
            }
        }
        if (!isAboard) record.consignment = 0;
    }

    /// @inheritdoc IMaterialLedger
    function load(uint64 consignment) external view returns (Load memory) {
        return _load(consignment);
    }

    /// @inheritdoc IMaterialLedger
    function parcelsOf(uint64 consignment) external view returns (uint64[] memory parcels) {
        Journey journey = _journeys[consignment];
        if (journey.state() == ParcelState.NULL) return parcels;
        return _aboard(consignment, journey);
    }

    /// @inheritdoc IMaterialLedger
    function isLoadRecalled(uint64 consignment) external view returns (bool) {
        Journey journey = _knownLoad(consignment);
        return _isLoadRecalled(consignment, journey);
    }

    /// @inheritdoc IMaterialLedger
    function ride(uint64 parcelId, uint16 index) external view returns (Ride memory past) {
        Parcel storage record = _parcels[parcelId];
        uint256 rides = record.rides;
        uint64 consignment = record.consignment;
        Waybills.Entry memory entry = Waybills.read(consignment).entryOf(parcelId);
        if (record.state == ParcelState.IN_TRANSIT) {
            if (_journeys[consignment].hasEnded()) ++rides;
            else (consignment, entry) = _before(parcelId, entry);
        }
        if (index >= rides) return past;
        while (--rides > index) {
            (consignment, entry) = _before(parcelId, entry);
        }
        RideNote storage note = _rideNotes[parcelId][consignment];
        past = Ride(consignment, entry.since, _outcomeOf(note, consignment), note.setAside);
    }

    /// @inheritdoc IMaterialLedger
    function outcomeOf(uint64 parcelId, uint64 consignment)
        external
        view
        returns (ParcelState outcome, ParcelState ofLoad, uint64 unitsSetAside, uint64 unitsRefused)
    {
        _knownParcel(parcelId);
        Journey journey = _journeys[consignment];
        ofLoad = journey.state();
        if (ofLoad == ParcelState.NULL) return (outcome, ofLoad, 0, 0);
        if (Waybills.read(consignment).entryOf(parcelId).parcel == 0) {
            return (outcome, ParcelState.NULL, 0, 0);
        }
        RideNote storage note = _rideNotes[parcelId][consignment];
        outcome = note.outcome;
        // A load that never left was no ride.
        if (journey.hasEnded() && ofLoad != ParcelState.HELD) {
            outcome = _outcomeOf(note, consignment);
        }
        (unitsSetAside, unitsRefused) = (note.setAside, note.refused);
    }

    /// @inheritdoc IMaterialLedger
    function responsibleAt(uint64 parcelId, uint40 time) external view returns (address) {
        _knownParcel(parcelId);
        if (time > block.timestamp) return address(0);
        // From its merging on, the parcel that took its units answers.
        for (Merge memory gone = _merges[parcelId]; gone.into != 0 && time >= gone.at;) {
            parcelId = gone.into;
            gone = _merges[parcelId];
        }
        // Before it was split off, a parcel was part of its parent.
        for (; parcelId != 0; parcelId = _parcels[parcelId].parent) {
            Parcel storage record = _parcels[parcelId];
            if (record.state != ParcelState.IN_TRANSIT && time >= record.since) {
                return record.custodian;
            }
            uint64 consignment = _rideAt(parcelId, record.consignment, time);
            if (consignment != 0) return _custodianAt(consignment, time);
        }
        return address(0);
    }

    /// @inheritdoc IMaterialLedger
    function custodySpan(uint64 consignment, uint16 sequence)
        external
        view
        returns (address custodian, uint40 since)
    {
        Journey journey = _knownLoad(consignment);
        if (sequence > journey.sequence()) return (address(0), 0);
        Stop memory stop = _stopAt(consignment, journey, Waybills.readWay(consignment), sequence);
        return (stop.custodian, stop.since);
    }

    /// @inheritdoc IMaterialLedger
    function pickedUpAt(uint64 consignment) external view returns (uint40) {
        Journey journey = _knownLoad(consignment);
        return journey.sequence() == 0 ? 0 : journey.timeOf(1);
    }

    /// @inheritdoc IMaterialLedger
    function routeOf(uint64 consignment) external view returns (Stop[] memory route) {
        Journey journey = _knownLoad(consignment);
        Waybill bill = Waybills.readWay(consignment);
        route = new Stop[](journey.stops());
        for (uint256 i; i < route.length; ++i) {
            route[i] = _stopAt(consignment, journey, bill, i);
        }
    }

    /// @inheritdoc IMaterialLedger
    function progressOf(uint64 consignment) external view returns (Progress memory progress) {
        Journey journey = _knownLoad(consignment);
        Waybill bill = Waybills.readWay(consignment);
        uint256 sequence = journey.sequence();
        progress.custodian = _placeAt(consignment, journey, bill, sequence).custodian;
        progress.isRecalled = _isLoadRecalled(consignment, journey);
        progress.content = _contentOf(consignment, journey, bill);
        progress.times = new uint40[](sequence + 1);
        for (uint256 i; i <= sequence; ++i) {
            progress.times[i] = _timeOf(consignment, journey, i);
        }
    }

    // --- DonationRegistry ---

    /// @inheritdoc IMaterialLedger
    function commissionGift(Commission calldata, address, address, Earmark calldata)
        external
        onlyWriter(donationRegistry)
        returns (uint64, uint64)
    {
        _toOffice();
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
        Waybill bill;
        if (state == ParcelState.ALLOCATED) {
            bill = Waybills.read(consignment);
            journey = journey.withState(ParcelState.IN_TRANSIT);
            _depart(consignment, _aboard(consignment, journey, bill));
        } else if (state == ParcelState.IN_TRANSIT) {
            bill = Waybills.readWay(consignment);
        } else {
            revert WrongLoadState(consignment, state);
        }
        journey = _checkLoadRecall(consignment, journey);
        (change, journey) = _changeCustody(consignment, journey, bill, Stop(to, station, at));
        change.content = _contentOf(consignment, journey, bill);
        _journeys[consignment] = journey;
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
        if (outcome == ParcelState.ALLOCATED || outcome == ParcelState.HELD) _run(loadOffice);
        Waybill bill = Waybills.read(consignment);
        bool isTaken =
            custodian != _placeAt(consignment, journey, bill, journey.sequence()).custodian;
        if (
            !_isReceived(outcome) && outcome != ParcelState.QUARANTINED
                && outcome != ParcelState.RETURNED && outcome != ParcelState.LOST
        ) revert BadOutcome(outcome);
        // What is set apart where it is may never have left.
        bool isStopped = outcome == ParcelState.QUARANTINED && !isTaken;
        if (from != ParcelState.IN_TRANSIT && !(isStopped && from == ParcelState.ALLOCATED)) {
            revert WrongLoadState(consignment, from);
        }
        // A consignee that was the last carrier too may have it delivered in bad condition.
        isStopped =
            isStopped && (from == ParcelState.ALLOCATED || _isLoadRecalled(consignment, journey));
        if (_isReceived(outcome)) journey = _checkLoadRecall(consignment, journey);
        Stop memory last = Stop(custodian, station, at);
        if (isTaken) (, journey) = _changeCustody(consignment, journey, bill, last);
        else _checkTime(consignment, journey, at);
        _journeys[consignment] = journey.withState(outcome);
        uint64[] memory parcels = _aboard(consignment, journey, bill);
        if (isStopped) {
            for (uint256 i; i < parcels.length; ++i) {
                _stop(parcels[i], custodian, from);
            }
        }
        _unload(consignment, parcels, from, outcome, last, isTaken);
        _tellClosed(consignment, outcome, custodian, at);
    }

    // --- internal reads ---

    /// @dev Handed to whom it was for.
    function _isReceived(ParcelState outcome) private pure returns (bool) {
        return outcome == ParcelState.DELIVERED || outcome == ParcelState.DISTRIBUTED;
    }

    /// @dev How a ride ended: as its load did, unless its note says otherwise.
    function _outcomeOf(RideNote storage note, uint64 consignment)
        private
        view
        returns (ParcelState)
    {
        ParcelState outcome = note.outcome;
        return outcome == ParcelState.NULL ? _journeys[consignment].state() : outcome;
    }

    function _isLoadRecalled(uint64 consignment, Journey journey) private view returns (bool) {
        if (journey.clear() == _recallEpoch) return false;
        uint64[] memory parcels = _aboard(consignment, journey);
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
        Waybill bill = Waybills.readWay(consignment);
        Stop memory present = _stopAt(consignment, journey, bill, journey.sequence());
        return Load({
            custodian: present.custodian,
            since: present.since,
            sequence: uint16(journey.sequence()),
            state: journey.state(),
            clearedAt: journey.clear(),
            content: _contentOf(consignment, journey, bill)
        });
    }

    function _stopAt(uint64 consignment, Journey journey, Waybill bill, uint256 sequence)
        private
        view
        returns (Stop memory stop)
    {
        stop = _placeAt(consignment, journey, bill, sequence);
        if (sequence <= journey.sequence()) stop.since = _timeOf(consignment, journey, sequence);
    }

    function _checkTime(uint64 consignment, Journey journey, uint40 at) private view {
        uint40 since = _timeOf(consignment, journey, journey.sequence());
        if (at < since || at > block.timestamp) {
            revert WrongHandoverTime(at, since, uint40(block.timestamp));
        }
    }

    /// @dev What carried a parcel before the ride that is told of.
    function _before(uint64 parcelId, Waybills.Entry memory entry)
        private
        view
        returns (uint64, Waybills.Entry memory)
    {
        return (entry.former, Waybills.read(entry.former).entryOf(parcelId));
    }

    /// @dev The last ride, from `consignment` backwards, before which a parcel had begun to rest at `time`; zero when none.
    function _rideAt(uint64 parcelId, uint64 consignment, uint40 time)
        private
        view
        returns (uint64)
    {
        while (consignment != 0) {
            Waybills.Entry memory entry = Waybills.read(consignment).entryOf(parcelId);
            if (time >= entry.since) break;
            consignment = entry.former;
        }
        return consignment;
    }

    /// @dev Who had custody of a load, the consignor for any time before its first handover.
    function _custodianAt(uint64 consignment, uint40 time) private view returns (address) {
        Journey journey = _journeys[consignment];
        Waybill bill = Waybills.readWay(consignment);
        uint256 low;
        uint256 high = journey.sequence() + 1;
        while (high - low > 1) {
            uint256 middle = low + (high - low) / 2;
            if (_timeOf(consignment, journey, middle) <= time) low = middle;
            else high = middle;
        }
        return _placeAt(consignment, journey, bill, low).custodian;
    }

    // --- internal writes ---

    /// @dev Writes all but the journey, which is returned as it is to be. A change as planned stands on the waybill.
    function _changeCustody(uint64 consignment, Journey journey, Waybill bill, Stop memory taken)
        private
        returns (Change memory change, Journey next)
    {
        _checkTime(consignment, journey, taken.since);
        uint256 sequence = journey.sequence();
        change.from = _placeAt(consignment, journey, bill, sequence).custodian;
        change.since = _timeOf(consignment, journey, sequence);
        change.sequence = uint16(sequence);
        (change.taker, change.station) = bill.place(sequence + 1);
        next = journey.advanced(taken.since);
        if (change.taker != taken.custodian || change.station != taken.station) {
            _detours[consignment][sequence + 1] = Stop(taken.custodian, taken.station, 0);
            next = next.detoured();
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
        uint64[] memory parcels = _aboard(consignment, journey);
        for (uint256 i; i < parcels.length; ++i) {
            _checkRecall(_parcels[parcels[i]].lot);
        }
        return journey.withClear(epoch);
    }

    /// @dev Counts what is picked up.
    function _depart(uint64 consignment, uint64[] memory parcels) private {
        for (uint256 i; i < parcels.length; ++i) {
            Parcel storage record = _parcels[parcels[i]];
            (uint64 lotId, uint64 units) = (record.lot, record.units);
            _count(
                parcels[i], lotId, ParcelState.ALLOCATED, ParcelState.IN_TRANSIT, units, consignment
            );
        }
    }

    /// @dev Counts what has come to the end of its ride. Where the load has been taken, its parcels are with it until they are next touched; what had expired
    /// when it arrived is quarantined instead of delivered.
    function _unload(
        uint64 consignment,
        uint64[] memory parcels,
        ParcelState from,
        ParcelState outcome,
        Stop memory place,
        bool isTaken
    ) private {
        for (uint256 i; i < parcels.length; ++i) {
            uint64 id = parcels[i];
            Parcel storage record = _parcels[id];
            ParcelState end = outcome;
            if (_isReceived(outcome) && _isExpired(record.lot, place.since)) {
                end = ParcelState.QUARANTINED;
                _rideNotes[id][consignment].outcome = end;
            }
            _count(id, record.lot, from, end, record.units, consignment);
            if (isTaken && end == outcome) continue;
            _putDown(record, place, end);
            record.rides += 1;
        }
    }
}
