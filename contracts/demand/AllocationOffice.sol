// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {ILapsingPause} from "../../interfaces/ILapsingPause.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {Promise} from "../libraries/Promises.sol";
import {EscrowStore} from "./EscrowStore.sol";

/// @title AllocationOffice
/// @notice What became of allocations: released, failed, short, received.
/// @dev Code of `DemandEscrow`, which is too large for one contract: the escrow runs it by delegatecall, in its own storage. Called
/// directly it knows no allocation.
contract AllocationOffice is EscrowStore {
    /// @dev What became of a booked parcel: how the consignment ended for it and as a whole, and its present state.
    struct Arrival {
        IMaterialLedger.ParcelState state;
        IMaterialLedger.ParcelState ofLoad;
        IMaterialLedger.ParcelState present;
        bool isInUse;
        uint64 setAside;
        uint64 refused;
        uint64 lot;
    }

    constructor(
        address materialLedger,
        address demandBook_,
        address freightEscrow_,
        address reliefFund_
    ) EscrowStore(materialLedger, demandBook_, freightEscrow_, reliefFund_) {}

    // --- anyone ---

    /// @notice See `IDemandEscrow.release`.
    function release(uint64 allocationId) external {
        Promise allotted = _knownAllocation(allocationId);
        IDemandEscrow.AllocationStatus status = allotted.status();
        if (status == IDemandEscrow.AllocationStatus.ALLOCATED) {
            _releaseUnbooked(allocationId, allotted);
        } else if (status == IDemandEscrow.AllocationStatus.BOOKED) {
            _releaseBooked(allocationId, allotted);
        } else {
            revert IDemandEscrow.AllocationWrongStatus(allocationId, status);
        }
    }

    /// @notice See `IDemandEscrow.reportFailed`.
    function reportFailed(uint64 allocationId) external {
        (Promise allotted, Arrival memory arrival) = _arrivalOf(allocationId);
        IMaterialLedger.ParcelState state = arrival.state;
        bool isFailed = state == IMaterialLedger.ParcelState.LOST
            || state == IMaterialLedger.ParcelState.RETURNED
            || (state == IMaterialLedger.ParcelState.QUARANTINED && !arrival.isInUse);
        if (!isFailed) revert IDemandEscrow.ParcelNotFailed(allocationId, arrival.present);

        _keep(allocationId, allotted.withStatus(IDemandEscrow.AllocationStatus.FAILED));
        emit IDemandEscrow.AllocationFailed(allocationId, allotted.units(), state);
        // By the recipient, at its door; what carriers refuse on the way is not its fault.
        bool isRefused = state == IMaterialLedger.ParcelState.RETURNED
            && (arrival.ofLoad == state || arrival.refused != 0);
        _reopen(allocationId, allotted, isRefused);
    }

    /// @notice See `IDemandEscrow.reportShort`.
    function reportShort(uint64 allocationId) external {
        (Promise allotted, Arrival memory arrival) = _arrivalOf(allocationId);
        uint40 units = _short(allocationId, allotted, arrival);
        if (units == 0) revert IDemandEscrow.NothingShort(allocationId);
        _keep(allocationId, allotted.less(units));
    }

    /// @notice See `IDemandEscrow.reportReceived`.
    function reportReceived(uint64[] calldata allocations) external {
        _requireFew(allocations.length);
        for (uint256 i; i < allocations.length; ++i) {
            _reportReceived(allocations[i]);
        }
    }

    // --- own reads ---

    function _arrivalOf(uint64 id) private view returns (Promise allotted, Arrival memory arrival) {
        allotted = _allocationIn(IDemandEscrow.AllocationStatus.BOOKED, id);
        uint64 parcel = _parcelOf(id, allotted);
        (arrival.state, arrival.ofLoad, arrival.setAside, arrival.refused) =
            ledger.outcomeOf(parcel, _bookings[id].consignment);
        IMaterialLedger.Stock memory stock = ledger.stockOf(parcel);
        arrival.lot = stock.lot;
        arrival.present = stock.state;
        // Released from the quarantine in which it was delivered.
        arrival.isInUse = stock.state == IMaterialLedger.ParcelState.DELIVERED
            || stock.state == IMaterialLedger.ParcelState.DISTRIBUTED
            || stock.state == IMaterialLedger.ParcelState.MERGED;
    }

    /// @dev That nobody booked in time is the fault of neither who did not choose the goods nor who may not have been able to book:
    /// the rooms that book may have been paused, or the goods are stopped.
    function _isRecipientsFault(Promise allotted, uint64 parcel) private view returns (bool) {
        IMaterialLedger.Stock memory stock = ledger.stockOf(parcel);
        return !allotted.byHolder() && stock.state == IMaterialLedger.ParcelState.OFFERED
            && !ledger.isRecalled(stock.lot) && !_mayHavePaused(freightEscrow, allotted.at())
            && !_mayHavePaused(_fund, allotted.at());
    }

    /// @dev True when a room's last pause may have touched the booking window that began at `from`. A pause that was ended early does not tell when it
    /// began: it is taken to have been as long as can be. A room that does not stand yet was never paused.
    function _mayHavePaused(address room, uint40 from) private view returns (bool) {
        if (room.code.length == 0) return false;
        uint40 until = ILapsingPause(room).pausedUntil();
        return until > from && until < from + _BOOKING_WINDOW + ILapsingPause(room).MAX_PAUSE();
    }

    // --- own writes ---

    function _releaseUnbooked(uint64 id, Promise allotted) private {
        uint40 until = allotted.at() + _BOOKING_WINDOW;
        if (block.timestamp < until) revert IDemandEscrow.BookingWindowOpen(id, until);
        OfferRecord storage source = _offers[allotted.offer()];
        uint64 parcel = source.parcel;
        bool byFault = _isRecipientsFault(allotted, parcel);

        _setReleased(id, allotted);
        _reopen(id, allotted, byFault);
        bool isOpen = source.status == IDemandEscrow.OfferStatus.OPEN;
        ledger.deallocate(parcel, allotted.units(), isOpen);
    }

    /// @dev A booked parcel at rest as ALLOCATED: its consignment was cancelled before pick-up.
    function _releaseBooked(uint64 id, Promise allotted) private {
        uint64 parcel = _parcelOf(id, allotted);
        IMaterialLedger.Parcel memory whole = ledger.parcel(parcel);
        if (whole.state != IMaterialLedger.ParcelState.ALLOCATED || whole.consignment != 0) {
            revert IDemandEscrow.FreightStillRuns(id);
        }

        _setReleased(id, allotted);
        _reopen(id, allotted, false);
        ledger.release(parcel);
    }

    function _setReleased(uint64 id, Promise allotted) private {
        _keep(id, allotted.withStatus(IDemandEscrow.AllocationStatus.RELEASED));
        emit IDemandEscrow.AllocationReleased(id, allotted.units());
    }

    function _reportReceived(uint64 id) private {
        (Promise allotted, Arrival memory arrival) = _arrivalOf(id);
        bool isReceived = arrival.state == IMaterialLedger.ParcelState.DELIVERED
            || (arrival.state == IMaterialLedger.ParcelState.QUARANTINED && arrival.isInUse);
        if (!isReceived) revert IDemandEscrow.ParcelNotReceived(id, arrival.present);

        allotted = allotted.less(_short(id, allotted, arrival));
        _keep(id, allotted.withStatus(IDemandEscrow.AllocationStatus.RECEIVED));
        emit IDemandEscrow.AllocationReceived(id, allotted.units());
        demandBook.countReceived(allotted.demand(), arrival.lot, allotted.units());
    }

    /// @dev Opens the demand for what was set aside and not reported yet; the caller keeps the allocation with so much less. What was refused at the
    /// door came last, and is the recipient's fault.
    function _short(uint64 id, Promise allotted, Arrival memory arrival)
        private
        returns (uint40 units)
    {
        BookingRecord storage booked = _bookings[id];
        units = uint40(arrival.setAside) - booked.short;
        if (units == 0) return 0;
        booked.short += units;
        emit IDemandEscrow.AllocationShort(id, units);
        bool isWhole = arrival.state == IMaterialLedger.ParcelState.RETURNED;
        uint40 refused = isWhole ? 0 : uint40(arrival.refused);
        if (refused > units) refused = units;
        if (refused != units) demandBook.reopen(allotted.demand(), units - refused, 0, false);
        if (refused != 0) demandBook.reopen(allotted.demand(), refused, 0, true);
    }

    /// @dev The units and what their booking took of the freight budget go back to the demand.
    function _reopen(uint64 id, Promise allotted, bool byFault) private {
        demandBook.reopen(allotted.demand(), allotted.units(), _bookings[id].freight, byFault);
    }
}
