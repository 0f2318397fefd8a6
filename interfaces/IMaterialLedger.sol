// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IMaterialLedger
/// @notice The physical truth: materials, lots, parcels and loads, their states and their custody.
/// @dev Every unit of every lot is in exactly one state; `fateOf` adds up to what was commissioned (INV-MAT-1).
/// Only three rooms may move parcels, each named at deployment for ever: DemandEscrow (offer, allocate), FreightEscrow
/// (load, hand over, close) and DonationRegistry (commission a gift). Each checks the signatures that its act needs.
interface IMaterialLedger {
    /// @notice Where a parcel is in its life.
    enum ParcelState {
        NULL,
        HELD,
        OFFERED,
        ALLOCATED,
        IN_TRANSIT,
        DELIVERED,
        DISTRIBUTED,
        QUARANTINED,
        RETURNED,
        DESTROYED,
        LOST,
        TRANSFORMED,
        MERGED
    }

    /// @notice How a lot came to be.
    enum LotKind {
        NULL,
        SUPPLY,
        GIFT
    }

    /// @notice For whom a gift is meant.
    enum EarmarkKind {
        NULL,
        NONE,
        REGION,
        FACILITY,
        EMERGENCY
    }

    /// @notice An earmark, fixed when a gift is pledged.
    /// @param scope Zero for NONE; a province for REGION; a facility id; the id of an emergency plan.
    struct Earmark {
        EarmarkKind kind;
        bytes32 scope;
    }

    /// @notice A kind of goods.
    /// @param gtin GTIN as a number; the material's id.
    /// @param capPerDemand Units above which a demand needs a second auditor; zero for no cap.
    /// @param shelfLife Seconds; zero when it does not expire.
    /// @param temperatureMin Storage limit in hundredths of a degree Celsius.
    /// @param temperatureMax Storage limit in hundredths of a degree Celsius.
    /// @param humidityMin Storage limit in hundredths of a percent.
    /// @param humidityMax Storage limit in hundredths of a percent.
    /// @param controlled True when handling it needs a licence.
    /// @param defined True once defined.
    struct Material {
        uint64 gtin; // slot 0
        uint64 capPerDemand;
        uint40 shelfLife;
        int16 temperatureMin;
        int16 temperatureMax;
        uint16 humidityMin;
        uint16 humidityMax;
        bool controlled;
        bool defined;
    }

    /// @notice What was made or received together.
    /// @param maker The supplier that made it or the donor that gave it.
    /// @param expiry Unix seconds; zero when it does not expire.
    /// @param quantity Units commissioned; never changes.
    /// @dev The hash of the document that proves it is told in `LotCommissioned` and proven by `head`.
    struct Lot {
        address maker;
        uint40 commissionedAt;
        uint40 expiry;
        LotKind kind;
        uint64 material;
        uint64 quantity;
        EarmarkKind earmarkKind;
        bytes32 earmarkScope;
    }

    /// @notice A quantity of one lot in one place, in one pair of hands, in one state.
    /// @param custodian Who has custody; while `consignment` is not zero the load's custodian answers instead.
    /// @param station The station where it was last at rest; zero when unknown.
    /// @param rides Number of loads that have carried it, the present one not counted.
    /// @param parent The parcel from which it was split, or zero.
    /// @param consignment The consignment whose load it rides in, or zero.
    /// @param promised Of its units, those of allocations that nobody has booked: while it is OFFERED they count as ALLOCATED.
    struct Parcel {
        address custodian; // slot 0
        uint40 since;
        ParcelState state;
        uint32 station;
        uint16 rides;
        uint48 lot; // slot 1
        uint56 units;
        uint48 parent;
        uint48 consignment;
        uint56 promised;
    }

    /// @notice What a parcel has to give, and for whom.
    /// @param units Those not promised.
    struct Stock {
        uint64 lot;
        uint64 units;
        ParcelState state;
        uint64 material;
        uint40 expiry;
        EarmarkKind earmarkKind;
        bytes32 earmarkScope;
    }

    /// @notice What one consignment carries; changes hands as one record.
    /// @param since Unix seconds since when the custodian has it; of the consignor, when the load was formed.
    /// @param sequence Number of changes of custody so far; the nonce of the next handover.
    /// @param state ALLOCATED until picked up, then IN_TRANSIT, then how it ended; HELD when it ended without having left.
    /// @param clearedAt The `recallEpoch` at which nothing aboard was recalled.
    /// @param content Hash of the parcel ids, lots and units (`keccak256(abi.encode(ids, lots, units))`), which every handover signs.
    struct Load {
        address custodian; // slot 0
        uint40 since;
        uint16 sequence;
        ParcelState state;
        uint32 clearedAt;
        bytes32 content; // slot 1
    }

    /// @notice A place in the route of a load, in order, the consignor first.
    /// @param custodian Who takes custody there. @param station Where. @param since Unix seconds; zero while it is only planned.
    struct Stop {
        address custodian; // slot 0
        uint32 station;
        uint40 since;
    }

    /// @notice How far a load has come.
    /// @param custodian Who has it. @param isRecalled True while a lot aboard is recalled. @param content As in `Load`.
    /// @param times Unix seconds: when it was formed, then of each change of custody so far.
    struct Progress {
        address custodian;
        bool isRecalled;
        bytes32 content;
        uint40[] times;
    }

    /// @notice A change of custody that has been made, as it was to be.
    /// @param from Who had custody. @param since Unix seconds since when. @param sequence Changes of custody before this one. @param taker Who was to take by the plan.
    /// @param station Where, by the plan. @param content The load's content.
    struct Change {
        address from;
        uint40 since;
        uint16 sequence;
        address taker;
        uint32 station;
        bytes32 content;
    }

    /// @notice Units of a lot by state; they add up to the lot's quantity.
    struct Fate {
        uint64 held;
        uint64 offered;
        uint64 allocated;
        uint64 inTransit;
        uint64 delivered;
        uint64 distributed;
        uint64 quarantined;
        uint64 returned;
        uint64 destroyed;
        uint64 lost;
        uint64 transformed;
    }

    /// @notice A load that has carried a parcel.
    /// @param consignment Whose load. @param since Unix seconds since when the parcel had rested with the consignor, or what it was split from had.
    /// @param outcome How it ended for this parcel: QUARANTINED where the load was delivered but the lot had expired.
    /// @param setAside Units that were split off it on the way, see `setAside`.
    struct Ride {
        uint64 consignment; // slot 0
        uint40 since;
        ParcelState outcome;
        uint64 setAside;
    }

    /// @notice What is wrong with units at a handover: SHORT are not there, DAMAGED are unfit, REFUSED the taker does not take.
    enum Flaw {
        NULL,
        SHORT,
        DAMAGED,
        REFUSED
    }

    /// @notice Units of a load that do not change hands.
    struct Exception {
        uint64 parcel;
        uint64 units;
        Flaw flaw;
    }

    /// @notice Why a parcel is in quarantine.
    /// @param by Who put it there; zero for a delivery in bad condition. @param before Its state before, to which a release brings it back.
    struct Quarantine {
        address by; // slot 0
        ParcelState before;
    }

    /// @notice Units of a parcel.
    struct Part {
        uint64 parcel;
        uint64 units;
    }

    /// @notice A lot to be commissioned.
    /// @param quantity Units. @param expiry Unix seconds; zero when the material has no shelf life.
    /// @param station Where it lies; zero when at no station. @param evidence Hash of the document that proves it.
    struct Commission {
        uint64 material;
        uint64 quantity;
        uint40 expiry;
        uint32 station;
        bytes32 evidence;
    }

    event MaterialDefined(uint64 indexed gtin, Material material);
    event LotCommissioned(
        uint64 indexed lot,
        uint64 indexed material,
        address indexed maker,
        uint64 parcel,
        address custodian,
        uint64 quantity,
        uint40 expiry,
        LotKind kind,
        bytes32 evidence
    );
    event Recalled(uint64 indexed lot, address indexed by, bytes32 reason, bytes32 evidence);
    event RecallLifted(uint64 indexed lot, address indexed by, bytes32 evidence);
    event LotsTransformed(
        uint64 indexed recipe, address indexed maker, Part[] inputs, uint64[] lots
    );
    event StepRecorded(
        uint64 indexed lot,
        uint64 indexed parcel,
        address indexed by,
        bytes32 step,
        uint32 station,
        bytes32 evidence
    );
    event ParcelsMerged(uint64 indexed into, uint64 indexed parcel, uint64 units);
    event ParcelQuarantined(uint64 indexed parcel, address indexed by, bytes32 evidence);
    event ParcelLost(uint64 indexed parcel, address indexed custodian, bytes32 evidence);
    event ParcelSplit(uint64 indexed parcel, uint64 indexed child, uint64 units);
    event ParcelMoved(
        uint64 indexed parcel, ParcelState from, ParcelState to, uint64 units, uint64 consignment
    );
    event LoadFormed(
        uint64 indexed consignment, uint64[] parcels, bytes32 content, address custodian
    );
    event CustodyChanged(
        uint64 indexed consignment,
        uint16 sequence,
        address indexed from,
        address indexed to,
        uint32 station,
        uint40 at
    );
    /// @notice Units have left a load at a handover. @param parcels Those that hold them now, one for each exception; `ParcelMoved` says of each how many units, and in which state. @param content Of what is left.
    event UnitsSetAside(
        uint64 indexed consignment,
        uint64[] parcels,
        bytes32 content,
        address custodian,
        uint32 station,
        uint40 at
    );
    event LoadClosed(uint64 indexed consignment, ParcelState outcome, address custodian, uint40 at);
    event QuarantineLifted(uint64 indexed parcel, address indexed auditor, bytes32 evidence);
    event ParcelDestroyed(uint64 indexed parcel, address indexed custodian, bytes32 evidence);
    event UnitsDistributed(uint64 indexed parcel, uint64 units, bytes32 ward, bytes32 listHash);

    error NotWriter(address caller);
    error UnknownMaterial(uint64 material);
    error MaterialExists(uint64 material);
    error BadMaterial(uint64 material);
    error ZeroQuantity();
    error QuantityTooLarge(uint64 quantity, uint64 most);
    error ExpiryInPast(uint40 expiry);
    error ExpiryBeyondShelfLife(uint40 expiry, uint40 latest);
    error BadEarmark(EarmarkKind kind, bytes32 scope);
    error UnknownLot(uint64 lot);
    error UnknownParcel(uint64 parcel);
    error LotExpired(uint64 lot, uint40 expiry);
    error NotCustodian(uint64 parcel, address caller, address custodian);
    error WrongState(uint64 parcel, ParcelState state);
    error TooManyUnits(uint64 parcel, uint64 asked, uint64 there);
    error TooManyParcels(uint256 given, uint256 most);
    error TooManyChanges(uint64 consignment, uint256 most);
    error MixedCustody(uint64 parcel);
    error LoadExists(uint64 consignment);
    /// @notice Loads are formed in the order of their consignments' ids, from 1.
    error LoadOutOfOrder(uint64 consignment);
    error UnknownLoad(uint64 consignment);
    error WrongLoadState(uint64 consignment, ParcelState state);
    error NoParcels();
    error NoEvidence();
    error BadFlaw(uint64 parcel);
    error NotAboard(uint64 consignment, uint64 parcel);
    /// @notice Nothing would be left in the load; what is refused altogether does not change hands.
    error LoadEmptied(uint64 consignment);
    error BadOutcome(ParcelState outcome);
    error WrongHandoverTime(uint40 at, uint40 notBefore, uint40 notAfter);
    error NotAuditor(address caller);
    error NoReason();
    error LotRecalled(uint64 lot);
    error AlreadyRecalled(uint64 lot);
    error NotRecalled(uint64 lot);
    error TooManyAncestors(uint256 most);
    error TooManyOutputs(uint256 given, uint256 most);
    error NothingToTransform();
    error NotAlike(uint64 parcel, uint64 other);
    error NeitherMakerNorCustodian(uint64 parcel, address caller);

    /// @notice The material with this GTIN. @dev Reverts with `UnknownMaterial`.
    function material(uint64 gtin) external view returns (Material memory);

    /// @notice The lot. @dev Reverts with `UnknownLot`.
    function lot(uint64 id) external view returns (Lot memory);

    /// @notice The earmark of a lot (NONE for supplies). @dev Reverts with `UnknownLot`.
    function earmarkOf(uint64 lotId) external view returns (Earmark memory);

    /// @notice The parcel as it is now: while it rides in a load, custodian and `since` are the load's. @dev Reverts with `UnknownParcel`.
    function parcel(uint64 id) external view returns (Parcel memory);

    /// @notice What a parcel has to give, with what its lot says of it. @dev Reverts with `UnknownParcel`.
    function stockOf(uint64 parcelId) external view returns (Stock memory);

    /// @notice The load of a consignment. @dev Reverts with `UnknownLoad`.
    function load(uint64 consignment) external view returns (Load memory);

    /// @notice The parcels in the load of a consignment, at most 16.
    function parcelsOf(uint64 consignment) external view returns (uint64[] memory);

    /// @notice Units of a lot by state. @dev Reverts with `UnknownLot`.
    function fateOf(uint64 lotId) external view returns (Fate memory);

    /// @notice The lots whose units went into this one; none for a lot that was not transformed. @dev Reverts with `UnknownLot`.
    function parentsOf(uint64 lotId) external view returns (uint64[] memory);

    /// @notice All lots from which this one descends, its parents first; at most 32. @dev Reverts with `UnknownLot`.
    function ancestorsOf(uint64 lotId) external view returns (uint64[] memory);

    /// @notice True while this lot or one of its ancestors is recalled. @dev Reverts with `UnknownLot`.
    function isRecalled(uint64 lotId) external view returns (bool);

    /// @notice Who has recalled this very lot; zero when it is not recalled itself.
    function recalledBy(uint64 lotId) external view returns (address);

    /// @notice Number of recalls so far; what was found clear at this epoch still is.
    function recallEpoch() external view returns (uint32);

    /// @notice True while a lot in the load of a consignment is recalled. @dev Reverts with `UnknownLoad`.
    function isLoadRecalled(uint64 consignment) external view returns (bool);

    /// @notice Why a parcel is in quarantine; all zero for one that is not, or whose delivery put it there.
    function quarantineOf(uint64 parcelId) external view returns (Quarantine memory);

    /// @notice The hash over every event of this contract but `CustodyChanged` (which `custodySpan` proves) and the manager's:
    /// `head = keccak256(head ++ keccak256(topics ++ data))`, zero before the first.
    function head() external view returns (bytes32);

    /// @notice The `index`-th load that has carried a parcel, from 0 to `parcel(id).rides` - 1. @dev All zero beyond.
    function ride(uint64 parcelId, uint16 index) external view returns (Ride memory);

    /// @notice How the load of a consignment ended for a parcel, whatever became of the parcel since; all zero while it runs and nothing was set aside, for a
    /// parcel that never left and was not stopped, and for one that did not ride in it.
    /// @return outcome NULL while it rides @return ofLoad the load's own state @return unitsSetAside units that were split off it on the way, see `setAside`
    /// (last) of these, or of all, those that were refused at the door, where the last change of custody is planned
    function outcomeOf(uint64 parcelId, uint64 consignment)
        external
        view
        returns (ParcelState outcome, ParcelState ofLoad, uint64 unitsSetAside, uint64 unitsRefused);

    /// @notice Exactly one party that answered for a parcel at `time`; zero before it was commissioned or after now.
    /// @dev At the second of a handover the one who accepted answers.
    function responsibleAt(uint64 parcelId, uint40 time) external view returns (address);

    /// @notice Who had custody of the load in its `sequence`-th span (0 is the consignor) and since when; zero beyond the present span.
    function custodySpan(uint64 consignment, uint16 sequence)
        external
        view
        returns (address custodian, uint40 since);

    /// @notice Unix second of the load's first change of custody; zero before it. @dev Reverts with `UnknownLoad`.
    function pickedUpAt(uint64 consignment) external view returns (uint40);

    /// @notice Every change of custody of the load, the consignor first: those done, then those that were planned when it was formed.
    /// @dev Reverts with `UnknownLoad`. Done changes stand for ever, so that the `CustodyChanged` of a load can be checked one by one: none is missing.
    function routeOf(uint64 consignment) external view returns (Stop[] memory);

    /// @notice How far the load of a consignment has come: hands, content and times in one read. @dev Reverts with `UnknownLoad`.
    function progressOf(uint64 consignment) external view returns (Progress memory);

    /// @notice Number of lots, which carry the ids 1 to this.
    function lotCount() external view returns (uint64);

    /// @notice Number of parcels, which carry the ids 1 to this.
    function parcelCount() external view returns (uint64);

    /// @notice Defines a material. @dev Only the cataloguer role. Emits `MaterialDefined`. GTIN's check digit must be right (`BadMaterial`), limits ordered.
    function defineMaterial(Material calldata definition) external;

    /// @notice Commissions a lot that the caller, an active supplier, has made or bought, and holds.
    /// @dev Emits `LotCommissioned`. Expiry is needed exactly when the material has a shelf life, in the future and within it.
    /// @return lotId the new lot @return parcelId its only parcel, `HELD` by the caller
    function commission(Commission calldata request)
        external
        returns (uint64 lotId, uint64 parcelId);

    /// @notice Splits units off a held or delivered parcel. @dev Only its custodian. Emits `ParcelSplit`.
    /// @return child the new parcel, in the same state, hands and place
    function split(uint64 parcelId, uint64 units) external returns (uint64 child);

    /// @notice Reports units handed out to the people served, by ward or district, with a salted hash of the list.
    /// @dev Only the custodian, an active or suspended recipient; from `DELIVERED`. Emits `UnitsDistributed`.
    function distribute(uint64 parcelId, uint64 units, bytes32 ward, bytes32 listHash) external;

    /// @notice The caller, an active supplier, makes lots from units that it holds, by a recipe.
    /// @dev Inputs become `TRANSFORMED`; each output's ancestors are the inputs' lots and theirs. Emits `LotCommissioned` for
    /// each output, then `LotsTransformed`. Refuses inputs of recalled, expired or earmarked lots, more than 8 inputs or
    /// outputs, more than 32 distinct ancestors (`TooManyAncestors`) and more than the yield (`IRecipeBook.YieldExceeded`).
    /// @return lots the new lots @return parcels the one parcel of each, `HELD` by the caller
    function transform(uint64 recipe, Part[] calldata inputs, Commission[] calldata outputs)
        external
        returns (uint64[] memory lots, uint64[] memory parcels);

    /// @notice Tells a step of production or of keeping: which, where, by whom, with what evidence.
    /// @dev Only the maker of the parcel's lot or the parcel's custodian. Emits `StepRecorded`.
    function recordStep(uint64 parcelId, bytes32 step, uint32 station, bytes32 evidence) external;

    /// @notice Recalls a lot and all that was made from it: no offer, allocation, booking, delivery, use or handover from now on.
    /// @dev Only its maker or an active auditor. Emits `Recalled`. The cost does not depend on how much was made from it.
    function recall(uint64 lotId, bytes32 reason, bytes32 evidence) external;

    /// @notice Takes a recall back. @dev Only an active auditor or arbiter of another organisation than the recaller's. Emits `RecallLifted`.
    function liftRecall(uint64 lotId, bytes32 evidence) external;

    /// @notice Puts all units of a held or delivered parcel into another that is alike: same lot, custodian, station and state.
    /// @dev Only their custodian. Emits `ParcelsMerged`; the emptied parcel is `MERGED` for ever.
    function merge(uint64 into, uint64 parcelId) external;

    /// @notice The custodian or an active auditor stops a parcel that is held, offered, delivered or returned.
    /// @dev Emits `ParcelQuarantined`. An offer of it can be withdrawn, but serves nobody until the release; what is promised of it cannot be
    /// booked until then.
    function quarantine(uint64 parcelId, bytes32 evidence) external;

    /// @notice Another party than the one who quarantined it releases a parcel to the state before; after a delivery in bad
    /// condition, to `DELIVERED`.
    /// @dev Only an active auditor of another organisation than the custodian's and than of who quarantined it, and not while the
    /// lot is recalled. Emits `QuarantineLifted`.
    function releaseFromQuarantine(uint64 parcelId, bytes32 evidence) external;

    /// @notice The custodian of a returned parcel takes it back into its stock: `HELD`. @dev Emits `ParcelMoved`.
    function restock(uint64 parcelId) external;

    /// @notice The custodian reports units of a held, delivered, returned or quarantined parcel lost. @dev Emits `ParcelLost`.
    function reportLoss(uint64 parcelId, uint64 units, bytes32 evidence) external;

    /// @notice The custodian destroys a quarantined, returned or held parcel, with evidence. @dev Emits `ParcelDestroyed`.
    function destroy(uint64 parcelId, bytes32 evidence) external;

    // --- DonationRegistry only ---

    /// @notice Commissions a gift received: its maker is the donor, its custodian the charity that counted it.
    function commissionGift(
        Commission calldata request,
        address donor,
        address custodian,
        Earmark calldata earmark
    ) external returns (uint64 lotId, uint64 parcelId);

    // --- DemandEscrow only ---

    /// @notice A held parcel goes into an offer. @dev Reverts with `NotCustodian` unless `by` holds it; with `LotExpired`, `LotRecalled`.
    function offer(uint64 parcelId, address by) external;

    /// @notice What is not promised of an offered parcel goes back to its custodian, split off unless it is all; of one in quarantine on its release.
    function withdraw(uint64 parcelId) external;

    /// @notice Units of an offered parcel are allocated, though they stay in it until they are booked.
    /// @dev Emits `ParcelMoved` from OFFERED to ALLOCATED. Reverts with `TooManyUnits`, `LotExpired`, `LotRecalled`.
    function allocate(uint64 parcelId, uint64 units) external;

    /// @notice Promised units become a parcel of their own, `ALLOCATED`; the parcel itself when they are all that it has.
    /// @dev Emits `ParcelSplit` unless they are all. Reverts as `allocate` does.
    /// @return allocated the parcel that holds them
    function redeem(uint64 parcelId, uint64 units) external returns (uint64 allocated);

    /// @notice Units are promised no more: offered again, or `HELD` by the custodian, split off unless they are all. What is in quarantine stays there
    /// until its release, what was destroyed or lost is gone.
    /// @param again Whether they go back into the offer.
    function deallocate(uint64 parcelId, uint64 units, bool again) external;

    /// @notice An allocated parcel that rides in no load goes back to its custodian as `HELD`.
    function release(uint64 parcelId) external;

    // --- FreightEscrow only ---

    /// @notice Forms the load of the next consignment from allocated parcels of one custodian at one station, or from what a seller holds there.
    /// @param seller Whose `HELD` parcels are sold; zero for allocated parcels.
    /// @param takers Who is to take custody after the consignor, and where, in order; `since` is not read. A change that goes otherwise is
    /// written as it goes: the plan binds nobody here, it only makes changes cheap. At most 13 changes.
    function form(
        uint64 consignment,
        uint64[] calldata parcels,
        address seller,
        Stop[] calldata takers
    ) external returns (bytes32 content);

    /// @notice Custody of the load passes to `to`; its first handover puts the parcels in transit. @dev Reverts with `LotRecalled`.
    /// @param at When it happened, unix seconds: not before the handover before, not in the future.
    /// @return what was there before and what was planned; the caller says whether the plan binds
    function handOver(uint64 consignment, address to, uint32 station, uint40 at)
        external
        returns (Change memory);

    /// @notice Takes units out of a load in the moment before it changes hands: they stay with who has custody, SHORT units as LOST, DAMAGED ones
    /// QUARANTINED, REFUSED ones RETURNED. The next handover signs what is left.
    /// @param exceptions 1 to 16, at most the units of each parcel. @param station Where, and @param at when the handover is: checked by it.
    /// @dev Units are split off unless they are all of a parcel, which then leaves the load. Emits `ParcelSplit`, `ParcelMoved` for each, then
    /// `UnitsSetAside`. Reverts with `BadFlaw`, `NotAboard`, `TooManyUnits`, `TooManyParcels`, `LoadEmptied`, `WrongLoadState`.
    /// @return former what the load's content was, which this handover signs
    function setAside(
        uint64 consignment,
        Exception[] calldata exceptions,
        uint32 station,
        uint40 at
    ) external returns (bytes32 former);

    /// @notice Ends the load: its parcels are `outcome` in the hands of `custodian`. A change of custody is counted and emitted like a handover's.
    /// @dev A delivery of what is recalled reverts with `LotRecalled`; units that had expired when they arrived go to quarantine.
    /// @param outcome DELIVERED, DISTRIBUTED (to the person served), QUARANTINED, RETURNED or LOST. For a load that never left, with its present custodian:
    /// ALLOCATED, HELD (what was sold) or QUARANTINED.
    function close(
        uint64 consignment,
        ParcelState outcome,
        address custodian,
        uint32 station,
        uint40 at
    ) external;
}
