"""Signatures that are not what they should be, for each message of people and devices (SIG-1 to 4).

Each message of freight, telemetry, disputes, demand, carriers' papers and participants
├── signed for another chain, contract or purpose, by another, short, malleable or empty: refused
├── given a wallet that lies, reverts, returns garbage, burns all gas or returns a megabyte: refused
├── given a wallet whose owner signed: taken, in the last second of its deadline
├── submitted once more: refused
└── a second after its deadline: refused
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from aidline import messages as m
from aidline.client import Contract, Receipt
from aidline.errors import ContractReverted
from aidline.freight import device_evidence
from aidline.model import Flaw, Paper, Policy, Verdict
from aidline.signing import Key, Message
from aidline.watches import Link
from tests.support.disputes import Court
from tests.support.freight import DEPARTURES, FREIGHTS, LATEST, Desk, terms
from tests.support.gifts import NO_PERMIT
from tests.support.people import domain_of, key_of, registration, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, HOUR, KIT, START
from tests.support.wallets import ODD_ANSWERS, wallet_at

#: Of the curve by which plain keys sign.
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ANYONE = key_of("stranger")


@dataclass(frozen=True, slots=True)
class Act:
    """A message that is good now, and how it is submitted.

    Attributes:
        room: The contract that it is for.
        signer: Whose signature counts.
        message: What is signed.
        deadline: Until when it is good.
        submit: Hands the signature in, with all others' as they should be.
        again: How it is refused when it has been used.
    """

    room: Contract
    signer: Key
    message: Message
    deadline: int
    submit: Callable[[bytes], Receipt]
    again: str

    def sign(self, signer: Key | None = None, **domain: Any) -> bytes:
        """Return a signature for this room, or for another."""
        return self.message.sign(signer or self.signer, replace(domain_of(self.room), **domain))


def soon(desk: Desk) -> int:
    return desk.chain.now() + HOUR


# --- booking ---


def _booking(desk: Desk, part: str, **changes: Any) -> Act:
    """A booking in which one of the signatures is looked at."""
    goods = [] if changes.get("parcels") else [desk.allocate()]
    booking = desk.booking(goods, deadline=soon(desk), **changes)
    order = booking.struct_hash()
    signer, message = {
        "payer": (key_of("hospital"), m.BookingOrder(order, booking.payer)),
        "carriers": (key_of("carrier"), m.LegAcceptance(order, 0, key_of("carrier").address)),
        "consignee": (
            key_of("hospital"),
            m.PolicyConsent(order, booking.consignee, booking.terms.policy),
        ),
        "seller": (key_of("supplier"), m.SaleAcceptance(order, booking.seller)),
    }[part]

    def submit(signature: bytes) -> Receipt:
        signatures = desk.signatures(booking)
        if part == "carriers":
            signatures["carriers"][0] = signature
        else:
            signatures[part] = signature
        receipt: Receipt = desk.freight["book"](booking, signatures, NO_PERMIT, sender=ANYONE)
        return receipt

    return Act(desk.freight, signer, message, booking.deadline, submit, "BookingUsed")


def booking_order(desk: Desk) -> Act:
    return _booking(desk, "payer")


def leg_acceptance(desk: Desk) -> Act:
    return _booking(desk, "carriers")


def policy_consent(desk: Desk) -> Act:
    agreed = terms(policy=Policy.DEVICE)
    return _booking(desk, "consignee", payer=key_of("supplier").address, terms=agreed)


def sale_acceptance(desk: Desk) -> Act:
    supplier = key_of("supplier")
    made = {
        "material": KIT,
        "quantity": 20,
        "expiry": START + 300 * DAY,
        "station": desk.stations[0],
        "evidence": word("certificate"),
    }
    lot = desk.suite.ledger.commission(made, sender=supplier).event("LotCommissioned").args
    return _booking(desk, "seller", seller=supplier.address, price=400, parcels=[lot.parcel])


# --- on the way ---


def _booked(desk: Desk, until: int = 0, **changes: Any) -> int:
    """Book, and pass it on until the carrier of this number has it, on time."""
    booked = desk.book(desk.booking([desk.allocate()], **changes))
    consignment: int = booked.event("ConsignmentBooked").args.consignment
    for number, at in enumerate((DEPARTURES[0], *LATEST[:2])[:until]):
        desk.pass_on(consignment, number, at)
    desk.chain.set_time((DEPARTURES[0], *LATEST)[until])
    return consignment


def _handover(desk: Desk, side: str) -> Act:
    now = DEPARTURES[0]
    handover = desk.handover(_booked(desk), 0, now, deadline=now + HOUR)
    keys = {"release": key_of("supplier"), "acceptance": key_of("carrier")}

    def submit(signature: bytes) -> Receipt:
        given = {name: handover.sign(key, desk.domain) for name, key in keys.items()}
        given[side] = signature
        receipt: Receipt = desk.freight.handOver(handover, *given.values(), sender=ANYONE)
        return receipt

    return Act(desk.freight, keys[side], handover, handover.deadline, submit, "WrongSequence")


def handover_release(desk: Desk) -> Act:
    return _handover(desk, "release")


def handover_acceptance(desk: Desk) -> Act:
    return _handover(desk, "acceptance")


def _counted(desk: Desk, side: str) -> Act:
    now = DEPARTURES[0]
    consignment = _booked(desk)
    handover = desk.handover(consignment, 0, now, deadline=now + HOUR)
    found = m.UnitsFound(desk.suite.ledger.parcelsOf(consignment)[0], 10, Flaw.SHORT)
    counted = m.CountedHandover.of(handover, [found])
    keys = {"release": key_of("supplier"), "acceptance": key_of("carrier")}

    def submit(signature: bytes) -> Receipt:
        given = {name: counted.sign(key, desk.domain) for name, key in keys.items()}
        given[side] = signature
        receipt: Receipt = desk.freight.handOverCounted(
            handover, counted.exceptions, *given.values(), sender=ANYONE
        )
        return receipt

    return Act(desk.freight, keys[side], counted, handover.deadline, submit, "WrongSequence")


def counted_release(desk: Desk) -> Act:
    return _counted(desk, "release")


def counted_acceptance(desk: Desk) -> Act:
    return _counted(desk, "acceptance")


def _train(desk: Desk, side: str) -> Act:
    now = DEPARTURES[0]
    handovers = [desk.handover(_booked(desk), 0, now, deadline=now + HOUR)]
    train = m.HandoverTrain(handovers)
    keys = {"release": key_of("supplier"), "acceptance": key_of("carrier")}

    def submit(signature: bytes) -> Receipt:
        given = {name: train.sign(key, desk.domain) for name, key in keys.items()}
        given[side] = signature
        receipt: Receipt = desk.freight.handOverTrain(handovers, *given.values(), sender=ANYONE)
        return receipt

    return Act(desk.freight, keys[side], train, now + HOUR, submit, "WrongSequence")


def train_release(desk: Desk) -> Act:
    return _train(desk, "release")


def train_acceptance(desk: Desk) -> Act:
    return _train(desk, "acceptance")


def _count(desk: Desk, side: str) -> Act:
    handover = desk.handover(_booked(desk), 0, DEPARTURES[0], deadline=soon(desk))
    count = _found(desk, handover)
    keys = {"release": key_of("supplier"), "acceptance": key_of("carrier")}

    def submit(signature: bytes) -> Receipt:
        given = {name: count.sign(key, desk.domain) for name, key in keys.items()}
        given[side] = signature
        receipt: Receipt = desk.freight.handOverCounted(
            handover, count.exceptions, *given.values(), sender=ANYONE
        )
        return receipt

    return Act(desk.freight, keys[side], count, handover.deadline, submit, "WrongSequence")


def _found(desk: Desk, handover: m.Handover) -> m.CountedHandover:
    """Ten kits are short."""
    parcel = desk.suite.ledger.parcelsOf(handover.consignment)[0]
    return m.CountedHandover(handover, [m.UnitsFound(parcel, 10, Flaw.SHORT)])


def count_release(desk: Desk) -> Act:
    return _count(desk, "release")


def count_acceptance(desk: Desk) -> Act:
    return _count(desk, "acceptance")


def refusal_on_the_way(desk: Desk) -> Act:
    taker = key_of("branch_carrier")
    refusal = desk.refusal(_booked(desk, until=1), taker, sequence=1, deadline=soon(desk))

    def submit(signature: bytes) -> Receipt:
        receipt: Receipt = desk.freight.refuseHandover(refusal, signature, sender=ANYONE)
        return receipt

    return Act(desk.freight, taker, refusal, refusal.deadline, submit, "WrongSequence")


def refusal_at_the_door(desk: Desk) -> Act:
    hospital = key_of("hospital")
    consignment = _booked(desk, until=3)
    refusal = desk.refusal(consignment, hospital, deadline=soon(desk))
    booking = desk.bookings[consignment]

    def submit(signature: bytes) -> Receipt:
        receipt: Receipt = desk.freight.refuse(
            booking, refusal, bytes(32), signature, sender=ANYONE
        )
        return receipt

    return Act(desk.freight, hospital, refusal, refusal.deadline, submit, "WrongStatus")


def _proof(desk: Desk, part: str) -> Act:
    """A proof of delivery under BOTH, in which one of the signatures is looked at."""
    consignment = _booked(desk, until=3, terms=terms(policy=Policy.BOTH))
    at, device = LATEST[2], key_of("device")
    times = range(DEPARTURES[0], at + 1, HOUR // 2)
    desk.record(desk.recorder(consignment), [(time, 500, 5_000) for time in times])
    handover = desk.handover(consignment, 3, at, deadline=soon(desk))
    arrival = replace(desk.arrival(consignment, at, 1), deadline=soon(desk))
    signer, message = {
        "release": (key_of("terminal_carrier"), handover),
        "acceptance": (key_of("hospital"), handover),
        "evidence": (device, arrival),
    }[part]

    def submit(signature: bytes) -> Receipt:
        given: Any = signature
        if part == "evidence":
            given = device_evidence([(device.address, arrival, signature)])
        proof = desk.proof(handover, arrival, accepted=True)
        return desk.deliver(proof | {part: given})

    return Act(desk.freight, signer, message, handover.deadline, submit, "WrongStatus")


def delivery_release(desk: Desk) -> Act:
    return _proof(desk, "release")


def delivery_acceptance(desk: Desk) -> Act:
    return _proof(desk, "acceptance")


def _counted_proof(desk: Desk, part: str) -> Act:
    """A proof at which units are counted out."""
    consignment = _booked(desk, until=3)
    handover = desk.handover(consignment, 3, LATEST[2], deadline=soon(desk))
    count = _found(desk, handover)
    signer = {"release": key_of("terminal_carrier"), "acceptance": key_of("hospital")}[part]

    def submit(signature: bytes) -> Receipt:
        return desk.deliver_counted(handover, *count.exceptions, **{part: signature})

    return Act(desk.freight, signer, count, handover.deadline, submit, "WrongStatus")


def counted_delivery_release(desk: Desk) -> Act:
    return _counted_proof(desk, "release")


def counted_delivery_acceptance(desk: Desk) -> Act:
    return _counted_proof(desk, "acceptance")


def arrival(desk: Desk) -> Act:
    return _proof(desk, "evidence")


def batch(desk: Desk) -> Act:
    monitor, device = desk.suite.monitor, key_of("device")
    recorder = desk.recorder(_booked(desk, until=1))
    signed = recorder.batch([(DEPARTURES[0], 500, 5_000)], deadline=soon(desk))

    def submit(signature: bytes) -> Receipt:
        receipt: Receipt = monitor.record(
            recorder.watch, Link.of(None), signed, signature, sender=ANYONE
        )
        return receipt

    return Act(monitor, device, signed, signed.deadline, submit, "NotOnRecord")


def _split(desk: Desk, side: str) -> Act:
    court = Court.assembled(desk)
    split = court.split(court.raise_(), FREIGHTS[0] // 2, deadline=soon(desk))
    keys = {"payer": key_of("hospital"), "carrier": key_of("carrier")}

    def submit(signature: bytes) -> Receipt:
        given = {name: split.sign(key, domain_of(court.room)) for name, key in keys.items()}
        given[side] = signature
        receipt: Receipt = court.room.settleByAgreement(
            court.booking, split, *given.values(), sender=ANYONE
        )
        return receipt

    return Act(court.room, keys[side], split, split.deadline, submit, "DisputeNotOpen")


def split_of_the_payer(desk: Desk) -> Act:
    return _split(desk, "payer")


def split_of_the_carrier(desk: Desk) -> Act:
    return _split(desk, "carrier")


# --- demand, carriers' papers, participants ---


def _need(desk: Desk) -> int:
    needs, hospital = desk.suite.needs, key_of("hospital")
    needs.declareFacility(500, False, sender=hospital)
    asked = {
        "material": KIT,
        "units": 10,
        "stock": 300,
        "daily_use": 100,
        "needed_by": START + 30 * DAY,
        "station": desk.stations[3],
        "freight_budget": 0,
        "emergency": bytes(32),
    }
    demand: int = needs.publish(asked, sender=hospital).event("DemandPublished").args.demand
    return demand


def _audited(desk: Desk, function: str, kind: Any, again: str, **fields: Any) -> Act:
    needs, auditor = desk.suite.needs, key_of("second_auditor")
    demand = _need(desk)
    content = needs.contentOf(demand)
    if kind is m.DemandContest:
        needs.attest(demand, content, START + 30 * DAY, sender=key_of("auditor"))
    said = kind(
        auditor=auditor.address, demand=demand, content=content, deadline=soon(desk), **fields
    )
    return Act(
        needs,
        auditor,
        said,
        said.deadline,
        lambda signature: needs[function](said, signature, sender=ANYONE),
        again,
    )


def attestation(desk: Desk) -> Act:
    return _audited(
        desk, "attestBySignature", m.Attestation, "AlreadyAttested", valid_until=START + 20 * DAY
    )


def demand_refusal(desk: Desk) -> Act:
    reason = word("no such ward")
    return _audited(desk, "refuseBySignature", m.DemandRefusal, "AlreadyRefused", reason=reason)


def demand_contest(desk: Desk) -> Act:
    reason = word("stock is higher")
    return _audited(desk, "contestBySignature", m.DemandContest, "AlreadyContested", reason=reason)


def carrier_attestation(desk: Desk) -> Act:
    audit, auditor = desk.suite.carriers, key_of("auditor")
    said = m.CarrierAttestation(
        auditor=auditor.address,
        carrier=key_of("branch_carrier").address,
        paper=Paper.LICENCE,
        verdict=Verdict.ATTESTED,
        document=word("licence 2020"),
        valid_until=START + 30 * DAY,
        nonce=audit.nonces(auditor),
        deadline=soon(desk),
    )
    return Act(
        audit,
        auditor,
        said,
        said.deadline,
        lambda signature: audit.attestBySignature(said, signature, sender=ANYONE),
        "InvalidAccountNonce",
    )


def device_binding(desk: Desk) -> Act:
    registry, device, operator = desk.suite.registry, key_of("new device"), key_of("carrier")
    binding = m.DeviceBinding(
        device=device.address,
        operator=operator.address,
        model=word("logger"),
        calibrated_until=START + 300 * DAY,
        nonce=0,
        deadline=soon(desk),
    )
    return Act(
        registry,
        device,
        binding,
        binding.deadline,
        lambda signature: registry.bindDevice(binding, signature, sender=operator),
        "DeviceAlreadyBound",
    )


def registered(desk: Desk) -> Act:
    registry, newcomer = desk.suite.registry, key_of("newcomer")
    message = registration(
        "hospital", soon(desk), account=newcomer.address, facility=word("newcomer")
    )
    return Act(
        registry,
        newcomer,
        message,
        message.deadline,
        lambda signature: registry.register(
            message, signature, "ipfs://newcomer", sender=key_of("registrar")
        ),
        "AlreadyRegistered",
    )


ACTS = (
    booking_order,
    leg_acceptance,
    policy_consent,
    sale_acceptance,
    handover_release,
    handover_acceptance,
    counted_release,
    counted_acceptance,
    train_release,
    train_acceptance,
    count_release,
    count_acceptance,
    refusal_on_the_way,
    refusal_at_the_door,
    delivery_release,
    delivery_acceptance,
    counted_delivery_release,
    counted_delivery_acceptance,
    arrival,
    batch,
    split_of_the_payer,
    split_of_the_carrier,
    attestation,
    demand_refusal,
    demand_contest,
    carrier_attestation,
    device_binding,
    registered,
)


@pytest.fixture(params=ACTS, ids=lambda made: made.__name__)
def act(request: pytest.FixtureRequest, desk: Desk) -> Act:
    made: Act = request.param(desk)
    return made


def malleable(signature: bytes) -> bytes:
    """Return the other signature of the same key over the same digest, with high s."""
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    return r + (ORDER - s).to_bytes(32, "big") + bytes([27 + 28 - v])


def test_reverts_when_signed_for_elsewhere_or_by_another(act: Act) -> None:
    good = act.sign()
    name = domain_of(act.room).name
    for signature in (
        act.sign(chain_id=1),
        act.sign(contract=ANYONE.address),
        act.sign(name=f"{name} "),
        m.SaleAcceptance(act.message.struct_hash(), act.signer.address).sign(
            act.signer, domain_of(act.room)
        ),
        act.sign(ANYONE),
        malleable(good),
        good[:-1],
        good + b"\0",
        b"",
    ):
        with reverts("BadSignature", signer=act.signer):
            act.submit(signature)


def test_no_wallet_lies_or_holds_up(act: Act, desk: Desk) -> None:
    for answer in ODD_ANSWERS.values():
        with (
            wallet_at(desk.suite, act.signer, "OddWallet", answer),
            reverts("BadSignature", signer=act.signer),
        ):
            act.submit(act.sign(ANYONE))


def test_a_wallet_signs_by_its_owner_until_the_last_second_and_once(act: Act, desk: Desk) -> None:
    owner = key_of("owner of a wallet")
    with wallet_at(desk.suite, act.signer, "Erc1271Wallet", owner):
        with reverts("BadSignature", signer=act.signer):
            act.submit(act.sign(ANYONE))
        desk.chain.set_time(act.deadline)
        act.submit(act.sign(owner))
        with reverts(act.again):
            act.submit(act.sign(owner))


def test_reverts_after_its_deadline(act: Act, desk: Desk) -> None:
    desk.chain.set_time(act.deadline + 1)
    with pytest.raises(ContractReverted) as refused:
        act.submit(act.sign())
    assert refused.value.error.endswith("Expired")
    assert refused.value.fields["deadline"] == act.deadline
