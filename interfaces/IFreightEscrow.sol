// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IConditionMonitor} from "./IConditionMonitor.sol";
import {IDeliveryEvidence} from "./IDeliveryEvidence.sol";
import {IFreightHolds} from "./IFreightHolds.sol";
import {IMaterialLedger} from "./IMaterialLedger.sol";

/// @title IFreightEscrow
/// @notice Consignments: legs, prepaid freight and goods, bonds, handovers, proof of delivery, settlement.
/// @dev A consignment is a commitment: kept is the struct hash of its booking, which `ConsignmentBooked` tells whole and whoever acts hands in again.
/// Paid plus refunded plus held equals prepaid, for each consignment and in total (INV-FREIGHT-1); the currency here is never less than the sum of what is held and of all purses (INV-FREIGHT-2),
/// and more only by what somebody sent unasked, which belongs to no consignment.
/// Custody passes by two EIP-712 signatures; both sign the same `Handover`. Whatever did not happen by its time can be lapsed by anyone after a grace.
///
/// Trust, for each booking, by those who sign it:
/// - the parties of a handover agree on its time. Neither alone can shift it, and their interests are opposed: giving later costs the giver, taking
///   later excuses the taker. Two who collude shift lateness, exposure and missed units between their own legs, never past a neighbour's handover;
/// - freight is less than goods are worth: who pays asks of each leg a bond for what may be missed in its hands;
/// - a consignee that does not pay loses nothing by stating too early a delivery: who pays for others takes BOTH, where the device bounds that time;
/// - under CONSIGNEE and BOTH carriers trust the consignee to sign when it takes the goods (let the giver sign last); the DEVICE policies are there for who does not;
/// - under DEVICE_THEN_SILENCE the last carrier trusts the consignee not to refuse goods that are in order;
/// - the device's operator answers for what the device signs, also for riding with this consignment alone; where the device speaks for the consignee its
///   operator is not of the last carrier's organisation. The device cannot be exchanged after booking.
/// The currency is the suite's own: it calls nobody back, so that no payee can hold up or re-enter a settlement.
interface IFreightEscrow is IFreightHolds {
    /// @notice ARRIVED waits for the consignee's day, REFUSED for the last carrier's (to dispute the refusal); both then settle.
    /// CLOSED ended while disputes held its money: the goods are where they belong, the money waits for the last dispute's end.
    enum Status {
        NULL,
        BOOKED,
        IN_TRANSIT,
        ARRIVED,
        REFUSED,
        CLOSED,
        SETTLED
    }

    /// @notice Why a consignment ended: delivered for use; delivered into quarantine, because an exposure passed its floor or the condition is unproven;
    /// never picked up; not delivered in time; refused by the consignee; recalled on the way, or after it had arrived and before it was settled.
    enum Resolution {
        NULL,
        DELIVERED,
        DELIVERED_DAMAGED,
        CANCELLED,
        LOST,
        REFUSED,
        RECALLED
    }

    /// @notice What proves delivery, beside the release that the last carrier signs in each.
    /// CONSIGNEE needs the consignee's acceptance; DEVICE the device's arrival, with every batch that it signed; BOTH both;
    /// DEVICE_THEN_SILENCE settles when the consignee has not refused within `SILENCE` after a proof by the device, at once when it accepts.
    /// @dev Where a booking names other evidence, that stands in for the device's arrival.
    /// From `SILENCE` after the last latest arrival on, the consignee's acceptance stands in for a device that is dead or retired.
    /// Silence above `Terms.longestSilence` refuses a proof without the consignee's acceptance; with it the goods go to quarantine.
    enum Policy {
        NULL,
        CONSIGNEE,
        DEVICE,
        BOTH,
        DEVICE_THEN_SILENCE
    }

    /// @notice Terms of condition and of time.
    /// @param temperatureMin Band outside which exposure runs, hundredths of a degree Celsius. @param humidityMin The same, hundredths of a percent.
    /// @param lateFree Seconds that a leg may be late at no cost. @param lateZero Seconds at which nothing is left, at most `GRACE`; linear between.
    /// @param exposureFree Exposure of a leg that costs nothing, centidegree-seconds. @param exposureZero At which nothing is left; linear between.
    /// @param exposureFloor Exposure over all legs above which the goods go to quarantine.
    /// @param humidityFree The same for humidity, centipercent-seconds.
    /// @param longestSilence Longest time without a reading, seconds, see `Policy`; not zero where the device proves.
    /// @param deviceRule Not NULL where there are several devices.
    struct Terms {
        int16 temperatureMin;
        int16 temperatureMax;
        uint16 humidityMin;
        uint16 humidityMax;
        uint32 lateFree;
        uint32 lateZero;
        uint32 longestSilence;
        Policy policy;
        IConditionMonitor.DeviceRule deviceRule;
        uint64 exposureFree;
        uint64 exposureZero;
        uint64 exposureFloor;
        uint64 humidityFree;
        uint64 humidityZero;
        uint64 humidityFloor;
    }

    /// @notice One carrier's part.
    /// @param crew Who drives: one of the carrier's crews. @param latestArrival Unix seconds by which its goods are to be handed on.
    /// @param freight Base units of the currency. @param bond What the carrier answers with from its purse: forfeited to the payer when the goods are lost in its
    /// hands, or when they end below a floor and it has the greatest exposure of that kind.
    struct LegRequest {
        address carrier;
        uint32 vehicle;
        uint32 crew;
        uint32 fromStation;
        uint32 toStation;
        uint40 departure;
        uint40 latestArrival;
        uint128 freight;
        uint128 bond;
    }

    /// @notice A booking; its EIP-712 struct hash is the order's id, good once.
    /// @param payer Who prepays. @param consignee Who is to receive: the recipient of the allocations, or who buys; zero for a household.
    /// @param household Of a personal order, else zero: `keccak256(abi.encode(block.chainid, escrow, key, salt))` of the one-time key that is to accept the goods and a secret salt.
    /// @param seller Of goods that are bought, else zero: holds `parcels` until pick-up, bears the risk until delivery, and has `price` on proof of it.
    /// @param price Base units of the currency. @param evidence Proves the arrival in place of the devices; zero for the suite's own way.
    /// @param devices Watch the goods; none only when the terms have the policy CONSIGNEE and the widest band (`type(int16)` for temperature, 0 to 10000 or more for humidity).
    /// @param allocations What is carried, or none. @param parcels What is carried where it is bought, or none.
    /// @param pickUpBy Unix seconds after which (plus a grace) a consignment never picked up can be lapsed. @param deadline Last second at which it can be booked.
    struct Booking {
        address payer;
        address consignee;
        bytes32 household;
        address seller;
        uint128 price;
        IDeliveryEvidence evidence;
        address[] devices;
        uint64[] allocations;
        uint64[] parcels;
        LegRequest[] legs;
        Terms terms;
        uint40 pickUpBy;
        uint40 deadline;
        bytes32 salt;
    }

    /// @notice Signatures that ride with a booking. That of whoever calls may be empty.
    /// @param payer Of `BookingOrder`. @param carriers Of `LegAcceptance`, one for each leg.
    /// @param consignee Of `PolicyConsent`: for the policies DEVICE and DEVICE_THEN_SILENCE, and wherever a donor pays; else empty.
    /// @param seller Of `SaleAcceptance`, where goods are bought.
    struct BookingSignatures {
        bytes payer;
        bytes[] carriers;
        bytes consignee;
        bytes seller;
    }

    /// @notice A permit of the currency that rides with a booking; `deadline` zero when there is none.
    struct Permit {
        uint256 value;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice A change of hands, signed by both, see `HANDOVER_TYPEHASH`.
    /// @param sequence Handovers before this one; the nonce. @param content `IMaterialLedger.load(consignment).content`.
    struct Handover {
        uint64 consignment;
        uint16 sequence;
        address from;
        address to;
        uint32 station;
        uint40 at;
        bytes32 content;
        uint40 deadline;
    }

    /// @notice A device's word that it arrived, see `ARRIVAL_TYPEHASH`.
    /// @param at When it arrived: not before the end of its last batch, not after the handover. @param batches Number of batches that it has signed for
    /// the consignment; all must be recorded.
    struct Arrival {
        uint64 consignment;
        uint32 station;
        uint40 at;
        uint32 batches;
        uint40 deadline;
    }

    /// @notice The word of one of a consignment's devices; the evidence of the suite's own policies is `abi.encode` of a list of them.
    struct DeviceWord {
        address device;
        Arrival arrival;
        bytes signature;
    }

    /// @notice Evidence of delivery. What the policy does not need stays empty. `handover.to` is the consignee, or the household's one-time key.
    /// @param salt The household's, else zero. @param evidence For the booking's evidence; `DeviceWord[]`, encoded, for the suite's own.
    struct Proof {
        Handover handover;
        bytes release;
        bytes acceptance;
        bytes32 salt;
        bytes evidence;
    }

    /// @notice Why a taker does not take what is offered, see `REFUSAL_TYPEHASH`. @param sequence That of the handover refused. @param reason Hash of the reason.
    struct Refusal {
        uint64 consignment;
        uint16 sequence;
        address by;
        bytes32 reason;
        uint40 deadline;
    }

    /// @notice A consignment.
    /// @param legsDone Legs whose carrier has handed on, in order. @param arrivedAt When the last carrier handed on, or says so; zero before.
    /// @param provenAt When the proof of delivery, or the refusal at the door, was submitted; zero before. @param endedAt When it was settled. @param prepaid Freight and price.
    /// @param forfeited Bonds that went to the payer beside what was refunded.
    struct Consignment {
        Status status;
        Resolution resolution;
        uint8 legCount;
        uint8 legsDone;
        uint40 bookedAt;
        uint40 pickUpBy;
        uint40 arrivedAt;
        uint40 provenAt;
        uint40 endedAt;
        uint128 prepaid;
        uint128 paid;
        uint128 refunded;
        uint128 forfeited;
    }

    /// @notice A party's currency in the escrow: what carriers and sellers earned or put in. @param free Can be taken out, and bonded. @param locked Bonds of open consignments.
    struct Purse {
        uint128 free; // slot 0
        uint128 locked;
    }

    /// @notice Units that a leg answers for, of those that were there for it to take in good order. The consignor's stand under the number of legs.
    /// @param offered Zero while none was missed. @param missed Those that it did not take though they were in order, and those that it took and did not bring on in good order.
    struct Tally {
        uint64 offered; // slot 0
        uint64 missed;
    }

    /// @notice What is answered for by one leg.
    enum BreachKind {
        NULL,
        LATE,
        TOO_WARM,
        TOO_COLD,
        HUMID,
        SILENT,
        SHORT,
        LOST
    }

    /// @notice A breach of the terms and the leg that answers for it; the number of legs and the consignor, for what it did not hand over.
    /// @param amount Seconds; exposure; units for SHORT (`Tally.missed`) and LOST.
    struct Breach {
        BreachKind kind;
        uint8 leg;
        address carrier;
        uint64 amount;
    }

    /// @notice What a leg earns and why.
    /// @param late Seconds after the leg's latest arrival, less the seconds by which the leg before handed on after its own latest arrival and after this leg's
    /// departure: a carrier does not pay for what it inherited. @param temperature Exposure in its custody. @param humidity Exposure in its custody. @param silence Longest silence in its custody, seconds.
    struct Outcome {
        uint128 pay;
        uint40 late;
        uint64 temperature;
        uint64 humidity;
        uint40 silence;
    }

    /// @notice Everything that was agreed; who acts on the consignment hands `order` in again.
    event ConsignmentBooked(
        uint64 indexed consignment,
        bytes32 indexed booking,
        address indexed payer,
        uint128 prepaid,
        Booking order
    );
    /// @notice Units were counted out at a handover: they stay with the giver, each with its flaw.
    event HandoverCounted(
        uint64 indexed consignment, uint16 sequence, IMaterialLedger.Exception[] exceptions
    );
    event Arrived(uint64 indexed consignment, uint40 at, Policy policy);
    /// @notice A taker refused; at the door (`sequence` is the number of legs) this ends the consignment a day later.
    event HandoverRefused(
        uint64 indexed consignment, uint16 sequence, address indexed by, bytes32 reason
    );
    /// @notice It has ended while disputes held its money: its load is closed in the ledger.
    event ConsignmentClosed(uint64 indexed consignment, Resolution resolution);
    /// @param paid What all earned. @param price What of it the seller did. @param forfeited Bonds that went to the payer. @param legs What each leg earned; all zero for one that was not done.
    event ConsignmentSettled(
        uint64 indexed consignment,
        Resolution resolution,
        uint128 paid,
        uint128 refunded,
        uint128 price,
        uint128 forfeited,
        Outcome[] legs
    );
    event PurseFilled(address indexed owner, uint128 amount);
    event PurseEmptied(address indexed owner, uint128 amount);

    error ZeroFreight(uint8 leg);
    error NoLegs();
    error TooManyLegs(uint256 given, uint256 most);
    error NoAllocations();
    error BadTerms();
    error CurveNotMonotone();
    error WrongConsignee(address consignee, address recipient);
    error LegsDoNotJoin(uint8 leg);
    error LegTimes(uint8 leg);
    error TooManyDevices(uint256 given, uint256 most);
    /// @notice A booking carries allocations for a participant, or a seller's parcels; a price and a seller go with parcels only.
    error BadGoods();
    /// @notice A personal order is of bought goods, and its policy asks for the key's acceptance (CONSIGNEE or BOTH).
    error BadHousehold();
    /// @notice The parcel is not supplies that the seller, an active supplier, holds.
    error NotForSale(uint64 parcel, address seller);
    /// @notice The purse holds less than was to be bonded or taken out.
    error PurseTooSmall(address owner, uint128 free, uint128 needed);
    error ZeroAmount();
    /// @notice No consignment was booked so.
    error UnknownBooking(bytes32 booking);
    error WrongConsignment(uint64 expected, uint64 given);
    error UnknownLeg(uint64 consignment, uint8 leg);
    error BookingUsed(bytes32 booking);
    error SignatureCount(uint256 given, uint256 needed);
    error BadSignature(address signer);
    error Expired(uint40 deadline);
    error DeviceMissing();
    /// @notice The device would prove delivery without the consignee, and its operator is of the last carrier's organisation.
    error DeviceOfCarrier(address device, address carrier);
    error UnknownConsignment(uint64 consignment);
    error WrongStatus(uint64 consignment, Status status);
    error WrongSequence(uint64 consignment, uint16 expected, uint16 given);
    error WrongParty(uint64 consignment, address expected, address given);
    error WrongStation(uint64 consignment, uint32 expected, uint32 given);
    error WrongContent(uint64 consignment, bytes32 expected, bytes32 given);
    error WrongArrival(uint64 consignment);
    /// @notice The word is of no device of the booking, or came before from the same.
    error WrongDevice(uint64 consignment, address device);
    /// @notice Fewer devices have said it than the rule asks for.
    error DevicesMissing(uint64 consignment, uint256 given, uint256 needed);
    error NoReason();
    /// @notice The handovers of a train are of different parties.
    error MixedTrain(uint64 consignment);
    error EmptyTrain();
    /// @notice The exceptions of a count do not ascend by parcel, and for one parcel by flaw; so none comes twice.
    error CountNotAscending(uint64 consignment, uint64 parcel);
    error SilentTooLong(uint64 consignment, uint40 silence, uint32 longest);
    error UseDeliver(uint64 consignment);
    error LegsRemain(uint64 consignment, uint8 done, uint8 legs);
    error NotYet(uint64 consignment, uint40 from);
    error ConsignmentRecalled(uint64 consignment);
    error NothingRecalled(uint64 consignment);

    /// @notice Seconds after a time limit from which what did not happen can be lapsed.
    function GRACE() external view returns (uint40);
    /// @notice Seconds that a consignee has to refuse, and after which its acceptance stands in for a device.
    function SILENCE() external view returns (uint40);
    /// @notice Farthest that a booking may reach, seconds from now to the last latest arrival.
    function HORIZON() external view returns (uint40);
    /// @notice Most legs of a consignment.
    function MAX_LEGS() external view returns (uint8);

    /// @notice Most devices of a consignment.
    function MAX_DEVICES() external view returns (uint8);

    /// @notice The consignment; what was agreed is in `ConsignmentBooked`. @dev Reverts with `UnknownConsignment`.
    function consignment(uint64 id) external view returns (Consignment memory);
    /// @notice Number of consignments, which carry the ids 1 to this.
    function consignmentCount() external view returns (uint64);
    /// @notice The consignment that a booking's struct hash became, or zero.
    function consignmentOf(bytes32 booking) external view returns (uint64);
    /// @notice Units that a leg answers for; all zero while there are none. @param leg The number of legs for the consignor.
    function tallyOf(uint64 id, uint8 leg) external view returns (Tally memory);
    /// @notice Currency of a party in the escrow.
    function purseOf(address owner) external view returns (Purse memory);
    /// @notice What each leg has earned by now, computed from custody and telemetry: all zero while it has not handed on.
    /// @param told Every batch of each device, in order, see `IConditionMonitor.exposures`. @dev Reverts with `UnknownBooking`.
    function outcomesOf(Booking calldata booking, IConditionMonitor.Point[][] calldata told)
        external
        view
        returns (Outcome[] memory);
    /// @notice Every breach of the terms by now and the leg that answers for it, computed likewise.
    /// @param batches Every batch of each device, whole, so that too warm is told from too cold. @dev Reverts with `UnknownBooking`.
    function breachesOf(Booking calldata booking, IConditionMonitor.Batch[][] calldata batches)
        external
        view
        returns (Breach[] memory);
    /// @notice EIP-712 struct hash of a booking.
    function hashBooking(Booking calldata booking) external view returns (bytes32);

    /// @notice `Booking(address payer,address consignee,bytes32 household,address seller,uint128 price,address evidence,address[] devices,uint64[] allocations,uint64[] parcels,LegRequest[] legs,Terms terms,uint40 pickUpBy,uint40 deadline,bytes32 salt)` with
    /// `LegRequest(address carrier,uint32 vehicle,uint32 crew,uint32 fromStation,uint32 toStation,uint40 departure,uint40 latestArrival,uint128 freight,uint128 bond)` and
    /// `Terms(int16 temperatureMin,int16 temperatureMax,uint16 humidityMin,uint16 humidityMax,uint32 lateFree,uint32 lateZero,uint32 longestSilence,uint8 policy,uint8 deviceRule,uint64 exposureFree,uint64 exposureZero,uint64 exposureFloor,uint64 humidityFree,uint64 humidityZero,uint64 humidityFloor)`.
    function BOOKING_TYPEHASH() external view returns (bytes32);
    /// @notice `BookingOrder(bytes32 booking,address payer)`, signed by the payer (the booking holds the deadline).
    function BOOKING_ORDER_TYPEHASH() external view returns (bytes32);
    /// @notice `LegAcceptance(bytes32 booking,uint8 leg,address carrier)`.
    function LEG_ACCEPTANCE_TYPEHASH() external view returns (bytes32);
    /// @notice `PolicyConsent(bytes32 booking,address consignee,uint8 policy)`.
    function POLICY_CONSENT_TYPEHASH() external view returns (bytes32);
    /// @notice `SaleAcceptance(bytes32 booking,address seller)`.
    function SALE_ACCEPTANCE_TYPEHASH() external view returns (bytes32);
    /// @notice `Handover(uint64 consignment,uint16 sequence,address from,address to,uint32 station,uint40 at,bytes32 content,uint40 deadline)`.
    function HANDOVER_TYPEHASH() external view returns (bytes32);
    /// @notice `Arrival(uint64 consignment,uint32 station,uint40 at,uint32 batches,uint40 deadline)`.
    function ARRIVAL_TYPEHASH() external view returns (bytes32);
    /// @notice `HandoverTrain(Handover[] loads)` with `Handover` as above.
    function HANDOVER_TRAIN_TYPEHASH() external view returns (bytes32);
    /// @notice `CountedHandover(Handover handover,Exception[] exceptions)` with `Exception(uint64 parcel,uint64 units,uint8 flaw)` and `Handover` as above.
    function COUNTED_HANDOVER_TYPEHASH() external view returns (bytes32);
    /// @notice `Refusal(uint64 consignment,uint16 sequence,address by,bytes32 reason,uint40 deadline)`.
    function REFUSAL_TYPEHASH() external view returns (bytes32);

    // --- purses ---

    /// @notice Puts currency into the caller's purse, to be bonded. @dev Emits `PurseFilled`.
    function fillPurse(uint128 amount, Permit calldata permit) external;

    /// @notice Takes free currency out of the caller's purse: what it earned, what it put in, what is bonded no more. @dev Emits `PurseEmptied`.
    function emptyPurse(uint128 amount) external;

    // --- anyone, with the signatures of those who book ---

    /// @notice Books a consignment: takes freight and price from the payer, bonds from the carriers' purses, the allocations from DemandEscrow (or the seller's
    /// parcels), the hours from LogisticsNetwork, forms the load, opens the watch.
    /// @dev Anyone may submit it; who calls need not sign for itself. Emits `ConsignmentBooked`. A permit that was used up by somebody else does not matter when the
    /// allowance suffices.
    function book(
        Booking calldata booking,
        BookingSignatures calldata signatures,
        Permit calldata permit
    ) external returns (uint64 id);

    // --- anyone, with the signatures of those who hand over ---

    /// @notice Passes custody from the consignor to the first carrier, or from a carrier to the next, at the station of the leg.
    /// @dev Submitted by anyone; the giver may be suspended, the taker not. A handover ends the giver's leg at `handover.at`, which lies between the
    /// handover before (or the booking) and now; the pick-up's not after `pickUpBy`. Legs are done in order; the ledger tells it (`IMaterialLedger.CustodyChanged`) and refuses what is recalled
    /// (`LotRecalled`).
    function handOver(Handover calldata handover, bytes calldata release, bytes calldata acceptance)
        external;

    /// @notice Passes a train of loads from one party to another, each as `handOver` does, under one signature of each over all.
    function handOverTrain(
        Handover[] calldata handovers,
        bytes calldata release,
        bytes calldata acceptance
    ) external;

    /// @notice Passes a load on as `handOver` does, but for units that both have found short, damaged, or refused by the taker: these stay with the giver at
    /// once (`IMaterialLedger.setAside`). Both sign `CountedHandover`, its `content` that of the load before.
    /// @dev Pay and bond of a leg are cut by the share of its units that it answers for (`tallyOf`): those short or damaged when it hands on, those in order that it does
    /// not take. A seller's price is cut by the share that did not leave its hands. Emits `HandoverCounted`. Reverts with
    /// `CountNotAscending`, `ConsignmentRecalled`, and as `setAside` does: `NoParcels`, `TooManyParcels`, `BadFlaw`, `NotAboard`, `ZeroQuantity`, `TooManyUnits`, `LoadEmptied`.
    /// @param exceptions 1 to 16, ascending by parcel, and for one parcel by flaw.
    function handOverCounted(
        Handover calldata handover,
        IMaterialLedger.Exception[] calldata exceptions,
        bytes calldata release,
        bytes calldata acceptance
    ) external;

    /// @notice The carrier whose turn it is to take refuses, with a reason; custody stays with the giver. Signed by it unless it calls.
    /// @dev Emits `HandoverRefused`, once for each handover. At the door see `refuse`.
    function refuseHandover(Refusal calldata refusal, bytes calldata signature) external;

    /// @notice Proves delivery by the policy of the terms and settles in the same transaction (DEVICE_THEN_SILENCE without acceptance: after `SILENCE`):
    /// each leg earns freight x (1 - lateness) x (1 - temperature) x (1 - humidity), rounded down once, the seller its price; the rest goes back to the payer;
    /// above a floor the goods go to quarantine. Earnings go to the purses (`emptyPurse`).
    /// @param told Every batch of each device, see `IConditionMonitor.exposures`; likewise below.
    /// @dev Submitted by anyone, once all legs but the last are done. Emits `ConsignmentSettled`, or `Arrived`; while a dispute holds the money `ConsignmentClosed`,
    /// as do the other ends below.
    function deliver(
        Booking calldata booking,
        IConditionMonitor.Point[][] calldata told,
        Proof calldata proof
    ) external;

    /// @notice Proves delivery as `deliver` does, but for units that the last carrier and the consignee have counted out; always with the consignee's acceptance.
    /// Both sign `CountedHandover`. What is refused in good order is nobody's to answer for.
    /// @dev Emits `HandoverCounted`, then as `deliver`. Reverts as `handOverCounted` does.
    function deliverCounted(
        Booking calldata booking,
        IConditionMonitor.Point[][] calldata told,
        Proof calldata proof,
        IMaterialLedger.Exception[] calldata exceptions
    ) external;

    // --- the consignee ---

    /// @notice At the door, or under DEVICE_THEN_SILENCE within `SILENCE` of the submission of a device's proof, the consignee refuses, with a reason. Signed by it
    /// unless it calls; for a household `key` is its one-time key, `salt` the secret. Goods stay with the last carrier, which has `SILENCE` to dispute it.
    /// @dev Emits `HandoverRefused`.
    function refuse(
        Booking calldata booking,
        Refusal calldata refusal,
        bytes32 salt,
        bytes calldata signature
    ) external;

    // --- anyone, from a time on ---

    /// @notice Settles a refusal at the door a day after it: the goods are RETURNED in the hands of the last carrier, the last leg and the seller earn nothing.
    function settleRefused(Booking calldata booking, IConditionMonitor.Point[][] calldata told)
        external;

    /// @notice DEVICE_THEN_SILENCE: settles once `SILENCE` has passed since the submission of the device's proof, or at once when the consignee calls.
    /// @dev Goods that were recalled meanwhile go to quarantine (RECALLED). Emits `ConsignmentSettled`.
    function settleSilent(Booking calldata booking, IConditionMonitor.Point[][] calldata told)
        external;

    /// @notice Settles what ended while disputes held its money, once none does: as the terms compute from the changes of hands up to that end, from
    /// what the devices have told by now, and from what was awarded. @dev Emits `ConsignmentSettled`. Reverts with `IFreightHolds.IsHeld`.
    function settleClosed(Booking calldata booking, IConditionMonitor.Point[][] calldata told)
        external;

    /// @notice Ends by time: never picked up (`pickUpBy` + GRACE: all refunded, slots freed, the allocations can be released), or not delivered (last latest
    /// arrival + GRACE + the seconds by which the present carrier took over late: legs done are paid, the rest refunded, parcels LOST in the custodian's hands, whose bond
    /// is forfeited). @dev Emits `ConsignmentSettled`.
    function lapse(Booking calldata booking, IConditionMonitor.Point[][] calldata told) external;

    /// @notice Ends a consignment on its way of which a lot is recalled; anyone calls. Legs done are paid as computed, the rest is refunded, the goods are
    /// QUARANTINED in the hands of whoever has custody. What was not picked up stays, quarantined, with the consignor: all is refunded, hours are freed.
    /// @dev What has arrived is ended by `settleRefused` or `settleSilent`. Emits `ConsignmentSettled`.
    function stopRecalled(Booking calldata booking, IConditionMonitor.Point[][] calldata told)
        external;
}
