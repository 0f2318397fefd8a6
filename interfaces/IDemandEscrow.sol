// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDemandBook} from "./IDemandBook.sol";
import {IMaterialLedger} from "./IMaterialLedger.sol";

/// @title IDemandEscrow
/// @notice Offers held in escrow, and allocations that must obey the priority rule:
/// no unit goes to a lower level of urgency while audited demand of a higher level in the offer's scope stays open (INV-DEM-3).
/// @dev Trust: solvers are not trusted at all, since each line is checked. The cost of the check does not depend on how many demands are open.
/// Demands are in DemandBook. Times: what must be done by T can be done before T only; from T on it can be lapsed.
///
/// There is no guard against re-entry: this room calls the book, the registry and the ledger only.
interface IDemandEscrow {
    /// @notice USED while all units are allocated: what comes back before its booking opens the offer again.
    enum OfferStatus {
        NULL,
        OPEN,
        USED,
        WITHDRAWN,
        EXPIRED,
        TAKEN_BACK
    }

    enum AllocationStatus {
        NULL,
        ALLOCATED,
        BOOKED,
        RELEASED,
        FAILED,
        RECEIVED
    }

    /// @notice A parcel in escrow, as it is described; stored is only what parcel and lot do not say.
    /// @param units Units not yet allocated while it is open, then zero. @param material Of the lot, as are expiry and earmark.
    struct Offer {
        address holder;
        uint40 until;
        OfferStatus status;
        uint64 parcel;
        uint64 units;
        uint64 material;
        uint40 expiry;
        IMaterialLedger.EarmarkKind earmarkKind;
        bytes32 earmarkScope;
    }

    /// @notice Units of an offer matched to a demand.
    /// @param parcel The parcel that holds them since they were booked; zero until then, while the units are promised of the offer's parcel.
    /// @param at Unix seconds: the full hour at which it was made, or the next; can be booked for `BOOKING_WINDOW` from then, and before.
    /// @param level Level under which it was served; LOW from the fast path.
    /// @param byHolder True when the holder of the goods chose the demand, false when a solver did.
    /// @param freight What its booking by the fund took from the demand's freight budget, base units of the currency.
    struct Allocation {
        uint64 demand;
        uint64 offer;
        uint64 parcel;
        uint64 units;
        uint40 at;
        AllocationStatus status;
        IDemandBook.Level level;
        bool byHolder;
        uint64 consignment;
        uint128 freight;
    }

    /// @notice What a solver's accepted batches come to.
    /// @param weighted Units weighted 64, 16, 4, 1 by level, critical first. @param stockSeconds Seconds of stock won.
    struct SolverRecord {
        uint32 batches; // slot 0
        uint40 lines;
        uint88 weighted;
        uint96 stockSeconds;
    }

    /// @notice One line of a proposal.
    struct Line {
        uint64 offer;
        uint64 demand;
        uint64 units;
    }

    /// @notice States that an offer truly cannot serve a demand of a higher level; checked one by one: the lot ends before the demand's `neededBy`.
    struct Exemption {
        uint64 offer;
        uint64 demand;
    }

    /// @notice What a solver proposes: first bring the demands in `lapse` up to date, then allocate the lines, with the exemptions named.
    /// @param lapse Demands to lapse, where over, or else to refresh; those ended already are passed by. At most 100.
    /// @param lines Ascending by offer, then by demand, each pair once; at most 100.
    /// @param exemptions In the same order, each pair once, each offer one of the lines'; at most 100.
    struct Proposal {
        uint64[] lapse;
        Line[] lines;
        Exemption[] exemptions;
    }

    event OfferMade(
        uint64 indexed offer,
        address indexed holder,
        uint64 indexed material,
        uint64 parcel,
        uint64 units,
        uint40 until,
        IMaterialLedger.Earmark earmark
    );
    event OfferEnded(uint64 indexed offer, OfferStatus status, uint64 unitsLeft);
    event Allocated(
        uint64 indexed allocation,
        uint64 indexed offer,
        uint64 indexed demand,
        uint64 units,
        IDemandBook.Level level
    );
    event ProposalAccepted(
        uint64 indexed proposal,
        address indexed solver,
        uint256 lines,
        uint256 score,
        uint256 stockSecondsWon
    );
    event AllocationBooked(
        uint64 indexed allocation, uint64 indexed consignment, uint64 indexed parcel
    );
    event AllocationReleased(uint64 indexed allocation, uint64 units);
    /// @notice Units of a booked allocation will not arrive; the demand is open for them.
    event AllocationShort(uint64 indexed allocation, uint64 units);
    event AllocationReceived(uint64 indexed allocation, uint64 units);
    event AllocationFailed(
        uint64 indexed allocation, uint64 units, IMaterialLedger.ParcelState state
    );

    error NotWriter(address caller);
    error ZeroUnits();
    error UnknownOffer(uint64 offer);
    error UnknownAllocation(uint64 allocation);
    error OfferNotOpen(uint64 offer, OfferStatus status);
    error NotHolder(uint64 offer, address caller);
    /// @notice All ids of offers are given away.
    error NoIdLeft(uint64 offer);
    error BadOfferEnd(uint40 until);
    /// @notice The donor has taken back what is left of the lot: nothing of it is offered any more.
    error LotTakenBack(uint64 lot);
    error NotOfLot(uint64 offer, uint64 lot);
    error NotLapsed(uint64 id, uint40 at);
    error EmptyProposal();
    error TooManyLines(uint256 given, uint256 most);
    error LineNotAscending(uint256 line, uint64 offer, uint64 demand);
    error ExemptionNotAscending(uint256 exemption, uint64 offer, uint64 demand);
    error LineUnaudited(uint256 line, uint64 demand);
    error LineWrongMaterial(uint256 line, uint64 offer, uint64 demand);
    error LineTooManyUnits(uint256 line, uint64 asked, uint64 there);
    error LineExpired(uint256 line, uint64 offer, uint40 expiry);
    error LineEarmark(uint256 line, uint64 offer, uint64 demand);
    /// @notice The priority rule: after the batch `open` audited units of `level` in the scope of `offer` would be passed over.
    error OutOfOrder(uint64 offer, IDemandBook.Level served, IDemandBook.Level level, uint64 open);
    error NotExempt(uint64 offer, uint64 demand);
    error AllocationWrongStatus(uint64 allocation, AllocationStatus status);
    error BookingWindowOpen(uint64 allocation, uint40 until);
    error BookingWindowOver(uint64 allocation, uint40 until);
    error BudgetExceeded(uint64 demand, uint128 asked, uint128 left);
    error FreightStillRuns(uint64 allocation);
    error ParcelNotReceived(uint64 allocation, IMaterialLedger.ParcelState state);
    error ParcelNotFailed(uint64 allocation, IMaterialLedger.ParcelState state);
    error NothingShort(uint64 allocation);
    error NotPayer(uint64 allocation, address payer);
    error DifferentRecipients(uint64 allocation, address recipient);

    // --- reads ---

    /// @notice Seconds within which an allocation must be booked, from its full hour on: one day.
    function BOOKING_WINDOW() external view returns (uint40);
    /// @notice The offer. @dev Reverts with `UnknownOffer`.
    function offerRecord(uint64 id) external view returns (Offer memory);
    /// @notice The allocation. @dev Reverts with `UnknownAllocation`.
    function allocation(uint64 id) external view returns (Allocation memory);
    /// @notice What a solver's accepted batches come to, all zero for one without any.
    function solverRecord(address solver) external view returns (SolverRecord memory);
    /// @notice The fund, which may pay the freight of any allocation, beside recipient and donor.
    function reliefFund() external view returns (address);
    /// @notice Where what was allocated is to be delivered. @dev Reverts with `UnknownAllocation`.
    function stationOf(uint64 allocationId) external view returns (uint32);

    /// @notice True when the donor of a lot has taken back what was not allocated of it.
    function isTakenBack(uint64 lotId) external view returns (bool);

    /// @notice Number of offers, which carry the ids 1 to this; so for allocations and accepted proposals.
    function offerCount() external view returns (uint64);
    function allocationCount() external view returns (uint64);
    function proposalCount() external view returns (uint64);

    // --- holders of goods ---

    /// @notice Puts a parcel that the caller holds into escrow until `until`. @dev Its lot's earmark becomes the offer's scope. Emits `OfferMade`.
    function offer(uint64 parcelId, uint40 until) external returns (uint64 offerId);

    /// @notice DonationRegistry only: `offer` in the name of the holder who receives a gift in the same transaction.
    function offerFor(address holder, uint64 parcelId, uint40 until)
        external
        returns (uint64 offerId);

    /// @notice DonationRegistry only: `offerFor`, and at once as much as fits is allocated to one demand, under the same rule as `fulfil`; the rest stays offered.
    function offerTo(address holder, uint64 parcelId, uint40 until, uint64 demandId)
        external
        returns (uint64 offerId, uint64 allocationId);

    /// @notice DonationRegistry only: the donor takes back what is not allocated of a lot. The open offers named end (`TAKEN_BACK`), and no parcel of the lot is offered again.
    /// @dev Reverts with `NotOfLot`, `OfferNotOpen`. Emits `OfferEnded` for each.
    /// @return units that were offered
    function takeBack(uint64 lotId, uint64[] calldata offers) external returns (uint64 units);

    /// @notice Takes back what is not allocated, and what comes back from allocations that nobody books. @dev Only its holder. Emits `OfferEnded`.
    function withdrawOffer(uint64 offerId) external;

    /// @notice Fulfils one demand from one's own offer, under the same rule as a proposal, without exemptions. @dev Only its holder. Emits `Allocated`.
    function fulfil(uint64 offerId, uint64 demandId, uint64 units)
        external
        returns (uint64 allocationId);

    // --- solvers ---

    /// @notice Allocates a batch, all or nothing.
    /// @dev Only an active solver. An error names the line and the rule. Emits `Allocated` for each line, then `ProposalAccepted` with the score:
    /// sum of units weighted 64, 16, 4, 1 by level (critical first), then seconds of stock won.
    ///
    /// Each line's demand is refreshed first. A line needs the same material, a lot that is still good at `neededBy`, a demand within the lot's earmark, no more units
    /// than the offer has and the demand lacks, an active recipient, and audited demand; or else the fast path.
    /// A line from the fast path counts as LOW, whatever the facts claim: a liar who tells of no stock gains the last place, and only within the path's cap,
    /// region and time, below the material's cap, and while no demand that it was so served is left unaudited for longer than `AUDIT_WINDOW`.
    /// @return first of the allocations: those of the lines carry the ids from it on, in order
    function propose(Proposal calldata proposal) external returns (uint64 first);

    // --- anyone ---

    /// @notice Ends an offer from its end on; what is left goes back to its holder. @dev Emits `OfferEnded`.
    function lapseOffer(uint64 offerId) external;

    /// @notice Releases an allocation that was not booked within `BOOKING_WINDOW`: its units go back into the offer, or to its holder when that has ended.
    /// Or one whose consignment was cancelled before pick-up: its parcel goes back to the holder. The demand is open again for the units.
    /// @dev A demand whose allocation nobody booked does not count until it is attested again, unless the units are less than a tenth of what has not been received, the holder
    /// had chosen the demand, the goods are stopped or recalled, or FreightEscrow or the fund may have been paused within the window. Emits `AllocationReleased`.
    function release(uint64 allocationId) external;

    /// @notice Reopens the demand for the units of an allocation whose parcel the ledger says was lost, returned, quarantined or destroyed.
    /// @dev A demand whose recipient refused the load at its door (RETURNED) does not count until it is attested again, with the same exception. Emits `AllocationFailed`.
    function reportFailed(uint64 allocationId) external;

    /// @notice Reopens the demand for the units of a booked allocation that were set aside on the way (`IMaterialLedger.setAside`), as soon as they were.
    /// @dev Each unit once; the allocation is of the rest from then on. Emits `AllocationShort`. Reverts with `NothingShort`.
    function reportShort(uint64 allocationId) external;
    /// @notice Notes that the goods of booked allocations came and may be used, so that they count with what their recipients have on hand.
    /// @dev What was set aside on the way did not come: it is reported short first. Reverts with `ParcelNotReceived`; at most 100. Emits `AllocationReceived` for each.
    function reportReceived(uint64[] calldata allocations) external;

    // --- FreightEscrow only ---

    /// @notice Has the goods of allocations made parcels of their own and marks them as booked by `payer`, who must be the recipient, the donor of the lot, or the relief fund.
    /// @param freight Freight prepaid; when the fund pays, taken from the freight budget of the demands in turn. @dev Emits `AllocationBooked`.
    /// @return parcels of the allocations, in order @return recipient common to all
    function take(uint64[] calldata allocations, uint64 consignment, address payer, uint128 freight)
        external
        returns (uint64[] memory parcels, address recipient);
}
