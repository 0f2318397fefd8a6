// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {Journey, Journeys} from "../libraries/Journeys.sol";
import {LotBook} from "./LotBook.sol";

/// @title ParcelBook
/// @notice Parcels at rest: how many units of which lot, in whose hands, in which state.
/// @dev A parcel that rides in a load has no custodian, time or state of its own: the load's count. Ids are counted from 1, so that 48 bits
/// hold them all. Promised units are of a parcel that is offered, or that was stopped, destroyed or lost in that state.
abstract contract ParcelBook is LotBook {
    /// @dev Where the units of a merged parcel went.
    struct Merge {
        uint64 into; // slot 0
        uint40 at;
    }

    uint256 internal constant _MOST_PARCELS = 16;

    /// @dev Changes of custody whose times the journey's word and one word more hold.
    uint256 internal constant _MOST_CHANGES = Journeys.TIMES + 8;

    mapping(uint64 parcelId => IMaterialLedger.Parcel) internal _parcels;

    mapping(uint64 parcelId => IMaterialLedger.Quarantine) internal _quarantines;

    mapping(uint64 parcelId => Merge) internal _merges;

    /// @dev The loads that have carried a parcel, then the one that carries it. Written when the load is formed; an outcome stands here only where
    /// it is not the load's.
    mapping(uint64 parcelId => mapping(uint16 index => IMaterialLedger.Ride)) internal _rides;

    /// @dev Kept here for all who ask where a parcel is; written by the ledger alone.
    mapping(uint64 consignment => Journey) internal _journeys;

    /// @dev Who takes a load, and where, at each change of custody; the consignor first. Their times are with the journey.
    mapping(uint64 consignment => mapping(uint256 sequence => IMaterialLedger.Stop)) internal
        _stops;

    /// @dev What a load carries, hashed; and its parcels.
    mapping(uint64 consignment => bytes32) internal _contents;

    mapping(uint64 consignment => uint64[]) internal _aboard;

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
        uint64 consignment = record.consignment;
        return consignment == 0 ? record.state : _journeys[consignment].state();
    }

    function _custodianOf(IMaterialLedger.Parcel storage record) internal view returns (address) {
        uint64 consignment = record.consignment;
        if (consignment == 0) return record.custodian;
        return _stops[consignment][_journeys[consignment].sequence()].custodian;
    }

    /// @dev The parcel, which must be in `state`.
    function _atRest(uint64 id, IMaterialLedger.ParcelState state)
        internal
        view
        returns (IMaterialLedger.Parcel storage record)
    {
        record = _knownParcel(id);
        IMaterialLedger.ParcelState present = _stateOf(record);
        if (present != state) revert IMaterialLedger.WrongState(id, present);
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

    function _commission(
        IMaterialLedger.Commission calldata request,
        IMaterialLedger.LotKind kind,
        address maker,
        address custodian,
        IMaterialLedger.Earmark memory earmark
    ) internal returns (uint64 lotId, uint64 parcelId) {
        lotId = _createLot(request, kind, maker, earmark);
        IMaterialLedger.Parcel memory first;
        first.custodian = custodian;
        first.since = uint40(block.timestamp);
        first.state = IMaterialLedger.ParcelState.HELD;
        first.station = request.station;
        first.lot = uint48(lotId);
        first.units = uint56(request.quantity);
        parcelId = _create(first);
        bytes memory topics =
            abi.encode(IMaterialLedger.LotCommissioned.selector, lotId, request.material, maker);
        bytes memory data = abi.encode(
            parcelId, custodian, request.quantity, request.expiry, kind, request.evidence
        );
        _tell(bytes.concat(topics, data), 4);
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

    function _create(IMaterialLedger.Parcel memory record) private returns (uint64 id) {
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
