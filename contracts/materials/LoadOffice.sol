// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {Journey, Journeys} from "../libraries/Journeys.sol";
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

        IMaterialLedger.Parcel storage first = _knownParcel(parcels[0]);
        IMaterialLedger.Stop memory start =
            IMaterialLedger.Stop({custodian: first.custodian, station: first.station, since: 0});
        content = _board(consignment, parcels, seller, start);
        _contents[consignment] = content;
        _stops[consignment][0] = start;
        for (uint256 i; i < takers.length; ++i) {
            _stops[consignment][i + 1] =
                IMaterialLedger.Stop(takers[i].custodian, takers[i].station, 0);
        }
        _journeys[consignment] = Journeys.start(takers.length + 1, _recallEpoch);
        _tell(
            bytes.concat(
                abi.encode(IMaterialLedger.LoadFormed.selector, consignment),
                abi.encode(parcels, content, start.custodian)
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
        uint64[] memory parcels = _aboard[consignment];
        for (uint256 i; i < parcels.length; ++i) {
            IMaterialLedger.Parcel storage record = _parcels[parcels[i]];
            record.consignment = 0;
            if (outcome == IMaterialLedger.ParcelState.HELD) _move(parcels[i], record, outcome);
        }
        address custodian = _stops[consignment][0].custodian;
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

        address giver = _stops[consignment][journey.sequence()].custodian;
        IMaterialLedger.Stop memory place = IMaterialLedger.Stop(giver, station, at);
        uint64[] memory parcels = new uint64[](exceptions.length);
        for (uint256 i; i < exceptions.length; ++i) {
            parcels[i] = _setAside(consignment, exceptions[i], place, state);
        }
        uint64[] memory left = _aboard[consignment];
        if (left.length == 0) revert IMaterialLedger.LoadEmptied(consignment);
        former = _contents[consignment];
        bytes32 content = _contentOf(left);
        _contents[consignment] = content;
        _tell(
            bytes.concat(
                abi.encode(IMaterialLedger.UnitsSetAside.selector, consignment),
                abi.encode(parcels, content, giver, station, at)
            ),
            2
        );
    }

    // --- internal reads ---

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

    /// @dev Puts the parcels into the load; one named twice is aboard already when its turn comes again.
    function _board(
        uint64 consignment,
        uint64[] calldata parcels,
        address seller,
        IMaterialLedger.Stop memory start
    ) private returns (bytes32) {
        for (uint256 i; i < parcels.length; ++i) {
            uint64 id = parcels[i];
            if (seller != address(0)) _sell(id, seller);
            IMaterialLedger.Parcel storage record =
                _atRest(id, IMaterialLedger.ParcelState.ALLOCATED);
            if (record.consignment != 0) {
                revert IMaterialLedger.WrongState(id, IMaterialLedger.ParcelState.ALLOCATED);
            }
            if (record.custodian != start.custodian || record.station != start.station) {
                revert IMaterialLedger.MixedCustody(id);
            }
            _checkExpiry(record.lot);
            _checkRecall(record.lot);
            record.consignment = uint48(consignment);
            _rides[id][record.rides] = IMaterialLedger.Ride(
                consignment, record.since, IMaterialLedger.ParcelState.NULL, 0
            );
            _aboard[consignment].push(id);
        }
        return _contentOf(parcels);
    }

    /// @dev What is sold goes from its seller's stock into the load.
    function _sell(uint64 id, address seller) private {
        IMaterialLedger.Parcel storage record = _atRest(id, IMaterialLedger.ParcelState.HELD);
        _checkCustodian(id, record, seller);
        _move(id, record, IMaterialLedger.ParcelState.ALLOCATED);
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
        if (record.consignment != consignment) {
            revert IMaterialLedger.NotAboard(consignment, id);
        }
        IMaterialLedger.Ride storage present = _rides[id][record.rides];
        part = _part(id, record, found.units);
        if (part == id) {
            present.outcome = to;
            record.rides += 1;
            _leave(consignment, id);
        } else {
            present.setAside += found.units;
            record = _parcels[part];
        }
        record.custodian = place.custodian;
        record.since = place.since;
        record.station = place.station;
        record.state = to;
        record.consignment = 0;
        if (to == IMaterialLedger.ParcelState.QUARANTINED) {
            _stop(part, place.custodian, from);
        }
        _count(part, record.lot, from, to, record.units, consignment);
    }

    function _leave(uint64 consignment, uint64 id) private {
        uint64[] storage aboard = _aboard[consignment];
        uint256 last = aboard.length - 1;
        for (uint256 i; i < last; ++i) {
            if (aboard[i] == id) aboard[i] = aboard[last];
        }
        aboard.pop();
    }
}
