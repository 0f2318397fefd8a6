"""pledge.

when the caller is no active donor or supplier: reverts
when the intermediary is no active charity or station operator, or of the donor's body: reverts
when units, deadline, origin, value's currency, earmark or material cannot be: reverts
while paused: reverts
otherwise: the pledge stands, its earmark fixed; no certificate yet
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidline.client import Contract, RevmChain
from aidline.client.abi import codec
from aidline.keccak import keccak
from aidline.model import EarmarkKind, GiftKind, GiftStatus, Role
from aidline.signing import Key
from tests.support.gifts import earmark, pledge, units_of
from tests.support.people import domain_of, key_of, registration, word
from tests.support.reverts import reverts
from tests.support.suite import DAY, MASK, Suite


def test_records_the_pledge(
    donations: Contract, chain: RevmChain, donor: Key, charity: Key
) -> None:
    receipt = donations.pledge(pledge(chain.now()), sender=donor)

    event = receipt.event("GiftPledged").args
    assert (event.gift, event.donor, event.material) == (1, donor.address, MASK)
    assert (event.terms.units, event.terms.intermediary) == (2_000, charity.address)
    assert (event.terms.earmark.kind, event.terms.earmark.scope) == (
        EarmarkKind.REGION,
        word("CN-HB"),
    )
    assert (event.terms.unit_value, event.terms.value_currency) == (250, b"CNY")
    assert event.terms.origin == "Guangzhou, lot 7"
    gift = donations.gift(1)
    assert (gift.donor, gift.at) == (donor.address, receipt.timestamp)
    assert (gift.kind, gift.status, gift.version) == (GiftKind.IN_KIND, GiftStatus.PLEDGED, 0)
    assert (gift.intermediary, gift.deadline) == (charity.address, chain.now() + 7 * DAY)
    assert (gift.material, gift.pledged, gift.accepted, gift.lot) == (MASK, 2_000, 0, 0)
    assert (gift.unit_value, gift.value_currency) == (250, b"CNY")
    assert (gift.earmark_kind, gift.earmark_scope) == (EarmarkKind.REGION, word("CN-HB"))
    assert donations.giftCount() == 1
    assert donations.balanceOf(donor.address) == 0
    assert sum(units_of(donations.fateOf(1)).values()) == 0


def test_the_head_is_the_hash_of_what_was_declared(
    donations: Contract, chain: RevmChain, donor: Key
) -> None:
    terms = pledge(chain.now())
    donations.pledge(terms, sender=donor)
    inputs = next(item for item in donations.abi if item.get("name") == "pledge")["inputs"]
    encoded = codec(
        {
            "type": "tuple",
            "components": [
                {"name": "gift", "type": "uint64"},
                {"name": "donor", "type": "address"},
                *inputs,
            ],
        }
    ).encode([1, donor.address, terms])
    assert donations.gift(1).head == keccak(encoded)


@pytest.mark.parametrize(
    "mark",
    [
        earmark(),
        earmark(EarmarkKind.REGION, "CN-HB"),
        earmark(EarmarkKind.FACILITY, "hospital"),
        earmark(EarmarkKind.EMERGENCY, "plan-1"),
    ],
)
def test_takes_each_kind_of_earmark(
    donations: Contract, chain: RevmChain, supplier: Key, mark: dict[str, object]
) -> None:
    donations.pledge(pledge(chain.now(), earmark=mark), sender=supplier)
    gift = donations.gift(1)
    assert (gift.earmark_kind, gift.earmark_scope) == (mark["kind"], mark["scope"])


@pytest.mark.parametrize(
    "mark",
    [
        earmark(EarmarkKind.NULL),
        earmark(EarmarkKind.NONE, "CN-HB"),
        earmark(EarmarkKind.REGION),
        earmark(EarmarkKind.REGION, "CN"),
        earmark(EarmarkKind.REGION, "CN-420100"),
        earmark(EarmarkKind.FACILITY, "nobody"),
        earmark(EarmarkKind.EMERGENCY),
    ],
)
def test_reverts_when_nobody_bears_the_earmark(
    donations: Contract, chain: RevmChain, donor: Key, mark: dict[str, object]
) -> None:
    with reverts("BadEarmark", kind=mark["kind"], scope=mark["scope"]):
        donations.pledge(pledge(chain.now(), earmark=mark), sender=donor)


def test_reverts_for_an_unknown_region(donations: Contract, chain: RevmChain, donor: Key) -> None:
    mark = earmark(EarmarkKind.REGION, "CN-XX")
    with reverts("UnknownRegion", region=word("CN-XX")):
        donations.pledge(pledge(chain.now(), earmark=mark), sender=donor)


@pytest.mark.parametrize("name", ["charity", "hospital", "carrier", "stranger"])
def test_reverts_when_the_caller_gives_nothing(
    donations: Contract, chain: RevmChain, name: str
) -> None:
    caller = key_of(name)
    with reverts("NotActive", account=caller, role=Role.DONOR):
        donations.pledge(pledge(chain.now()), sender=caller)


def test_reverts_when_the_donor_is_suspended(
    donations: Contract, chain: RevmChain, donor: Key, suspended: Callable[[Key], None]
) -> None:
    suspended(donor)
    with reverts("NotActive", account=donor, role=Role.DONOR):
        donations.pledge(pledge(chain.now()), sender=donor)


@pytest.mark.parametrize("name", ["hospital", "carrier", "second_donor", "stranger"])
def test_reverts_when_the_intermediary_counts_no_gifts(
    donations: Contract, chain: RevmChain, donor: Key, name: str
) -> None:
    other = key_of(name)
    with reverts("NotActive", account=other, role=Role.CHARITY):
        donations.pledge(pledge(chain.now(), intermediary=other.address), sender=donor)


def test_reverts_when_the_intermediary_is_suspended(
    donations: Contract,
    chain: RevmChain,
    donor: Key,
    charity: Key,
    suspended: Callable[[Key], None],
) -> None:
    suspended(charity)
    with reverts("NotActive", account=charity, role=Role.CHARITY):
        donations.pledge(pledge(chain.now()), sender=donor)


def test_reverts_when_the_donor_would_count_its_own_gift(
    suite: Suite, donations: Contract, chain: RevmChain, donor: Key, registrar: Key
) -> None:
    depot = key_of("depot of the donor")
    message = registration(
        "charity",
        chain.now() + DAY,
        account=depot.address,
        facility=word("depot"),
        organisation=word("pearl-works"),
    )
    signature = message.sign(depot, domain_of(suite.registry))
    suite.registry.register(message, signature, "", sender=registrar)
    with reverts("OwnIntermediary", donor=donor, intermediary=depot):
        donations.pledge(pledge(chain.now(), intermediary=depot.address), sender=donor)


def test_reverts_without_units(donations: Contract, chain: RevmChain, donor: Key) -> None:
    with reverts("ZeroUnits"):
        donations.pledge(pledge(chain.now(), units=0), sender=donor)


def test_reverts_when_the_deadline_is_past(
    donations: Contract, chain: RevmChain, donor: Key
) -> None:
    with reverts("BadDeadline", deadline=chain.now()):
        donations.pledge(pledge(chain.now(), deadline=chain.now()), sender=donor)


def test_origin_is_of_64_bytes_at_most(donations: Contract, chain: RevmChain, donor: Key) -> None:
    donations.pledge(pledge(chain.now(), origin="x" * 64), sender=donor)
    with reverts("OriginTooLong", length=66):
        donations.pledge(pledge(chain.now(), origin="汉" * 22), sender=donor)


@pytest.mark.parametrize("code", [b"cny", b"CN1", b"CN\0", b"\0\0\0"])
def test_reverts_when_the_value_has_no_currency(
    donations: Contract, chain: RevmChain, donor: Key, code: bytes
) -> None:
    with reverts("BadCurrencyCode", code=code):
        donations.pledge(pledge(chain.now(), value_currency=code), sender=donor)


def test_a_gift_without_a_value_needs_no_currency(
    donations: Contract, chain: RevmChain, donor: Key
) -> None:
    terms = pledge(chain.now(), unit_value=0, value_currency=b"\0\0\0")
    donations.pledge(terms, sender=donor)
    assert donations.gift(1).unit_value == 0


def test_reverts_when_the_material_is_unknown(
    donations: Contract, chain: RevmChain, donor: Key
) -> None:
    with reverts("UnknownMaterial", material=MASK + 1):
        donations.pledge(pledge(chain.now(), material=MASK + 1), sender=donor)


def test_reverts_while_paused_and_goes_on_after_it(
    donations: Contract, chain: RevmChain, donor: Key, pauser: Key
) -> None:
    donations.pause(sender=pauser)
    with reverts("IsPaused", until=chain.now() + 3 * DAY):
        donations.pledge(pledge(chain.now()), sender=donor)
    chain.set_time(chain.now() + 3 * DAY)
    donations.pledge(pledge(chain.now()), sender=donor)
    assert donations.giftCount() == 1


def test_reading_an_unknown_gift_reverts(donations: Contract) -> None:
    for read in (donations.gift, donations.fateOf):
        with reverts("UnknownGift", gift=1):
            read(1)
