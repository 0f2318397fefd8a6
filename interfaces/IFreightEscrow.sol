// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @title IFreightEscrow
/// @notice Consignments: legs, prepaid freight, handovers, proof of delivery, settlement.
/// @dev Paid plus refunded plus held equals prepaid, for each consignment and in total (INV-FREIGHT-1); the currency here is never less than the sum of what is held (INV-FREIGHT-2),
/// and more only by what somebody sent unasked, which belongs to no consignment.
/// Custody passes by two EIP-712 signatures; both sign the same `Handover`. Whatever did not happen by its time can be lapsed by anyone after a grace.
///
/// Trust, for each booking, by those who sign it:
/// - the parties of a handover agree on its time. Neither alone can shift it, and their interests are opposed: giving later costs the giver, taking
///   later excuses the taker. Two who collude shift lateness and exposure between their own legs, never past a neighbour's handover;
/// - a consignee that does not pay loses nothing by stating too early a delivery: who pays for others takes BOTH, where the device bounds that time;
/// - under CONSIGNEE and BOTH carriers trust the consignee to sign when it takes the goods (let the giver sign last); the DEVICE policies are there for who does not;
/// - under DEVICE_THEN_SILENCE the last carrier trusts the consignee not to refuse goods that are in order;
/// - the device's operator answers for what the device signs, also for riding with this consignment alone; where the device speaks for the consignee its
///   operator is not of the last carrier's organisation. The device cannot be exchanged after booking.
/// The currency is the suite's own: it calls nobody back, so that no payee can hold up or re-enter a settlement.
interface IFreightEscrow {
    enum Status {
        NULL,
        BOOKED,
        IN_TRANSIT,
        ARRIVED,
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
    /// @dev From `SILENCE` after the last latest arrival on, the consignee's acceptance stands in for a device that is dead or retired.
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
    struct Terms {
        int16 temperatureMin; // slot 0
        int16 temperatureMax;
        uint16 humidityMin;
        uint16 humidityMax;
        uint32 lateFree;
        uint32 lateZero;
        uint32 longestSilence;
        Policy policy;
        uint64 exposureFree; // slot 1
        uint64 exposureZero;
        uint64 exposureFloor;
        uint64 humidityFree; // slot 2
        uint64 humidityZero;
        uint64 humidityFloor;
    }

    /// @notice One carrier's part.
    /// @param latestArrival Unix seconds by which its goods are to be handed on. @param freight Base units of the currency.
    struct LegRequest {
        address carrier;
        uint32 vehicle;
        uint32 fromStation;
        uint32 toStation;
        uint40 departure;
        uint40 latestArrival;
        uint128 freight;
    }

    /// @notice A booking; its EIP-712 struct hash is the order's id, good once.
    /// @param payer Who prepays. @param consignee Who is to receive: the recipient of the allocations. @param device Watches the goods; zero only when the terms have the policy CONSIGNEE and the widest band (`type(int16)` for temperature, 0 to 10000 or more for humidity).
    /// @param pickUpBy Unix seconds after which (plus a grace) a consignment never picked up can be lapsed. @param deadline Last second at which it can be booked.
    struct Booking {
        address payer;
        address consignee;
        address device;
        uint64[] allocations;
        LegRequest[] legs;
        Terms terms;
        uint40 pickUpBy;
        uint40 deadline;
        bytes32 salt;
    }

    /// @notice Signatures that ride with a booking.
    /// @param payer Of `BookingOrder`; empty when the payer calls. @param carriers Of `LegAcceptance`, one for each leg.
    /// @param consignee Of `PolicyConsent`: for the policies DEVICE and DEVICE_THEN_SILENCE, and wherever a donor pays; else, or when the consignee calls, empty.
    struct BookingSignatures {
        bytes payer;
        bytes[] carriers;
        bytes consignee;
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

    /// @notice Evidence of delivery. What the policy does not need stays empty. `handover.to` is the consignee in each.
    struct Proof {
        Handover handover;
        bytes release;
        bytes acceptance;
        Arrival arrival;
        bytes deviceSignature;
    }

    /// @notice A consignment.
    /// @param legsDone Legs whose carrier has handed on, in order. @param arrivedAt When the last carrier handed on, zero before.
    /// @param provenAt When the proof of delivery was submitted, zero before. @param booking Struct hash of its booking.
    struct Consignment {
        address payer;
        uint40 bookedAt;
        uint40 pickUpBy;
        Status status;
        Resolution resolution;
        address consignee;
        uint40 endedAt;
        uint8 legCount;
        uint8 legsDone;
        address device;
        uint40 arrivedAt;
        uint40 provenAt;
        uint128 prepaid;
        uint128 paid;
        uint128 refunded;
        bytes32 booking;
    }

    /// @notice A leg as booked and as it went.
    /// @param arrivedAt When its carrier handed on; zero before. @param paid What it was paid.
    struct Leg {
        address carrier;
        uint40 departure;
        uint40 latestArrival;
        uint32 vehicle;
        uint32 fromStation;
        uint32 toStation;
        uint128 freight;
        uint40 arrivedAt;
        uint128 paid;
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

    event ConsignmentBooked(
        uint64 indexed consignment,
        address indexed payer,
        address indexed consignee,
        bytes32 booking,
        uint128 prepaid,
        uint64[] allocations
    );
    event LegBooked(
        uint64 indexed consignment,
        uint8 indexed leg,
        address indexed carrier,
        uint32 vehicle,
        uint32 fromStation,
        uint32 toStation,
        uint40 departure,
        uint40 latestArrival,
        uint128 freight
    );
    event Arrived(uint64 indexed consignment, uint40 at, Policy policy);
    event LegSettled(
        uint64 indexed consignment,
        uint8 indexed leg,
        address indexed carrier,
        uint128 freight,
        uint128 paid,
        uint40 late,
        uint64 temperature,
        uint64 humidity,
        uint40 silence
    );
    event ConsignmentSettled(
        uint64 indexed consignment, Resolution resolution, uint128 paid, uint128 refunded
    );

    error ZeroFreight(uint8 leg);
    error NoLegs();
    error TooManyLegs(uint256 given, uint256 most);
    error NoAllocations();
    error BadTerms();
    error CurveNotMonotone();
    error WrongConsignee(address consignee, address recipient);
    error LegsDoNotJoin(uint8 leg);
    error LegTimes(uint8 leg);
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
    error SilentTooLong(uint64 consignment, uint40 silence, uint32 longest);
    error UseDeliver(uint64 consignment);
    error LegsRemain(uint64 consignment, uint8 done, uint8 legs);
    error NotYet(uint64 consignment, uint40 from);
    error NotConsignee(uint64 consignment, address caller);
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

    /// @notice The consignment. @dev Reverts with `UnknownConsignment`.
    function consignment(uint64 id) external view returns (Consignment memory);
    /// @notice A leg, the first being 0. @dev Reverts with `UnknownLeg`.
    function leg(uint64 id, uint8 index) external view returns (Leg memory);
    /// @notice The terms. @dev Reverts with `UnknownConsignment`.
    function terms(uint64 id) external view returns (Terms memory);
    /// @notice Number of consignments, which carry the ids 1 to this.
    function consignmentCount() external view returns (uint64);
    /// @notice The consignment that a booking's struct hash became, or zero.
    function consignmentOf(bytes32 booking) external view returns (uint64);
    /// @notice Currency held for open consignments: the sum of prepaid less paid less refunded.
    function totalHeld() external view returns (uint256);
    /// @notice What leg `index` would earn or has earned, computed from custody and telemetry as recorded now; nothing while it has not handed on.
    /// @dev Once settled, `pay` is what was paid; `LegSettled` holds the figures that counted then.
    function outcomeOf(uint64 id, uint8 index) external view returns (Outcome memory);
    /// @notice EIP-712 struct hash of a booking.
    function hashBooking(Booking calldata booking) external view returns (bytes32);

    /// @notice `Booking(address payer,address consignee,address device,uint64[] allocations,LegRequest[] legs,Terms terms,uint40 pickUpBy,uint40 deadline,bytes32 salt)` with
    /// `LegRequest(address carrier,uint32 vehicle,uint32 fromStation,uint32 toStation,uint40 departure,uint40 latestArrival,uint128 freight)` and
    /// `Terms(int16 temperatureMin,int16 temperatureMax,uint16 humidityMin,uint16 humidityMax,uint32 lateFree,uint32 lateZero,uint32 longestSilence,uint8 policy,uint64 exposureFree,uint64 exposureZero,uint64 exposureFloor,uint64 humidityFree,uint64 humidityZero,uint64 humidityFloor)`.
    function BOOKING_TYPEHASH() external view returns (bytes32);
    /// @notice `BookingOrder(bytes32 booking,address payer)`, signed by the payer (the booking holds the deadline).
    function BOOKING_ORDER_TYPEHASH() external view returns (bytes32);
    /// @notice `LegAcceptance(bytes32 booking,uint8 leg,address carrier)`.
    function LEG_ACCEPTANCE_TYPEHASH() external view returns (bytes32);
    /// @notice `PolicyConsent(bytes32 booking,address consignee,uint8 policy)`.
    function POLICY_CONSENT_TYPEHASH() external view returns (bytes32);
    /// @notice `Handover(uint64 consignment,uint16 sequence,address from,address to,uint32 station,uint40 at,bytes32 content,uint40 deadline)`.
    function HANDOVER_TYPEHASH() external view returns (bytes32);
    /// @notice `Arrival(uint64 consignment,uint32 station,uint40 at,uint32 batches,uint40 deadline)`.
    function ARRIVAL_TYPEHASH() external view returns (bytes32);

    /// @notice Books a consignment: takes the freight from the payer, the allocations from DemandEscrow, the hours from LogisticsNetwork, forms the load, opens the watch.
    /// @dev Anyone submits; the payer calls or has signed, likewise the consignee where its consent is needed. Only the recipient, the donor or the fund pays
    /// (DemandEscrow decides); the consignee is active. The first leg starts where the parcels rest, the last ends at the demands' station, each starts where the one before ends;
    /// departures and latest arrivals do not go back, the last within `HORIZON`. Emits `ConsignmentBooked`, `LegBooked`.
    function book(
        Booking calldata booking,
        BookingSignatures calldata signatures,
        Permit calldata permit
    ) external returns (uint64 id);

    /// @notice Passes custody from the consignor to the first carrier, or from a carrier to the next, at the station of the leg.
    /// @dev Submitted by anyone; the giver may be suspended, the taker not. A handover ends the giver's leg at `handover.at`, which lies between the
    /// handover before (or the booking) and now; the pick-up's not after `pickUpBy`. Legs are done in order; the ledger tells it (`IMaterialLedger.CustodyChanged`) and refuses what is recalled
    /// (`LotRecalled`).
    function handOver(Handover calldata handover, bytes calldata release, bytes calldata acceptance)
        external;

    /// @notice Proves delivery by the policy of the terms and settles in the same transaction (DEVICE_THEN_SILENCE without acceptance: after `SILENCE`):
    /// each leg is paid freight x (1 - lateness) x (1 - temperature) x (1 - humidity), rounded down once; the rest goes back to the payer;
    /// above a floor the goods go to quarantine.
    /// @dev Submitted by anyone, once all legs but the last are done. Emits `Arrived`, then as `settleSilent`.
    function deliver(Proof calldata proof) external;

    /// @notice DEVICE_THEN_SILENCE: the consignee refuses within `SILENCE` of the submission of a device's proof; the goods are RETURNED in the hands of the last
    /// carrier, the last leg is not paid. @dev Emits `LegSettled`, `ConsignmentSettled`.
    function refuse(uint64 id) external;

    /// @notice DEVICE_THEN_SILENCE: settles once `SILENCE` has passed since the submission of the device's proof, or at once when the consignee calls.
    /// @dev Goods that were recalled meanwhile go to quarantine (RECALLED). Emits `LegSettled` for each leg, `ConsignmentSettled`.
    function settleSilent(uint64 id) external;

    /// @notice Ends by time: never picked up (`pickUpBy` + GRACE: all refunded, slots freed, the allocations can be released), or not delivered (last latest
    /// arrival + GRACE + the seconds by which the present carrier took over late: legs done are paid, the rest refunded, parcels LOST in the custodian's hands). @dev Emits `LegSettled`, `ConsignmentSettled`.
    function lapse(uint64 id) external;

    /// @notice Ends a consignment on its way of which a lot is recalled; anyone calls. Legs done are paid as computed, the rest is refunded, the goods are
    /// QUARANTINED in the hands of whoever has custody. What was not picked up stays, quarantined, with the consignor: all is refunded, hours are freed.
    /// @dev What has arrived is ended by `refuse` or `settleSilent`. Emits `LegSettled`, `ConsignmentSettled`.
    function stopRecalled(uint64 id) external;
}
