// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {Journey, Journeys} from "../libraries/Journeys.sol";
import {Waybill, Waybills} from "../libraries/Waybills.sol";
import {LotBook} from "./LotBook.sol";

/// @title ParcelBook
/// @notice Parcels at rest: how many units of which lot, in whose hands, in which state.
/// @dev A parcel that rides in a load is kept as IN_TRANSIT and has no custodian, time or state of its own: the load's count, also once it has ended, until the
/// parcel is next touched (`_landed`). Its `consignment` is kept for ever: it leads to the waybill of its last load, and that to the load before. Ids are
/// counted from 1, so that 48 bits hold them all. Promised units are of a parcel that is offered, or that was stopped, destroyed or lost in that state.
abstract contract ParcelBook is LotBook {
    /// @dev Where the units of a merged parcel went.
    struct Merge {
        uint64 into; // slot 0
        uint40 at;
    }

    /// @dev What a ride was for a parcel other than for its load. @param outcome NULL where it ended as the load. @param setAside Units that were split off.
    /// @param refused Units, of those or all, that were refused at the last change of custody.
    struct RideNote {
        IMaterialLedger.ParcelState outcome; // slot 0
        uint64 setAside;
        uint64 refused;
    }

    /// @dev What a load carries since units of it were set aside.
    struct Amendment {
        bytes32 content; // slot 0
        uint64[] parcels; // slot 1
    }

    uint256 internal constant _MOST_PARCELS = 16;

    /// @dev Changes of custody whose times the journey's word and one word more hold.
    uint256 internal constant _MOST_CHANGES = Journeys.TIMES + 8;

    /// @dev Times of the changes of custody that the journey's word has no room for.
    mapping(uint64 consignment => uint256) internal _laterTimes;

    mapping(uint64 parcelId => IMaterialLedger.Parcel) internal _parcels;

    mapping(uint64 parcelId => IMaterialLedger.Quarantine) internal _quarantines;

    mapping(uint64 parcelId => Merge) internal _merges;

    mapping(uint64 parcelId => mapping(uint64 consignment => RideNote)) internal _rideNotes;

    /// @dev Kept here for all who ask where a parcel is; written by the ledger alone.
    mapping(uint64 consignment => Journey) internal _journeys;

    /// @dev Changes of custody that went otherwise than the waybill says. The times of all are with the journey.
    mapping(uint64 consignment => mapping(uint256 sequence => IMaterialLedger.Stop)) internal
        _detours;

    mapping(uint64 consignment => Amendment) internal _amendments;

    constructor(address accessManager, address participantRegistry)
        LotBook(accessManager, participantRegistry)
    {}

    // --- shared reads ---

    function _knownParcel(uint64 id) internal view returns (IMaterialLedger.Parcel storage record) {
        record = _parcels[id];
        if (record.state == IMaterialLedger.ParcelState.NULL) {
            revert IMaterialLedger.UnknownParcel(id);
        }
    }

    function _stateOf(IMaterialLedger.Parcel storage record)
        internal
        view
        returns (IMaterialLedger.ParcelState)
    {
        IMaterialLedger.ParcelState kept = record.state;
        if (kept != IMaterialLedger.ParcelState.IN_TRANSIT) return kept;
        return _journeys[record.consignment].state();
    }

    function _custodianOf(IMaterialLedger.Parcel storage record) internal view returns (address) {
        if (record.state != IMaterialLedger.ParcelState.IN_TRANSIT) return record.custodian;
        uint64 consignment = record.consignment;
        Journey journey = _journeys[consignment];
        Waybill bill = Waybills.readWay(consignment);
        return _placeAt(consignment, journey, bill, journey.sequence()).custodian;
    }

    /// @dev Who took or is to take a load, and where; without the time.
    function _placeAt(uint64 consignment, Journey journey, Waybill bill, uint256 sequence)
        internal
        view
        returns (IMaterialLedger.Stop memory stop)
    {
        if (journey.isDetoured()) stop = _detours[consignment][sequence];
        if (stop.custodian == address(0)) (stop.custodian, stop.station) = bill.place(sequence);
    }

    function _contentOf(uint64 consignment, Journey journey, Waybill bill)
        internal
        view
        returns (bytes32)
    {
        return journey.isAmended() ? _amendments[consignment].content : bill.content();
    }

    function _aboard(uint64 consignment, Journey journey) internal view returns (uint64[] memory) {
        return _aboard(consignment, journey, Waybills.read(consignment));
    }

    /// @param bill All of it.
    function _aboard(uint64 consignment, Journey journey, Waybill bill)
        internal
        view
        returns (uint64[] memory)
    {
        return journey.isAmended() ? _amendments[consignment].parcels : bill.parcels();
    }

    /// @dev When custody changed for the `sequence`-th time; when the load was formed for 0.
    function _timeOf(uint64 consignment, Journey journey, uint256 sequence)
        internal
        view
        returns (uint40)
    {
        if (sequence == 0) return journey.formedAt();
        if (sequence <= Journeys.TIMES) return journey.timeOf(sequence);
        return journey.formedAt() + uint32(_laterTimes[consignment] >> _shiftOf(sequence));
    }

    /// @dev Where the time of a change of custody is that the journey has no room for.
    function _shiftOf(uint256 sequence) internal pure returns (uint256) {
        return 32 * (sequence - Journeys.TIMES - 1);
    }

    function _checkCustodian(uint64 id, IMaterialLedger.Parcel storage record, address who)
        internal
        view
    {
        if (record.custodian != who) {
            revert IMaterialLedger.NotCustodian(id, who, record.custodian);
        }
    }

    // --- shared writes ---

    /// @dev The parcel, put down where the load ended that it came with.
    function _landed(uint64 id) internal returns (IMaterialLedger.Parcel storage record) {
        record = _knownParcel(id);
        if (record.state != IMaterialLedger.ParcelState.IN_TRANSIT) return record;
        uint64 consignment = record.consignment;
        Journey journey = _journeys[consignment];
        if (!journey.hasEnded()) return record;
        uint256 sequence = journey.sequence();
        IMaterialLedger.Stop memory last =
            _placeAt(consignment, journey, Waybills.readWay(consignment), sequence);
        last.since = _timeOf(consignment, journey, sequence);
        _putDown(record, last, journey.state());
        record.rides += 1;
    }

    /// @dev Leaves a parcel at a place.
    function _putDown(
        IMaterialLedger.Parcel storage record,
        IMaterialLedger.Stop memory place,
        IMaterialLedger.ParcelState state
    ) internal {
        record.custodian = place.custodian;
        record.since = place.since;
        record.station = place.station;
        record.state = state;
    }

    /// @dev The parcel, which must be in `state`.
    function _atRest(uint64 id, IMaterialLedger.ParcelState state)
        internal
        returns (IMaterialLedger.Parcel storage record)
    {
        record = _landed(id);
        IMaterialLedger.ParcelState present = _stateOf(record);
        if (present != state) revert IMaterialLedger.WrongState(id, present);
    }

    /// @dev Moves all of a parcel at rest. While it is offered, what is promised of it counts as allocated.
    function _move(uint64 id, IMaterialLedger.Parcel storage record, IMaterialLedger.ParcelState to)
        internal
    {
        IMaterialLedger.ParcelState from = record.state;
        record.state = to;
        bool wasOffered = from == IMaterialLedger.ParcelState.OFFERED;
        bool isOffered = to == IMaterialLedger.ParcelState.OFFERED;
        uint64 promised = wasOffered || isOffered ? record.promised : 0;
        uint64 rest = record.units - promised;
        if (rest != 0) _count(id, record.lot, from, to, rest, 0);
        if (promised != 0) {
            if (wasOffered) from = IMaterialLedger.ParcelState.ALLOCATED;
            if (isOffered) to = IMaterialLedger.ParcelState.ALLOCATED;
            _count(id, record.lot, from, to, promised, 0);
        }
    }

    /// @dev Moves some units of a parcel at rest, split off unless they are all. Returns the parcel that holds them.
    function _moveUnits(
        uint64 id,
        IMaterialLedger.Parcel storage record,
        uint64 units,
        IMaterialLedger.ParcelState to
    ) internal returns (uint64 moved) {
        moved = _part(id, record, units);
        _move(moved, _parcels[moved], to);
    }

    /// @dev Stopped on the way, with whoever has it: on its release it is theirs to hand back, or never left.
    function _stop(uint64 id, address custodian, IMaterialLedger.ParcelState state) internal {
        _quarantines[id] = IMaterialLedger.Quarantine(
            custodian,
            state == IMaterialLedger.ParcelState.ALLOCATED
                ? IMaterialLedger.ParcelState.HELD
                : IMaterialLedger.ParcelState.RETURNED
        );
    }

    function _count(
        uint64 id,
        uint64 lotId,
        IMaterialLedger.ParcelState from,
        IMaterialLedger.ParcelState to,
        uint64 units,
        uint64 consignment
    ) internal {
        _shift(lotId, from, to, units);
        _tell(abi.encode(IMaterialLedger.ParcelMoved.selector, id, from, to, units, consignment), 2);
    }

    function _create(IMaterialLedger.Parcel memory record) internal returns (uint64 id) {
        id = _nextParcel();
        _parcels[id] = record;
    }

    /// @dev Units as a parcel of their own, split off unless they are all.
    function _part(uint64 id, IMaterialLedger.Parcel storage record, uint64 units)
        internal
        returns (uint64)
    {
        return units == record.units ? id : _splitOff(id, record, units);
    }

    /// @dev The child has its own record from now on; `since` and the parent answer for the time before. What is promised stays.
    function _splitOff(uint64 parcelId, IMaterialLedger.Parcel storage record, uint64 units)
        internal
        returns (uint64 child)
    {
        if (units == 0) revert IMaterialLedger.ZeroQuantity();
        IMaterialLedger.Parcel memory part = record;
        uint64 free = part.units - part.promised;
        if (units > free) revert IMaterialLedger.TooManyUnits(parcelId, units, free);
        record.units = part.units - uint56(units);
        part.units = uint56(units);
        part.promised = 0;
        part.parent = uint48(parcelId);
        part.consignment = 0;
        part.rides = 0;
        child = _create(part);
        _tell(abi.encode(IMaterialLedger.ParcelSplit.selector, parcelId, child, units), 3);
    }

    function _tellClosed(
        uint64 consignment,
        IMaterialLedger.ParcelState outcome,
        address custodian,
        uint40 at
    ) internal {
        _tell(
            abi.encode(IMaterialLedger.LoadClosed.selector, consignment, outcome, custodian, at), 2
        );
    }
}
