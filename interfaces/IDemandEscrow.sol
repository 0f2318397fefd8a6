// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "./IMaterialLedger.sol";

/// @title IDemandEscrow
/// @notice Demands with their facts of need, offers held in escrow, and allocations that must obey the priority rule:
/// no unit goes to a lower level of urgency while audited demand of a higher level in the offer's scope stays open (INV-DEM-3).
/// @dev Trust: auditors state facts truthfully (a critical level needs two of different organisations); solvers are
/// not trusted at all, since each line is checked. Totals of open audited units by level are kept per scope in one word, so the
/// cost of the check does not depend on how many demands are open.
interface IDemandEscrow {
    /// @notice Urgency, computed from the facts: hours of stock under 24, 72, 168, or more; a vulnerable facility one level higher.
    enum Level {
        NULL,
        LOW,
        MEDIUM,
        HIGH,
        CRITICAL
    }

    enum DemandStatus {
        NULL,
        OPEN,
        MET,
        WITHDRAWN,
        LAPSED
    }

    enum OfferStatus {
        NULL,
        OPEN,
        USED,
        WITHDRAWN,
        EXPIRED
    }

    enum AllocationStatus {
        NULL,
        ALLOCATED,
        BOOKED,
        RELEASED,
        FAILED
    }

    /// @notice What a recipient states and auditors attest for its facility.
    /// @param attestedBy The auditor; zero while unattested.
    struct Facility {
        uint32 peopleInCare; // slot 0
        bool vulnerable;
        address attestedBy;
    }

    /// @notice A demand.
    /// @param level Level of urgency as of `factsAt` or the last `refresh`.
    /// @param counted Level under which its open units are counted in the totals; NULL while it does not count.
    /// @param served Units allocated and not failed.
    /// @param stock Units in stock at `factsAt`. @param dailyUse Units used a day.
    /// @param freightBudget Most that bookings for it may prepay, base units of the currency; what a booking takes is deducted.
    /// @param emergency Plan under which it stands, or zero. @param raised The raise from which it was claimed, or zero.
    struct Demand {
        address recipient; // slot 0
        uint40 neededBy;
        uint40 publishedAt;
        DemandStatus status;
        Level level;
        Level counted;
        uint64 material; // slot 1
        uint64 units;
        uint64 served;
        uint64 stock;
        uint64 dailyUse; // slot 2
        uint40 factsAt;
        uint40 auditedUntil;
        uint32 station;
        uint64 raised;
        address firstAuditor; // slot 3
        uint32 version;
        address secondAuditor; // slot 4
        uint128 freightBudget; // slot 5
        bytes32 emergency; // slot 6
    }

    /// @notice What a recipient publishes.
    struct DemandRequest {
        uint64 material;
        uint64 units;
        uint64 stock;
        uint64 dailyUse;
        uint40 neededBy;
        uint32 station;
        uint128 freightBudget;
        bytes32 emergency;
    }

    /// @notice What an auditor signs, see `ATTESTATION_TYPEHASH`; good once, since it names the demand's version by its content hash and an auditor attests a version once.
    struct Attestation {
        address auditor;
        uint64 demand;
        bytes32 content;
        uint40 validUntil;
        uint40 deadline;
    }

    /// @notice A parcel in escrow.
    /// @param units Units not yet allocated.
    struct Offer {
        address holder; // slot 0
        uint40 until;
        OfferStatus status;
        uint64 parcel; // slot 1
        uint64 units;
        uint64 material;
        uint40 expiry;
        IMaterialLedger.EarmarkKind earmarkKind;
        bytes32 earmarkScope; // slot 2
    }

    /// @notice Units of an offer matched to a demand.
    struct Allocation {
        uint64 demand; // slot 0
        uint64 offer;
        uint64 parcel;
        uint64 units;
        uint40 at; // slot 1
        AllocationStatus status;
        Level level;
        uint64 consignment;
    }

    /// @notice One line of a proposal.
    struct Line {
        uint64 offer;
        uint64 demand;
        uint64 units;
    }

    /// @notice States that an offer truly cannot serve a demand of a higher level; checked one by one.
    struct Exemption {
        uint64 offer;
        uint64 demand;
    }

    /// @notice What a solver proposes: first `lapse` what has expired, then allocate the lines, with the exemptions named.
    struct Proposal {
        uint64[] lapse;
        Line[] lines;
        Exemption[] exemptions;
    }

    /// @notice Units that an emergency plan raised for a region, of which each audited facility may claim its part by people in care.
    struct Raise {
        bytes32 emergency; // slot 0
        bytes32 region; // slot 1
        uint64 material; // slot 2
        uint64 units;
        uint64 claimed;
        uint40 until;
        uint64 peopleInCare; // slot 3
    }

    event FacilityDeclared(address indexed recipient, uint32 peopleInCare, bool vulnerable);
    event FacilityAttested(address indexed recipient, address indexed auditor);
    event DemandPublished(uint64 indexed demand, address indexed recipient, uint64 indexed material, uint64 units, uint40 neededBy, uint32 station, bytes32 emergency, uint64 raised);
    event FactsChanged(uint64 indexed demand, uint64 stock, uint64 dailyUse, uint32 version);
    event LevelChanged(uint64 indexed demand, Level from, Level to);
    event DemandAttested(uint64 indexed demand, address indexed auditor, uint32 version, uint40 validUntil);
    event DemandEnded(uint64 indexed demand, DemandStatus status, uint64 served);
    event OfferMade(uint64 indexed offer, address indexed holder, uint64 indexed material, uint64 parcel, uint64 units, uint40 until, IMaterialLedger.Earmark earmark);
    event OfferEnded(uint64 indexed offer, OfferStatus status, uint64 unitsLeft);
    event Allocated(uint64 indexed allocation, uint64 indexed offer, uint64 indexed demand, uint64 parcel, uint64 units, Level level);
    event ProposalAccepted(uint64 indexed proposal, address indexed solver, uint256 lines, uint256 score, uint256 stockSecondsWon);
    event AllocationBooked(uint64 indexed allocation, uint64 indexed consignment);
    event AllocationReleased(uint64 indexed allocation, uint64 units);
    event AllocationFailed(uint64 indexed allocation, uint64 units, IMaterialLedger.ParcelState state);
    event FastPathOpened(bytes32 indexed emergency, bytes32 indexed region, uint64 cap, uint40 until);
    event DemandRaised(uint64 indexed raised, bytes32 indexed emergency, bytes32 indexed region, uint64 material, uint64 units, uint40 until);
    event RaiseClaimed(uint64 indexed raised, uint64 indexed demand, uint64 units);

    error NotWriter(address caller);
    error NotRecipient(uint64 demand, address caller);
    error ZeroUnits();
    error ZeroPeople();
    error NotDeclared(address recipient);
    error NotAttestedFacility(address recipient);
    error AlreadyAttested(uint64 demand, address auditor);
    error FacilityAlreadyAttested(address recipient);
    error SameOrganisation(address auditor, address other);
    error OutsideAuditorsRegion(address auditor, bytes32 region);
    error ContentChanged(uint64 demand, bytes32 expected, bytes32 given);
    error BadValidity(uint40 validUntil);
    error Expired(uint40 deadline);
    error NeededInPast(uint40 neededBy);
    error ImpossibleFacts(uint64 stock, uint64 dailyUse);
    error UnknownDemand(uint64 demand);
    error UnknownOffer(uint64 offer);
    error UnknownAllocation(uint64 allocation);
    error UnknownRaise(uint64 raised);
    error DemandNotOpen(uint64 demand, DemandStatus status);
    error OfferNotOpen(uint64 offer, OfferStatus status);
    error NotHolder(uint64 offer, address caller);
    error BadOfferEnd(uint40 until);
    error NotLapsed(uint64 id, uint40 at);
    error EmptyProposal();
    error TooManyLines(uint256 given, uint256 most);
    error LineUnaudited(uint256 line, uint64 demand);
    error LineWrongMaterial(uint256 line, uint64 offer, uint64 demand);
    error LineTooManyUnits(uint256 line, uint64 asked, uint64 there);
    error LineExpired(uint256 line, uint64 offer, uint40 expiry);
    error LineEarmark(uint256 line, uint64 offer, uint64 demand);
    /// @notice The priority rule: after the batch `open` audited units of `level` in the scope of `offer` would be passed over.
    error OutOfOrder(uint64 offer, Level served, Level level, uint64 open);
    error NotExempt(uint64 offer, uint64 demand);
    error AllocationWrongStatus(uint64 allocation, AllocationStatus status);
    error BookingWindowOpen(uint64 allocation, uint40 until);
    error BookingWindowOver(uint64 allocation, uint40 until);
    error BudgetExceeded(uint64 demand, uint128 asked, uint128 left);
    error FreightStillRuns(uint64 allocation);
    error NotInEmergency(bytes32 emergency, bytes32 region);
    error AlreadyClaimed(uint64 raised, address recipient);
    error NothingToClaim(uint64 raised, address recipient);

    // --- reads ---

    function facility(address recipient) external view returns (Facility memory);
    function demand(uint64 id) external view returns (Demand memory);
    function offerRecord(uint64 id) external view returns (Offer memory);
    function allocation(uint64 id) external view returns (Allocation memory);
    function raiseRecord(uint64 id) external view returns (Raise memory);
    function demandCount() external view returns (uint64);
    function offerCount() external view returns (uint64);
    function allocationCount() external view returns (uint64);

    /// @notice The level that the facts give at this moment (stock runs down by the declared use).
    function levelNow(uint64 demandId) external view returns (Level);

    /// @notice Hash of what an auditor attests: recipient, material, units, facts, facility facts, needed by, station, version.
    function contentOf(uint64 demandId) external view returns (bytes32);

    /// @notice Open audited units by level in a scope: all of a material (kind NONE), of it in a province (REGION) or under an emergency (EMERGENCY).
    /// @return low @return medium @return high @return critical units
    function openUnits(uint64 material, IMaterialLedger.Earmark calldata scope)
        external
        view
        returns (uint64 low, uint64 medium, uint64 high, uint64 critical);

    /// @notice EIP-712: `Attestation(address auditor,uint64 demand,bytes32 content,uint40 validUntil,uint40 deadline)`.
    function ATTESTATION_TYPEHASH() external view returns (bytes32);

    // --- recipients ---

    /// @notice States the facts of the caller's facility; they count once attested. Changing them needs a new attestation.
    function declareFacility(uint32 peopleInCare, bool vulnerable) external;

    /// @notice Publishes a demand. @dev Only an active recipient that has declared its facility. Emits `DemandPublished`, `LevelChanged`.
    function publish(DemandRequest calldata request) external returns (uint64 demandId);

    /// @notice Claims the caller's part of what a plan raised for its region: units x people in care / people in care of all attested facilities when raised, rounded down.
    /// @dev Once for each recipient. `request.units`, `material` and `emergency` are taken from the raise and must be zero.
    function claim(uint64 raised, DemandRequest calldata request) external returns (uint64 demandId);

    /// @notice New facts; the attestations fall. @dev Only its recipient.
    function updateFacts(uint64 demandId, uint64 stock, uint64 dailyUse) external;

    /// @notice The recipient withdraws a demand; what is allocated stays allocated.
    function withdrawDemand(uint64 demandId) external;

    // --- auditors ---

    /// @notice Attests a facility's facts. @dev An auditor of another organisation whose region contains the facility.
    function attestFacility(address recipient) external;

    /// @notice Attests a demand as it stands (`content` must equal `contentOf`). A second, of another organisation, is needed
    /// for the level CRITICAL (it counts as HIGH until then) and above the material's cap (it does not count until then).
    function attest(uint64 demandId, bytes32 content, uint40 validUntil) external;

    /// @notice `attest` by signature, submitted by anyone.
    function attestBySignature(Attestation calldata attestation, bytes calldata signature) external;

    // --- holders of goods ---

    /// @notice Puts a parcel that the caller holds into escrow until `until`. @dev Its lot's earmark becomes the offer's scope.
    function offer(uint64 parcelId, uint40 until) external returns (uint64 offerId);

    /// @notice DonationRegistry only: `offer` in the name of the holder who receives a gift in the same transaction.
    function offerFor(address holder, uint64 parcelId, uint40 until) external returns (uint64 offerId);

    /// @notice Takes back what is not allocated. @dev Only its holder.
    function withdrawOffer(uint64 offerId) external;

    /// @notice Fulfils one demand from one's own offer, under the same rule as a proposal.
    function fulfil(uint64 offerId, uint64 demandId, uint64 units) external returns (uint64 allocationId);

    // --- solvers ---

    /// @notice Allocates a batch, all or nothing, at most 100 lines.
    /// @dev Only an active solver. An error names the line and the rule. Emits `Allocated` for each line, then `ProposalAccepted` with the score:
    /// sum of units weighted 64, 16, 4, 1 by level (critical first), then seconds of stock won.
    function propose(Proposal calldata proposal) external returns (uint64[] memory allocations);

    // --- anyone ---

    /// @notice Recomputes a demand's level as of now.
    function refresh(uint64 demandId) external returns (Level);
    /// @notice Ends a demand after `neededBy`, or an offer after its end.
    function lapseDemand(uint64 demandId) external;
    function lapseOffer(uint64 offerId) external;
    /// @notice Stops counting a demand whose attestation is over. (`refresh` does it too.)

    /// @notice Releases an allocation that was not booked within a day, or whose consignment was cancelled before pick-up: the parcel goes back to its holder, the demand is open again for its units.
    function release(uint64 allocationId) external;

    /// @notice Reopens the demand for the units of an allocation whose parcel the ledger says was lost, returned, quarantined or destroyed.
    function reportFailed(uint64 allocationId) external;

    // --- other rooms ---

    /// @notice FreightEscrow only: marks allocations as booked by `payer`, who must be the recipient, the donor of the lot, or the relief fund.
    /// @param freight Freight prepaid, taken from the freight budget of the demands in turn.
    /// @return parcels of the allocations, in order @return recipient common to all
    function take(uint64[] calldata allocations, uint64 consignment, address payer, uint128 freight)
        external
        returns (uint64[] memory parcels, address recipient);

    /// @notice EmergencyResponse only: unaudited demand in `region` may be served up to `cap` units until `until`.
    function openFastPath(bytes32 emergency, bytes32 region, uint64 cap, uint40 until) external;

    /// @notice EmergencyResponse only: raises demand for a region. @dev Reverts when no attested facility lies in it (`NothingToClaim`).
    function raise(bytes32 emergency, bytes32 region, uint64 material, uint64 units, uint40 until) external returns (uint64 raised);
}
