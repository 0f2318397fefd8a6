// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {Journey, Journeys} from "../libraries/Journeys.sol";
import {Waybill, Waybills} from "../libraries/Waybills.sol";
import {ParcelBook} from "./ParcelBook.sol";

/// @title LoadOffice
/// @notice How loads are formed, what is taken out of them on the way, and how those end that never left.
/// @dev Code of `MaterialLedger`, run by delegatecall like `MaterialOffice`; the ledger has checked that FreightEscrow calls.
contract LoadOffice is ParcelBook {
    constructor(address accessManager, address participantRegistry)
        ParcelBook(accessManager, participantRegistry)
    {}

    // --- FreightEscrow ---

    /// @notice See `IMaterialLedger.form`; the ledger has checked the caller.
    function form(
        uint64 consignment,
        uint64[] calldata parcels,
        address seller,
        IMaterialLedger.Stop[] calldata takers
    ) external returns (bytes32 content) {
        if (consignment == 0 || consignment > type(uint48).max) {
            revert IMaterialLedger.UnknownLoad(consignment);
        }
        if (_journeys[consignment].state() != IMaterialLedger.ParcelState.NULL) {
            revert IMaterialLedger.LoadExists(consignment);
        }
        if (parcels.length == 0) revert IMaterialLedger.NoParcels();
        if (parcels.length > _MOST_PARCELS) {
            revert IMaterialLedger.TooManyParcels(parcels.length, _MOST_PARCELS);
        }
        if (takers.length > _MOST_CHANGES) {
            revert IMaterialLedger.TooManyChanges(consignment, _MOST_CHANGES);
        }

        IMaterialLedger.Stop[] memory places = _placesOf(_knownParcel(parcels[0]), takers);
        Waybills.Entry[] memory entries = _board(consignment, parcels, seller, places[0]);
        content = _contentOf(parcels);
        _journeys[consignment] = Journeys.start(places.length, _recallEpoch);
        if (!Waybills.write(consignment, content, places, entries)) {
            revert IMaterialLedger.LoadOutOfOrder(consignment);
        }
        _tell(
            bytes.concat(
                abi.encode(IMaterialLedger.LoadFormed.selector, consignment),
                abi.encode(parcels, content, places[0].custodian)
            ),
            2
        );
    }

    /// @notice See `IMaterialLedger.close`, of a load that never left: its parcels stay where they are, allocated, or HELD again when they were
    /// only sold. The ledger has checked the caller and the outcome, and closes all others itself.
    function close(uint64 consignment, IMaterialLedger.ParcelState outcome, address, uint32, uint40)
        external
    {
        Journey journey = _journeys[consignment];
        if (journey.state() != IMaterialLedger.ParcelState.ALLOCATED) {
            revert IMaterialLedger.WrongLoadState(consignment, journey.state());
        }
        _journeys[consignment] = journey.withState(IMaterialLedger.ParcelState.HELD);
        Waybill bill = Waybills.read(consignment);
        uint64[] memory parcels = _aboard(consignment, journey);
        for (uint256 i; i < parcels.length; ++i) {
            IMaterialLedger.Parcel storage record = _parcels[parcels[i]];
            // This was no ride.
            record.consignment = uint48(bill.entryOf(parcels[i]).former);
            record.state = IMaterialLedger.ParcelState.ALLOCATED;
            if (outcome == IMaterialLedger.ParcelState.HELD) _move(parcels[i], record, outcome);
        }
        (address custodian,) = bill.place(0);
        _tellClosed(consignment, outcome, custodian, uint40(block.timestamp));
    }

    /// @notice See `IMaterialLedger.setAside`; the ledger has checked the caller.
    function setAside(
        uint64 consignment,
        IMaterialLedger.Exception[] calldata exceptions,
        uint32 station,
        uint40 at
    ) external returns (bytes32 former) {
        Journey journey = _journeys[consignment];
        IMaterialLedger.ParcelState state = journey.state();
        if (
            state != IMaterialLedger.ParcelState.ALLOCATED
                && state != IMaterialLedger.ParcelState.IN_TRANSIT
        ) revert IMaterialLedger.WrongLoadState(consignment, state);
        if (exceptions.length == 0) revert IMaterialLedger.NoParcels();
        if (exceptions.length > _MOST_PARCELS) {
            revert IMaterialLedger.TooManyParcels(exceptions.length, _MOST_PARCELS);
        }

        Waybill bill = Waybills.readWay(consignment);
        former = _contentOf(consignment, journey, bill);
        IMaterialLedger.Stop memory place = _placeAt(consignment, journey, bill, journey.sequence());
        (place.station, place.since) = (station, at);
        uint64[] memory left = _aboard(consignment, journey);
        uint64[] memory parcels = new uint64[](exceptions.length);
        for (uint256 i; i < exceptions.length; ++i) {
            parcels[i] = _setAside(consignment, exceptions[i], place, state);
            if (parcels[i] == exceptions[i].parcel) left = _without(left, parcels[i]);
        }
        if (journey.sequence() + 2 == journey.stops()) _noteRefused(consignment, exceptions);
        _journeys[consignment] = journey.amended();
        bytes memory told = abi.encode(
            parcels, _amend(consignment, left), place.custodian, place.station, place.since
        );
        _tell(
            bytes.concat(abi.encode(IMaterialLedger.UnitsSetAside.selector, consignment), told), 2
        );
    }

    // --- internal reads ---

    /// @dev Where a load is to go: from where its first parcel rests, to each taker.
    function _placesOf(IMaterialLedger.Parcel storage first, IMaterialLedger.Stop[] calldata takers)
        private
        view
        returns (IMaterialLedger.Stop[] memory places)
    {
        places = new IMaterialLedger.Stop[](takers.length + 1);
        places[0].custodian = first.custodian;
        places[0].station = first.station;
        for (uint256 i; i < takers.length; ++i) {
            places[i + 1] = takers[i];
        }
    }

    function _without(uint64[] memory parcels, uint64 gone)
        private
        pure
        returns (uint64[] memory left)
    {
        left = new uint64[](parcels.length - 1);
        uint64 last = parcels[left.length];
        for (uint256 i; i < left.length; ++i) {
            left[i] = parcels[i] == gone ? last : parcels[i];
        }
    }

    function _contentOf(uint64[] memory parcels) private view returns (bytes32) {
        uint64[] memory lots = new uint64[](parcels.length);
        uint64[] memory units = new uint64[](parcels.length);
        for (uint256 i; i < parcels.length; ++i) {
            IMaterialLedger.Parcel storage record = _parcels[parcels[i]];
            (lots[i], units[i]) = (record.lot, record.units);
        }
        return keccak256(abi.encode(parcels, lots, units));
    }

    function _stateAfter(IMaterialLedger.Exception calldata found)
        private
        pure
        returns (IMaterialLedger.ParcelState)
    {
        if (found.flaw == IMaterialLedger.Flaw.SHORT) return IMaterialLedger.ParcelState.LOST;
        if (found.flaw == IMaterialLedger.Flaw.DAMAGED) {
            return IMaterialLedger.ParcelState.QUARANTINED;
        }
        if (found.flaw == IMaterialLedger.Flaw.REFUSED) {
            return IMaterialLedger.ParcelState.RETURNED;
        }
        revert IMaterialLedger.BadFlaw(found.parcel);
    }

    // --- internal writes ---

    /// @dev Puts the parcels into the load; one named twice is aboard already when its turn comes again. Returns what its waybill says of each.
    function _board(
        uint64 consignment,
        uint64[] calldata parcels,
        address seller,
        IMaterialLedger.Stop memory start
    ) private returns (Waybills.Entry[] memory entries) {
        entries = new Waybills.Entry[](parcels.length);
        for (uint256 i; i < parcels.length; ++i) {
            uint64 id = parcels[i];
            if (seller != address(0)) _sell(id, seller);
            IMaterialLedger.Parcel storage record =
                _atRest(id, IMaterialLedger.ParcelState.ALLOCATED);
            if (record.state != IMaterialLedger.ParcelState.ALLOCATED) {
                revert IMaterialLedger.WrongState(id, IMaterialLedger.ParcelState.ALLOCATED);
            }
            if (record.custodian != start.custodian || record.station != start.station) {
                revert IMaterialLedger.MixedCustody(id);
            }
            _checkExpiry(record.lot);
            _checkRecall(record.lot);
            entries[i] = Waybills.Entry(id, record.since, record.consignment);
            record.state = IMaterialLedger.ParcelState.IN_TRANSIT;
            record.consignment = uint48(consignment);
        }
    }

    /// @dev What is sold goes from its seller's stock into the load.
    function _sell(uint64 id, address seller) private {
        IMaterialLedger.Parcel storage record = _atRest(id, IMaterialLedger.ParcelState.HELD);
        _checkCustodian(id, record, seller);
        _move(id, record, IMaterialLedger.ParcelState.ALLOCATED);
    }

    /// @dev Notes what its consignee does not take.
    function _noteRefused(uint64 consignment, IMaterialLedger.Exception[] calldata exceptions)
        private
    {
        for (uint256 i; i < exceptions.length; ++i) {
            if (exceptions[i].flaw != IMaterialLedger.Flaw.REFUSED) continue;
            _rideNotes[exceptions[i].parcel][consignment].refused = exceptions[i].units;
        }
    }

    /// @dev Keeps what is left of a load. Returns its content.
    function _amend(uint64 consignment, uint64[] memory left) private returns (bytes32 content) {
        if (left.length == 0) revert IMaterialLedger.LoadEmptied(consignment);
        content = _contentOf(left);
        _amendments[consignment] = Amendment(content, left);
    }

    /// @dev Puts units of a parcel aboard down where it changes hands. Returns the parcel that holds them.
    function _setAside(
        uint64 consignment,
        IMaterialLedger.Exception calldata found,
        IMaterialLedger.Stop memory place,
        IMaterialLedger.ParcelState from
    ) private returns (uint64 part) {
        uint64 id = found.parcel;
        IMaterialLedger.ParcelState to = _stateAfter(found);
        IMaterialLedger.Parcel storage record = _parcels[id];
        bool isAboard = record.state == IMaterialLedger.ParcelState.IN_TRANSIT;
        if (!isAboard || record.consignment != consignment) {
            revert IMaterialLedger.NotAboard(consignment, id);
        }
        RideNote storage note = _rideNotes[id][consignment];
        part = _part(id, record, found.units);
        if (part == id) {
            note.outcome = to;
            record.rides += 1;
        } else {
            note.setAside += found.units;
            record = _parcels[part];
        }
        _putDown(record, place, to);
        if (to == IMaterialLedger.ParcelState.QUARANTINED) {
            _stop(part, place.custodian, from);
        }
        _count(part, record.lot, from, to, record.units, consignment);
    }
}
