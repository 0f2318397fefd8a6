// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IMaterialLedger} from "./IMaterialLedger.sol";

/// @title IDemandBook
/// @notice Demands with their facts of need: who needs what by when, how urgent it is, what of it counts, and what a plan has raised.
/// @dev Trust: auditors state facts truthfully (a critical level needs two of different organisations, assigned by region); a recipient is not trusted
/// about its own need. Totals of open audited units by level are kept per scope in one word, so that what reads them does not depend on how many demands are open.
///
/// What counts (INV-DEM-1): the open units of a demand stand in the totals under its level while the demand is open, `neededBy` is ahead, its
/// recipient is active, auditors of other organisations have attested it, and no contest runs; one auditor is enough, except that CRITICAL counts as HIGH until a second
/// has, and that a demand above its material's cap, or one that an auditor has refused, does not count until a second has. Levels and counts are as of the
/// last change or `refresh`, which anyone may call.
///
/// What a recipient has asked of a material (INV-DEM-6): its open units, and those served to it that are not reported as handed out. It is this that the material's cap
/// limits, so that splitting one demand into many gains nothing; and what was received and not handed out counts as stock, whatever is declared.
///
/// Times: what must be done by T can be done before T only; from T on it can be lapsed.
///
/// There is no guard against re-entry: this room calls the registry, the ledger and the network only, and wallets by static call.
interface IDemandBook {
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

    /// @notice Whether goods could serve a demand, and if not, the first reason.
    enum Fit {
        NULL,
        FITS,
        OTHER_MATERIAL,
        OUT_OF_EARMARK,
        ENDS_TOO_SOON
    }

    /// @notice What a recipient states and auditors attest for its facility.
    /// @param attestedBy The auditor; zero while unattested.
    /// @param attestation Number of its attestation among those of all facilities: a raise is shared by those attested before it.
    struct Facility {
        uint32 peopleInCare; // slot 0
        bool vulnerable;
        address attestedBy;
        uint40 attestation;
    }

    /// @notice A demand.
    /// @param neededBy Unix seconds until which it is open; goods must still be good then.
    /// @param level Level of urgency as of `factsAt` or the last `refresh`.
    /// @param material GTIN. @param units Units asked.
    /// @param served Units allocated and not failed. @param received Those of them that are reported as received.
    /// @param stock Units in stock at `factsAt`: the greater of what was declared and what was on hand. @param dailyUse Units used a day.
    /// @param station Where it is to be delivered. @param raised The raise from which it was claimed, or zero.
    /// @param counted Level under which its open units are counted in the totals; NULL while it does not count.
    /// @param overCap True when with it its recipient has asked for more than the material's cap: it counts only with a second auditor.
    /// @param firstAuditor Who attests it until `firstUntil`, unix seconds; zero while nobody does. @param secondAuditor Likewise a second, until `secondUntil`.
    /// @param version Number of changes of facts and of faults; what an auditor signs names it.
    /// @param refusedBy The auditor that has refused these facts; zero when none has.
    /// @param contestedUntil Unix seconds until which a contest keeps this version from counting. @param contests How many this version has had.
    /// @param auditOwed True while it was served from the fast path and no auditor has attested it.
    /// @param freightBudget Most that the relief fund may prepay for it, base units of the currency; what a booking takes is deducted, and comes back when it fails.
    /// @param emergency Plan under which it stands, or zero.
    struct Demand {
        address recipient;
        uint40 neededBy;
        uint40 publishedAt;
        DemandStatus status;
        Level level;
        uint64 material;
        uint64 units;
        uint64 served;
        uint64 received;
        uint64 stock;
        uint64 dailyUse;
        uint40 factsAt;
        uint32 station;
        uint64 raised;
        Level counted;
        bool overCap;
        address firstAuditor;
        uint40 firstUntil;
        address secondAuditor;
        uint40 secondUntil;
        uint32 version;
        address refusedBy;
        uint40 contestedUntil;
        uint8 contests;
        bool auditOwed;
        uint128 freightBudget;
        bytes32 emergency;
    }

    /// @notice What one recipient has asked of one material, in units.
    /// @param low Open and counted as LOW; so for the other levels. @param asked Open, or served and not reported as handed out.
    /// @param onHand Received and not reported as handed out.
    struct Account {
        uint64 low;
        uint64 medium;
        uint64 high;
        uint64 critical;
        uint64 asked;
        uint64 onHand;
    }

    /// @notice Seconds of stock under which a demand is of a level.
    struct Thresholds {
        uint32 critical; // slot 0
        uint32 high;
        uint32 medium;
    }

    /// @notice What a recipient publishes.
    /// @param emergency Zero, or a plan that has raised demand or opened a fast path for a region around the facility.
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

    /// @notice What an auditor signs, see `ATTESTATION_TYPEHASH`; good once: it names the demand's version by its content hash, an auditor attests a version once at a time, and not beyond `validUntil`.
    struct Attestation {
        address auditor;
        uint64 demand;
        bytes32 content;
        uint40 validUntil;
        uint40 deadline;
    }

    /// @notice What an auditor signs to refuse or to contest, see `DEMAND_REFUSAL_TYPEHASH` and `DEMAND_CONTEST_TYPEHASH`; good once, like an attestation.
    /// @param reason Hash of the reason, not zero.
    struct Objection {
        address auditor;
        uint64 demand;
        bytes32 content;
        bytes32 reason;
        uint40 deadline;
    }

    /// @notice Units that an emergency plan raised for a region, of which each audited facility may claim its part by people in care.
    /// @param peopleInCare Of all attested facilities in the region when it was raised. @param attestations Number of attestations made until then.
    struct Raise {
        bytes32 emergency; // slot 0
        bytes32 region; // slot 1
        uint64 material; // slot 2
        uint64 units;
        uint64 claimed;
        uint40 until;
        uint64 peopleInCare; // slot 3
        uint40 attestations;
    }

    /// @notice Room for unaudited demand of a region under an emergency.
    /// @param cap Units. @param used Units served from it; what is released does not come back. @param until Unix seconds at which it closes.
    /// @param activeUntil Unix seconds until which demands may name the emergency in this region.
    struct FastPath {
        uint64 cap; // slot 0
        uint64 used;
        uint40 until;
        uint40 activeUntil;
    }

    /// @notice Unaudited demands of one recipient that the fast path has served.
    /// @param demands How many are not attested yet. @param auditBy Unix seconds from which the fast path is closed to it while there are any.
    struct AuditDebt {
        uint32 demands; // slot 0
        uint40 auditBy;
    }

    /// @notice What an offer has to give.
    /// @param material GTIN. @param expiry Unix seconds; zero when it does not expire. @param earmarkKind Of its lot. @param earmarkScope Of its lot.
    struct Goods {
        uint64 material;
        uint40 expiry;
        IMaterialLedger.EarmarkKind earmarkKind;
        bytes32 earmarkScope;
    }

    /// @notice What a demand is to some goods.
    /// @param fit Goods fit when the material is the same, the demand within the earmark, and the lot still good at `neededBy`.
    /// @param level Level under which it counts or was served; NULL when it does not count.
    /// @param open Units not served.
    struct Prospect {
        Fit fit;
        Level level;
        uint64 open;
    }

    event FacilityDeclared(address indexed recipient, uint32 peopleInCare, bool vulnerable);
    event FacilityAttested(address indexed recipient, address indexed auditor);
    event FacilityDropped(address indexed recipient, uint32 peopleInCare);
    event DemandPublished(
        uint64 indexed demand,
        address indexed recipient,
        uint64 indexed material,
        uint64 units,
        uint40 neededBy,
        uint32 station,
        bytes32 emergency,
        uint64 raised
    );
    /// @notice The facts as they count from now on, also those of a new demand.
    event FactsChanged(uint64 indexed demand, uint64 stock, uint64 dailyUse, uint32 version);
    event LevelChanged(uint64 indexed demand, Level from, Level to);
    event DemandAttested(
        uint64 indexed demand, address indexed auditor, uint32 version, uint40 validUntil
    );
    event DemandCounted(uint64 indexed demand, Level counted);
    /// @notice These facts need two auditors of other organisations than the refuser's, and no fast path will have them.
    event DemandRefused(
        uint64 indexed demand, address indexed auditor, uint32 version, bytes32 reason
    );
    /// @notice It does not count until then.
    event DemandContested(
        uint64 indexed demand,
        address indexed auditor,
        uint32 version,
        uint40 contestedUntil,
        bytes32 reason
    );
    /// @notice Its time is over.
    event AttestationLapsed(uint64 indexed demand, address indexed auditor);
    /// @notice None of the demand's attestations is good any more, nor any that was signed for the version before.
    event AttestationsEnded(uint64 indexed demand, uint32 version);
    event DemandReopened(uint64 indexed demand, uint64 open);
    /// @notice It was withdrawn or has lapsed. That it is met follows from what was allocated to it.
    event DemandEnded(uint64 indexed demand, DemandStatus status, uint64 served);
    event UnitsReceived(uint64 indexed demand, uint64 indexed lot, uint64 units);
    event UnitsHandedOut(
        address indexed recipient, uint64 indexed material, uint64 parcel, uint64 units
    );
    event UnitsWrittenOff(
        address indexed recipient,
        uint64 indexed material,
        uint64 lot,
        uint64 units,
        address indexed auditor,
        bytes32 reason
    );
    event ThresholdsChanged(Thresholds from, Thresholds to);
    event FastPathOpened(
        bytes32 indexed emergency, bytes32 indexed region, uint64 cap, uint40 until
    );
    event FastPathUsed(
        uint64 indexed demand, bytes32 indexed emergency, bytes32 indexed region, uint64 units
    );
    event DemandRaised(
        uint64 indexed raised,
        bytes32 indexed emergency,
        bytes32 indexed region,
        uint64 material,
        uint64 units,
        uint40 until
    );
    event RaiseClaimed(uint64 indexed raised, uint64 indexed demand, uint64 units);

    error NotWriter(address caller);
    error NotRecipient(uint64 demand, address caller);
    error ZeroUnits();
    error TooManyUnits(uint64 units, uint64 most);
    error TooManyDemands(uint256 given, uint256 most);
    error TooManyParcels(uint256 given, uint256 most);
    error ZeroPeople();
    error NotDeclared(address recipient);
    error NotAttestedFacility(address recipient);
    error AlreadyAttested(uint64 demand, address auditor);
    error FullyAttested(uint64 demand);
    error FacilityAlreadyAttested(address recipient);
    error FacilityChanged(address recipient, uint32 peopleInCare, bool vulnerable);
    error RecipientIsActive(address recipient);
    error SameOrganisation(address auditor, address other);
    error OutsideAuditorsRegion(address auditor, bytes32 region);
    error ContentChanged(uint64 demand, bytes32 expected, bytes32 given);
    error BadValidity(uint40 validUntil);
    error Expired(uint40 deadline);
    error NeededInPast(uint40 neededBy);
    error ImpossibleFacts(uint64 stock, uint64 dailyUse);
    /// @notice All ids of demands are given away.
    error NoIdLeft(uint64 demand);
    error UnknownDemand(uint64 demand);
    error UnknownRaise(uint64 raised);
    error DemandNotOpen(uint64 demand, DemandStatus status);
    error NotLapsed(uint64 id, uint40 at);
    error NoReason();
    error BadSignature(address signer);
    error AlreadyRefused(uint64 demand, address auditor);
    /// @notice What an auditor has attested can be contested, not refused.
    error DemandIsAttested(uint64 demand, address auditor);
    error NotAttested(uint64 demand);
    error AlreadyContested(uint64 demand, uint40 contestedUntil);
    error TooManyContests(uint64 demand, uint256 most);
    error AuditOverdue(uint64 demand, uint40 auditBy);
    error BadThresholds(uint32 critical, uint32 high, uint32 medium);
    error NotRecipientsStation(uint32 station, address recipient);
    error StationCannotStore(uint32 station, uint64 material);
    /// @notice The parcel is neither handed out nor destroyed.
    error NotHandedOut(uint64 parcel);
    /// @notice Of this parcel nothing more counts as received: report its allocations as received first.
    error NothingReceived(uint64 parcel, address recipient);
    error NotInEmergency(bytes32 emergency, bytes32 region);
    error AlreadyClaimed(uint64 raised, address recipient);
    error NothingToClaim(uint64 raised, address recipient);
    error SetByRaise(uint64 raised);

    // --- reads ---

    /// @notice Longest validity of an attestation, seconds: 30 days.
    function MAX_VALIDITY() external view returns (uint40);
    /// @notice Seconds within which what the fast path served must be audited: three days.
    function AUDIT_WINDOW() external view returns (uint40);
    /// @notice Seconds for which a contest keeps a demand from counting: one day.
    function CONTEST_TIME() external view returns (uint40);
    /// @notice Most contests of one version: two.
    function MAX_CONTESTS() external view returns (uint8);
    /// @notice The thresholds of the levels.
    function thresholds() external view returns (Thresholds memory);
    /// @notice What a recipient has asked of a material; all zero when nothing.
    function account(address recipient, uint64 material) external view returns (Account memory);
    /// @notice Units of a lot that a recipient has received and not reported as handed out.
    function receivedOf(address recipient, uint64 lot) external view returns (uint64);
    /// @notice The facts of a facility; all zero when it has declared none.
    function facility(address recipient) external view returns (Facility memory);
    /// @notice The demand. @dev Reverts with `UnknownDemand`.
    function demand(uint64 id) external view returns (Demand memory);
    /// @notice The raise. @dev Reverts with `UnknownRaise`.
    function raiseRecord(uint64 id) external view returns (Raise memory);
    /// @notice The fast path of an emergency in exactly this region; all zero when there is none.
    function fastPath(bytes32 emergency, bytes32 region) external view returns (FastPath memory);
    /// @notice What a recipient owes to the auditors for what the fast path served.
    function auditDebt(address recipient) external view returns (AuditDebt memory);
    /// @notice People in care of all attested facilities in `region` and below it.
    function peopleInCare(bytes32 region) external view returns (uint64);
    /// @notice True when the recipient has claimed its part of a raise.
    function hasClaimed(uint64 raised, address recipient) external view returns (bool);
    /// @notice Where a demand is to be delivered. @dev Reverts with `UnknownDemand`.
    function stationOf(uint64 demandId) external view returns (uint32);

    /// @notice Number of demands, which carry the ids 1 to this; so for raises.
    function demandCount() external view returns (uint64);
    function raiseCount() external view returns (uint64);

    /// @notice The level that the facts give at this moment (stock runs down by the declared use).
    function levelNow(uint64 demandId) external view returns (Level);

    /// @notice Hash of what an auditor attests: keccak256 of the ABI encoding of demand, recipient, material, units, stock, dailyUse, factsAt, neededBy,
    /// station, emergency, people in care, vulnerable, version.
    function contentOf(uint64 demandId) external view returns (bytes32);

    /// @notice Open audited units by level in a scope: all of a material (kind NONE), of it in a province (REGION), of a facility (FACILITY) or under an emergency (EMERGENCY).
    /// @return low units @return medium units @return high units @return critical units
    function openUnits(uint64 material, IMaterialLedger.Earmark calldata scope)
        external
        view
        returns (uint64 low, uint64 medium, uint64 high, uint64 critical);

    /// @notice What a demand is to these goods, as it counts now.
    function prospectOf(uint64 demandId, Goods calldata goods)
        external
        view
        returns (Prospect memory);

    /// @notice The region whose fast path would serve `units` of the demand now; zero when none would.
    function fastPathOf(uint64 demandId, uint64 units) external view returns (bytes32 region);

    /// @notice EIP-712: `Attestation(address auditor,uint64 demand,bytes32 content,uint40 validUntil,uint40 deadline)`.
    function ATTESTATION_TYPEHASH() external view returns (bytes32);
    /// @notice EIP-712: `DemandRefusal(address auditor,uint64 demand,bytes32 content,bytes32 reason,uint40 deadline)`.
    function DEMAND_REFUSAL_TYPEHASH() external view returns (bytes32);
    /// @notice EIP-712: `DemandContest(address auditor,uint64 demand,bytes32 content,bytes32 reason,uint40 deadline)`.
    function DEMAND_CONTEST_TYPEHASH() external view returns (bytes32);

    // --- recipients ---

    /// @notice States the facts of the caller's facility, an active recipient; they count once attested. Changing them needs a new attestation.
    /// @dev Emits `FacilityDeclared`. The facility's place is that of the registry.
    function declareFacility(uint32 peopleInCare, bool vulnerable) external;

    /// @notice Publishes a demand. The stock that counts is the greater of what is declared and what is on hand.
    /// @dev Only an active recipient that has declared its facility. The station is the recipient's own, or one in its province that an active station operator runs
    /// (`NotRecipientsStation`), and its hall or a room of it stays within the material's band (`StationCannotStore`). All that the recipient has asked of the material stays within 10^12 units;
    /// above the material's cap it needs a second auditor. Emits `DemandPublished`, `FactsChanged`, `LevelChanged`.
    function publish(DemandRequest calldata request) external returns (uint64 demandId);

    /// @notice Claims the caller's part of what a plan raised for its region: units x people in care / people in care of all attested facilities when raised, rounded down.
    /// @dev Once for each recipient attested before the raise. `request.units`, `material` and `emergency` are taken from the raise and must be zero.
    /// The demand is audited like any other before it counts. Emits `RaiseClaimed` too.
    function claim(uint64 raised, DemandRequest calldata request) external returns (uint64 demandId);

    /// @notice New facts; the attestations fall, and so does a refusal. @dev Only its recipient. Emits `FactsChanged`, `LevelChanged`.
    function updateFacts(uint64 demandId, uint64 stock, uint64 dailyUse) external;

    /// @notice The recipient withdraws a demand; what is allocated stays allocated. @dev Emits `DemandEnded`.
    function withdrawDemand(uint64 demandId) external;

    // --- auditors ---

    /// @notice Attests a facility's facts, which must be those that the auditor names (`FacilityChanged`). @dev An active auditor of another organisation whose region contains the facility. Emits `FacilityAttested`.
    function attestFacility(address recipient, uint32 peopleInCare, bool vulnerable) external;

    /// @notice Attests a demand as it stands (`content` must equal `contentOf`). A second, of another organisation, is needed
    /// for the level CRITICAL (it counts as HIGH until then), above the material's cap and where an auditor has refused (it does not count until then).
    /// @dev An active auditor of another organisation, also than the refuser's, whose region contains the facility. Each attestation ends by itself, so that no auditor can shorten
    /// another's. A demand that is no longer open can be attested only while it owes an audit to the fast path. Emits `DemandAttested`.
    function attest(uint64 demandId, bytes32 content, uint40 validUntil) external;

    /// @notice `attest` by signature, submitted by anyone.
    function attestBySignature(Attestation calldata attestation, bytes calldata signature) external;

    /// @notice Refuses a demand as it stands while nobody attests it: no fast path will have it any more, and it needs two auditors of other organisations.
    /// @dev The same auditors as for `attest`. Once for these facts (`AlreadyRefused`, `DemandIsAttested`); new facts clear it. Emits `DemandRefused`.
    /// @param reason Hash of the reason (`NoReason`).
    function refuse(uint64 demandId, bytes32 content, bytes32 reason) external;

    /// @notice `refuse` by signature, submitted by anyone.
    function refuseBySignature(Objection calldata refusal, bytes calldata signature) external;

    /// @notice Contests a demand that is attested: for a day it neither counts nor is served; then it counts again by `refresh`.
    /// @dev The same auditors as for `attest`, of no organisation that attests it. Each organisation once for a version, one contest at a time and two in all
    /// (`AlreadyContested`, `TooManyContests`): nobody holds a demand down. Emits `DemandContested`.
    /// @param reason Hash of the reason (`NoReason`).
    function contest(uint64 demandId, bytes32 content, bytes32 reason) external;

    /// @notice `contest` by signature, submitted by anyone.
    function contestBySignature(Objection calldata objection, bytes calldata signature) external;

    /// @notice Takes units of a lot that a recipient received and cannot report as handed out (lost, given back) off what it has on hand and has asked.
    /// @dev The same auditors as for `attest`. Emits `UnitsWrittenOff`; reverts with `TooManyUnits`.
    /// @param reason Hash of the reason (`NoReason`).
    function writeOff(address recipient, uint64 lot, uint64 units, bytes32 reason) external;

    // --- urgency keeper ---

    /// @notice Changes the thresholds of the levels, seconds, strictly rising, from one hour to sixty days (`BadThresholds`). Levels follow at the next `refresh`.
    /// @dev Only the urgency keeper, with delay. Emits `ThresholdsChanged`.
    function setThresholds(Thresholds calldata to) external;

    // --- anyone ---

    /// @notice Counts units as handed out that the ledger says their recipient has distributed or destroyed, once each: they count neither as asked nor as on hand any more.
    /// @dev At most 100 parcels (`TooManyParcels`). Passes by those that are counted already; reverts with `NotHandedOut`, and with `NothingReceived` where no allocation brought the lot. Emits `UnitsHandedOut`.
    function reportDistributed(uint64[] calldata parcels) external;

    /// @notice Ends the attestation of a facility whose recipient is suspended: its people take no part in raises until it is attested again.
    /// @dev Reverts with `RecipientIsActive`, `NotAttestedFacility`. Emits `FacilityDropped`.
    function dropFacility(address recipient) external;

    /// @notice Recomputes a demand's level and whether it counts as of now: its attestation may be over, its recipient suspended or reinstated.
    /// @dev Emits `LevelChanged`, `AttestationLapsed`, `DemandCounted` where something changed.
    function refresh(uint64 demandId) external returns (Level);

    /// @notice Brings demands up to date, at most 100: lapses those that are over, refreshes the others, passes by those that ended before.
    function bringUpToDate(uint64[] calldata demandIds) external;

    /// @notice Ends a demand from `neededBy` on. @dev Emits `DemandEnded`.
    function lapseDemand(uint64 demandId) external;

    // --- DemandEscrow only ---

    /// @notice Serves units of demands by goods of one offer, each after a refresh. Where the goods do not fit, the units are more than are open, or the demand is
    /// unaudited and no fast path will have it, nothing is served and the answer is zero, and what comes after is not looked at; `prospectOf` tells why.
    /// @dev Reverts with `DemandNotOpen` (LAPSED from `neededBy` on) and unless the recipient is active. From the fast path the level is LOW, whatever the facts
    /// claim: a liar who tells of no stock gains the last place, and only within the path's cap, region and time, up to the material's cap, and while
    /// nothing that it was so served before has been left unaudited for longer than `AUDIT_WINDOW`; neither while an auditor refuses or contests it.
    /// The facility's vulnerability is that of the last `refresh`.
    /// @param lines Units (64 bits, the lowest) and demand (64 bits) of each, see `LineWords`; what is above is not read.
    /// @return answers Level under which it was served (8 bits, the lowest) and daily use (40 bits) of each, see `LineWords`
    function serve(Goods calldata goods, uint256[] calldata lines)
        external
        returns (uint256[] memory answers);

    /// @notice Takes back units that did not come, and what their booking took of the freight budget; the demand is open again for them unless it was withdrawn or has lapsed.
    /// @param byFault True when its recipient failed to book or refused: where that was a tenth of what it has not received or more, it does not count until it is attested again.
    function reopen(uint64 demandId, uint64 units, uint128 freight, bool byFault) external;

    /// @notice Takes from the freight budget what is there, at most `asked`, for an allocation that is being booked.
    /// @dev Reverts with `AuditOverdue` where the fast path served the demand and its audit was not made in time.
    function takeBudget(uint64 demandId, uint128 asked)
        external
        returns (uint128 taken, address recipient);

    /// @notice Counts units of a lot that an allocation has brought as on hand with the demand's recipient. @dev Emits `UnitsReceived`.
    function countReceived(uint64 demandId, uint64 lot, uint64 units) external;

    // --- EmergencyResponse only ---

    /// @notice Unaudited demand in `region` may be served up to `cap` units until `until`. Opening again begins a new count.
    /// @dev Emits `FastPathOpened`.
    function openFastPath(bytes32 emergency, bytes32 region, uint64 cap, uint40 until) external;

    /// @notice Raises demand for a region. @dev Reverts when no attested facility lies in it (`NothingToClaim`). Emits `DemandRaised`.
    function raise(bytes32 emergency, bytes32 region, uint64 material, uint64 units, uint40 until)
        external
        returns (uint64 raised);
}
