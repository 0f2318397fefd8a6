// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "../../interfaces/IDemandBook.sol";
import {IDemandEscrow} from "../../interfaces/IDemandEscrow.sol";
import {IMaterialLedger} from "../../interfaces/IMaterialLedger.sol";
import {Promise, Promises} from "../libraries/Promises.sol";
import {References} from "../libraries/References.sol";

/// @title EscrowStore
/// @notice What the escrow and its office of allocations keep together: offers, allocations, their bookings, and what solvers have won.
/// @dev Heirs declare storage only after this.
abstract contract EscrowStore {
    /// @dev How many there are so far; each is numbered from 1.
    struct Counts {
        uint64 offers; // slot 0
        uint64 allocations;
        uint64 proposals;
    }

    /// @dev What an offer adds to its parcel. It is OPEN until it is ended, or its parcel itself is booked.
    struct OfferRecord {
        address holder; // slot 0
        uint40 until;
        IDemandEscrow.OfferStatus status;
        uint48 parcel;
    }

    /// @dev What its booking adds to an allocation.
    struct BookingRecord {
        uint48 parcel; // slot 0; zero for the offer's own
        uint128 freight; // what the fund paid
        uint40 short; // units that did not arrive
        uint40 consignment;
    }

    uint40 internal constant _BOOKING_WINDOW = 1 days;

    /// @notice Most lines and most exemptions in one proposal, and most allocations in one report.
    uint256 public constant MAX_LINES = 100;

    /// @notice Where goods are.
    IMaterialLedger public immutable ledger;

    /// @notice Where demands are.
    IDemandBook public immutable demandBook;

    /// @notice Who books allocations.
    address public immutable freightEscrow;

    /// @dev The fund, which may pay the freight of any allocation, beside recipient and donor.
    address internal immutable _fund;

    Counts internal _counts;

    mapping(uint64 id => OfferRecord) internal _offers;

    /// @dev Two allocations in a word, see `Promises`. While one is ALLOCATED its units are promised of the offer's parcel.
    mapping(uint256 pair => uint256) internal _promises;

    mapping(uint64 allocationId => BookingRecord) internal _bookings;

    mapping(address solver => IDemandEscrow.SolverRecord) internal _solvers;

    mapping(uint64 lotId => bool) internal _takenBack;

    constructor(
        address materialLedger,
        address demandBook_,
        address freightEscrow_,
        address reliefFund_
    ) {
        ledger = IMaterialLedger(References.required(materialLedger));
        demandBook = IDemandBook(References.required(demandBook_));
        freightEscrow = References.required(freightEscrow_);
        _fund = References.required(reliefFund_);
    }

    // --- shared reads ---

    function _requireFew(uint256 given) internal pure {
        if (given > MAX_LINES) revert IDemandEscrow.TooManyLines(given, MAX_LINES);
    }

    function _knownAllocation(uint64 id) internal view returns (Promise allotted) {
        allotted = Promises.halfOf(_promises[id >> 1], id);
        if (allotted.status() == IDemandEscrow.AllocationStatus.NULL) {
            revert IDemandEscrow.UnknownAllocation(id);
        }
    }

    function _allocationIn(IDemandEscrow.AllocationStatus status, uint64 id)
        internal
        view
        returns (Promise allotted)
    {
        allotted = _knownAllocation(id);
        if (allotted.status() != status) {
            revert IDemandEscrow.AllocationWrongStatus(id, allotted.status());
        }
    }

    /// @dev Of an allocation that was booked.
    function _parcelOf(uint64 id, Promise allotted) internal view returns (uint64) {
        uint48 parcel = _bookings[id].parcel;
        return parcel == 0 ? _offers[allotted.offer()].parcel : parcel;
    }

    // --- shared writes ---

    function _keep(uint64 id, Promise allotted) internal {
        _promises[id >> 1] = Promises.withHalf(_promises[id >> 1], id, allotted);
    }
}
