"""The messages that participants, reporters and devices sign, as the contracts check them.

Each is also what the contract's function of the same struct takes as its argument. The domain of a
message is that of the contract named in its docstring, :meth:`aidline.client.Aidline.domain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Self

from aidline.signing import Message, typed

__all__ = [
    "Agreement",
    "Arrival",
    "Attestation",
    "Batch",
    "Booking",
    "BookingOrder",
    "CarrierAttestation",
    "CountedHandover",
    "DemandContest",
    "DemandRefusal",
    "DeviceBinding",
    "Handover",
    "HandoverTrain",
    "LegAcceptance",
    "LegRequest",
    "LotAttestation",
    "MoneyGiftOrder",
    "Observation",
    "Permit",
    "PolicyConsent",
    "Refusal",
    "Registration",
    "SaleAcceptance",
    "Split",
    "Terms",
    "UnitsFound",
]


# What a field is in Solidity.
Address = Annotated[str, "address"]
Bytes32 = Annotated[bytes, "bytes32"]
Int16 = Annotated[int, "int16"]
Uint8 = Annotated[int, "uint8"]
Uint16 = Annotated[int, "uint16"]
Uint32 = Annotated[int, "uint32"]
Uint40 = Annotated[int, "uint40"]
Uint64 = Annotated[int, "uint64"]
Uint128 = Annotated[int, "uint128"]
Uint256 = Annotated[int, "uint256"]


@typed("Registration")
@dataclass(frozen=True, slots=True)
class Registration(Message):
    """A participant's consent to be registered (ParticipantRegistry).

    Attributes:
        account: The participant, who signs.
        facility: Id of the facility.
        organisation: Id of the organisation.
        region: Region code, 32 bytes.
        roles: Set of roles, bit ``1 << role``.
        profile_hash: Hash of the profile.
        nonce: The registry's ``nonces(account)``.
        deadline: Last unix second at which this is good.
    """

    account: Address
    facility: Bytes32
    organisation: Bytes32
    region: Bytes32
    roles: Uint16
    profile_hash: Bytes32
    nonce: Uint256
    deadline: Uint40


@typed("DeviceBinding")
@dataclass(frozen=True, slots=True)
class DeviceBinding(Message):
    """A device's consent to be bound to an operator (ParticipantRegistry).

    Attributes:
        device: The device, whose key signs.
        operator: Who answers for it.
        model: Hash or short name of make and model.
        calibrated_until: Unix second after which its readings are not accepted.
        nonce: The registry's ``nonces(device)``.
        deadline: Last unix second at which this is good.
    """

    device: Address
    operator: Address
    model: Bytes32
    calibrated_until: Uint40
    nonce: Uint256
    deadline: Uint40


@typed("Attestation")
@dataclass(frozen=True, slots=True)
class Attestation(Message):
    """An auditor's word that a demand's facts are right (DemandBook).

    Attributes:
        auditor: Who signs.
        demand: The demand.
        content: Hash of the demand's content, of the version that was audited.
        valid_until: Unix second until which the word holds.
        deadline: Last unix second at which this is good.
    """

    auditor: Address
    demand: Uint64
    content: Bytes32
    valid_until: Uint40
    deadline: Uint40


@dataclass(frozen=True, slots=True)
class _Doubt(Message):
    """An auditor's word against a demand (DemandBook).

    Attributes:
        auditor: Who signs.
        demand: The demand.
        content: Hash of the demand's content, of the version that was audited.
        reason: Hash of the reason, not zero.
        deadline: Last unix second at which this is good.
    """

    auditor: Address
    demand: Uint64
    content: Bytes32
    reason: Bytes32
    deadline: Uint40


@typed("DemandRefusal")
@dataclass(frozen=True, slots=True)
class DemandRefusal(_Doubt):
    """An auditor's word that a demand's facts are not right (DemandBook)."""


@typed("DemandContest")
@dataclass(frozen=True, slots=True)
class DemandContest(_Doubt):
    """An auditor's doubt of a demand that another has attested (DemandBook)."""


@typed("LegRequest")
@dataclass(frozen=True, slots=True)
class LegRequest(Message):
    """One carrier's part of a booking (FreightEscrow).

    Attributes:
        carrier: The carrier.
        vehicle: The vehicle.
        crew: Who drives, one of the carrier's crews.
        from_station: Where it takes the goods.
        to_station: Where it hands them on.
        departure: Unix seconds.
        latest_arrival: Unix seconds by which the goods are to be handed on.
        freight: Base units of the currency.
        bond: What the carrier answers with from its purse, base units of the currency.
    """

    carrier: Address
    vehicle: Uint32
    crew: Uint32
    from_station: Uint32
    to_station: Uint32
    departure: Uint40
    latest_arrival: Uint40
    freight: Uint128
    bond: Uint128 = 0


@typed("Terms")
@dataclass(frozen=True, slots=True)
class Terms(Message):
    """What is agreed on condition, lateness and proof (FreightEscrow).

    Attributes:
        temperature_min: Hundredths of a degree Celsius.
        temperature_max: Hundredths of a degree Celsius.
        humidity_min: Hundredths of a percent.
        humidity_max: Hundredths of a percent.
        late_free: Seconds late that cost nothing.
        late_zero: Seconds late from which nothing is paid.
        longest_silence: Seconds without a reading that cost nothing.
        policy: Whose word proves the delivery.
        device_rule: How several devices are heard.
        exposure_free: Centidegree-seconds that cost nothing.
        exposure_zero: Centidegree-seconds from which nothing is paid.
        exposure_floor: Centidegree-seconds from which the parcels go to quarantine.
        humidity_free: Centipercent-seconds that cost nothing.
        humidity_zero: Centipercent-seconds from which nothing is paid.
        humidity_floor: Centipercent-seconds from which the parcels go to quarantine.
    """

    temperature_min: Int16
    temperature_max: Int16
    humidity_min: Uint16
    humidity_max: Uint16
    late_free: Uint32
    late_zero: Uint32
    longest_silence: Uint32
    policy: Uint8
    device_rule: Uint8
    exposure_free: Uint64
    exposure_zero: Uint64
    exposure_floor: Uint64
    humidity_free: Uint64
    humidity_zero: Uint64
    humidity_floor: Uint64


@typed("Booking")
@dataclass(frozen=True, slots=True)
class Booking(Message):
    """What is booked; its struct hash is the order's id (FreightEscrow).

    Attributes:
        payer: Who prepays.
        consignee: Who is to receive; the zero address for a household.
        household: Hash of a household's one-time key (:func:`aidline.freight.household_of`), else
            zeros.
        seller: Of goods that are bought; else the zero address.
        price: Of goods that are bought, base units of the currency.
        evidence: What proves the arrival in place of the devices; the zero address for these.
        devices: What watches the goods.
        allocations: The allocations that are carried, or none.
        parcels: The seller's parcels that are carried, or none.
        legs: The legs in their order.
        terms: The terms.
        pick_up_by: Unix second after which (plus a grace) it can be lapsed unless picked up.
        deadline: Last unix second at which it can be booked.
        salt: Any 32 bytes.
    """

    payer: Address
    consignee: Address
    household: Bytes32
    seller: Address
    price: Uint128
    evidence: Address
    devices: Annotated[Sequence[str], "address[]"]
    allocations: Annotated[Sequence[int], "uint64[]"]
    parcels: Annotated[Sequence[int], "uint64[]"]
    legs: Annotated[Sequence[LegRequest], LegRequest]
    terms: Terms
    pick_up_by: Uint40
    deadline: Uint40
    salt: Bytes32


@typed("BookingOrder")
@dataclass(frozen=True, slots=True)
class BookingOrder(Message):
    """The payer's order (FreightEscrow).

    Attributes:
        booking: Struct hash of the booking.
        payer: Who signs.
    """

    booking: Bytes32
    payer: Address


@typed("LegAcceptance")
@dataclass(frozen=True, slots=True)
class LegAcceptance(Message):
    """A carrier's acceptance of a leg (FreightEscrow).

    Attributes:
        booking: Struct hash of the booking.
        leg: Which leg, the first being 0.
        carrier: Who signs.
    """

    booking: Bytes32
    leg: Uint8
    carrier: Address


@typed("Agreement")
@dataclass(frozen=True, slots=True)
class Agreement(Message):
    """A standing agreement about the lead of a corridor (CorridorBook); its hash is its id.

    Attributes:
        lead: Who takes the lead, and signs.
        coordinator: Who authorises it, and signs.
        from_: Province where legs begin, 32 bytes.
        to: Province where they end.
        start: Unix second from which it holds.
        end: Unix second from which it no longer does.
        per_load: Most freight of a load, base units of the currency.
        per_unit: Most for each unit, beside.
        per_kilometre: Most for each kilometre as the crow flies, beside.
        salt: Any.
        deadline: Last unix second at which it can be recorded.
    """

    lead: Address
    coordinator: Address
    from_: Bytes32
    to: Bytes32
    start: Uint40
    end: Uint40
    per_load: Uint128
    per_unit: Uint128
    per_kilometre: Uint128
    salt: Bytes32
    deadline: Uint40


@typed("PolicyConsent")
@dataclass(frozen=True, slots=True)
class PolicyConsent(Message):
    """A consignee's consent to a policy under which others prove the delivery (FreightEscrow).

    Attributes:
        booking: Struct hash of the booking.
        consignee: Who signs.
        policy: The policy.
    """

    booking: Bytes32
    consignee: Address
    policy: Uint8


@typed("SaleAcceptance")
@dataclass(frozen=True, slots=True)
class SaleAcceptance(Message):
    """A seller's acceptance of a booking of its goods (FreightEscrow).

    Attributes:
        booking: Struct hash of the booking.
        seller: Who signs.
    """

    booking: Bytes32
    seller: Address


@typed("Handover")
@dataclass(frozen=True, slots=True)
class Handover(Message):
    """A change of hands, signed by who releases and who accepts (FreightEscrow).

    Attributes:
        consignment: The consignment.
        sequence: Handovers before this one.
        from_: Who releases.
        to: Who accepts.
        station: Where.
        at: When, unix seconds: between the handover before and now.
        content: Hash of the load's content.
        deadline: Last unix second at which this is good.
    """

    consignment: Uint64
    sequence: Uint16
    from_: Address
    to: Address
    station: Uint32
    at: Uint40
    content: Bytes32
    deadline: Uint40


@typed("HandoverTrain")
@dataclass(frozen=True, slots=True)
class HandoverTrain(Message):
    """Handovers of several loads between the same two, each of whom signs once (FreightEscrow).

    Attributes:
        loads: The handovers.
    """

    loads: Annotated[Sequence[Handover], Handover]


@typed("Exception")
@dataclass(frozen=True, slots=True)
class UnitsFound(Message):
    """Units of a parcel that do not change hands, and why not (MaterialLedger's ``Exception``).

    Attributes:
        parcel: The parcel, one that the consignment carries.
        units: How many of it.
        flaw: Short, damaged or refused (:class:`aidline.model.Flaw`).
    """

    parcel: Uint64
    units: Uint64
    flaw: Uint8


@typed("CountedHandover")
@dataclass(frozen=True, slots=True)
class CountedHandover(Message):
    """A change of hands at which units were counted out, signed by both (FreightEscrow).

    Attributes:
        handover: The change of hands; its content is that of the load before the count.
        exceptions: What stays with who releases, ascending by parcel, and for one parcel by flaw.
    """

    handover: Handover
    exceptions: Annotated[Sequence[UnitsFound], UnitsFound]

    @classmethod
    def of(cls, handover: Handover, found: Iterable[UnitsFound]) -> Self:
        """Put what was found into the order in which it is signed.

        Args:
            handover: The change of hands.
            found: What stays with who releases, in any order.
        """
        return cls(handover, sorted(found, key=lambda one: (one.parcel, one.flaw)))


@typed("Refusal")
@dataclass(frozen=True, slots=True)
class Refusal(Message):
    """Why a taker does not take what is offered (FreightEscrow).

    Attributes:
        consignment: The consignment.
        sequence: That of the handover refused; the number of legs at the door.
        by: Who signs.
        reason: Hash of the reason.
        deadline: Last unix second at which this is good.
    """

    consignment: Uint64
    sequence: Uint16
    by: Address
    reason: Bytes32
    deadline: Uint40


@typed("Arrival")
@dataclass(frozen=True, slots=True)
class Arrival(Message):
    """A device's word that it arrived (FreightEscrow).

    Attributes:
        consignment: The consignment.
        station: Where.
        at: When, unix seconds.
        batches: Number of batches that it has signed for the consignment.
        deadline: Last unix second at which this is good.
    """

    consignment: Uint64
    station: Uint32
    at: Uint40
    batches: Uint32
    deadline: Uint40


@typed("Batch")
@dataclass(frozen=True, slots=True)
class Batch(Message):
    """A batch of a device's readings (ConditionMonitor).

    Attributes:
        consignment: The consignment.
        sequence: Batches before this one.
        previous: Struct hash of the batch before; zeros for the first.
        root: Merkle root over its readings.
        first_index: Index of its first reading in the consignment.
        last_index: Index of its last.
        first_time: Unix seconds of its first reading.
        last_time: Unix seconds of its last.
        temperature_min: Lowest, hundredths of a degree Celsius.
        temperature_max: Highest.
        humidity_min: Lowest, hundredths of a percent.
        humidity_max: Highest.
        temperature_exposure: Running exposure at its last reading, centidegree-seconds.
        humidity_exposure: The same in centipercent-seconds.
        longest_gap: Longest time between two adjacent readings, seconds.
        deadline: Last unix second at which this is good.
    """

    consignment: Uint64
    sequence: Uint32
    previous: Bytes32
    root: Bytes32
    first_index: Uint64
    last_index: Uint64
    first_time: Uint40
    last_time: Uint40
    temperature_min: Int16
    temperature_max: Int16
    humidity_min: Uint16
    humidity_max: Uint16
    temperature_exposure: Uint64
    humidity_exposure: Uint64
    longest_gap: Uint32
    deadline: Uint40


@typed("Observation")
@dataclass(frozen=True, slots=True)
class Observation(Message):
    """A reporter's figure for a day (IndicatorOracle).

    Attributes:
        indicator: Id of the indicator.
        region: Region code, 32 bytes.
        day: Unix day (seconds / 86,400) to which the value belongs.
        value: The value, in the indicator's units.
        data_date: Unix day of the publication.
        deadline: Last unix second at which this is good.
    """

    indicator: Bytes32
    region: Bytes32
    day: Uint32
    value: Uint64
    data_date: Uint32
    deadline: Uint40


@typed("Permit")
@dataclass(frozen=True, slots=True)
class Permit(Message):
    """An owner's consent that another takes money of its own (LogisticsCurrency; ERC-2612).

    Attributes:
        owner: Who signs.
        spender: Who may take.
        value: Base units of the currency.
        nonce: The currency's ``nonces(owner)``.
        deadline: Last unix second at which this is good.
    """

    owner: Address
    spender: Address
    value: Uint256
    nonce: Uint256
    deadline: Uint256


@typed("MoneyGiftOrder")
@dataclass(frozen=True, slots=True)
class MoneyGiftOrder(Message):
    """A donor's order to give money, that anyone may submit (DonationRegistry).

    Attributes:
        donor: Who gives and signs.
        amount: Base units of the currency.
        earmark_kind: For whom it is meant.
        earmark_scope: The province, facility or plan.
        commitment: To who will claim the gift; zero when the donor is named.
        nonce: The registry's ``nonces(donor)``.
        deadline: Last unix second at which this is good.
    """

    donor: Address
    amount: Uint128
    earmark_kind: Uint8
    earmark_scope: Bytes32
    commitment: Bytes32
    nonce: Uint256
    deadline: Uint40


@typed("LotAttestation")
@dataclass(frozen=True, slots=True)
class LotAttestation(Message):
    """An auditor's word on a lot received as a gift (GiftAudit).

    Attributes:
        auditor: Who signs.
        gift: The gift.
        lot: Its lot.
        head: The gift's head: the word is on these declarations.
        verdict: Attested or refused.
        evidence: Hash of the report.
        nonce: The audit's ``nonces(auditor)``.
        deadline: Last unix second at which this is good.
    """

    auditor: Address
    gift: Uint64
    lot: Uint64
    head: Bytes32
    verdict: Uint8
    evidence: Bytes32
    nonce: Uint256
    deadline: Uint40


@typed("CarrierAttestation")
@dataclass(frozen=True, slots=True)
class CarrierAttestation(Message):
    """An auditor's word on a carrier's licence or tariff (CarrierAudit).

    Attributes:
        auditor: Who signs.
        carrier: The carrier.
        paper: Licence or tariff.
        verdict: Attested or refused.
        document: Hash of the documents that were looked at.
        valid_until: Unix second from which the word no longer holds.
        nonce: The audit's ``nonces(auditor)``.
        deadline: Last unix second at which this is good.
    """

    auditor: Address
    carrier: Address
    paper: Uint8
    verdict: Uint8
    document: Bytes32
    valid_until: Uint40
    nonce: Uint256
    deadline: Uint40


@typed("Split")
@dataclass(frozen=True, slots=True)
class Split(Message):
    """What payer and carrier agree on in a dispute (DisputeDesk).

    Attributes:
        dispute: The dispute; it ends once, so this is good once.
        consignment: The consignment.
        leg: The leg, the first being 0.
        award: What the leg earns, base units of the currency.
        deadline: Last unix second at which this is good.
    """

    dispute: Uint64
    consignment: Uint64
    leg: Uint8
    award: Uint128
    deadline: Uint40
