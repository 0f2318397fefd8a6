"""The certificate: tokenURI, locked, transfers, interfaces.

when the token does not exist: reverts
when anyone tries to move it: reverts
otherwise: it shows the record as the chain counts it now
    given words that are no plain text: they are escaped, or shown as digits
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from aidline.client import Contract, RevmChain
from aidline.model import EarmarkKind
from aidline.signing import Key
from tests.support.gifts import NO_PERMIT, count, earmark, pledge, units_of
from tests.support.reverts import reverts
from tests.support.suite import MASK, UNIT


def read(donations: Contract, gift: int) -> dict[str, Any]:
    """Return the metadata of a certificate."""
    uri: str = donations.tokenURI(gift)
    head, text = uri.split(",", 1)
    assert head == "data:application/json;base64"
    shown: dict[str, Any] = json.loads(base64.b64decode(text, validate=True))
    return shown


def test_shows_a_gift_in_kind(donations: Contract, received: int, donor: Key, charity: Key) -> None:
    gift = donations.gift(received)

    shown = read(donations, received)

    assert shown["name"] == f"Aidline gift {received}"
    assert shown["gift"] == {
        "id": received,
        "kind": "in_kind",
        "donor": donor.address,
        "unnamed": False,
        "given_at": gift.at,
        "received_at": gift.received_at,
        "earmark": {"kind": "region", "scope": "CN-HB"},
        "corrections": 0,
        "head": "0x" + gift.head.hex(),
    }
    assert shown["goods"] == {
        "material": str(MASK),
        "intermediary": charity.address,
        "lot": gift.lot,
        "pledged": 2_000,
        "accepted": 1_900,
        "refused": 60,
        "missing": 40,
        "unit_value": "250",
        "value_currency": "CNY",
    }
    assert shown["recalled"] is False
    assert shown["attestation"] == {"state": "none", "auditor": "0x" + "00" * 20}
    assert shown["units"] == units_of(donations.fateOf(received))
    assert {a["trait_type"]: a["value"] for a in shown["attributes"]} == shown["units"]


def test_shows_the_units_where_they_are_now(
    donations: Contract, ledger: Contract, received: int, charity: Key
) -> None:
    parcel = ledger.parcelCount()
    child = ledger.split(parcel, 500, sender=charity).event("ParcelSplit").args.child
    ledger.destroy(child, bytes(31) + b"\1", sender=charity)

    units = read(donations, received)["units"]

    assert (units["held"], units["destroyed"]) == (1_400, 500)
    assert sum(units.values()) == 1_900


def test_shows_a_gift_in_money(donations: Contract, money: int, donor: Key) -> None:
    shown = read(donations, money)
    assert shown["gift"]["kind"] == "money"
    assert shown["gift"]["donor"] == donor.address
    assert shown["gift"]["earmark"] == {"kind": "none", "scope": ""}
    assert shown["money"] == {
        "amount": str(100 * UNIT),
        "spent": "0",
        "returned": "0",
        "left": str(100 * UNIT),
        "consignments": [],
        "complete": True,
    }
    assert shown["attributes"][0] == {"trait_type": "amount", "value": str(100 * UNIT)}


@pytest.mark.parametrize(
    ("scope", "shown"),
    [
        (b'plan "1"\\', 'plan "1"\\'),
        (b'"' * 32, '"' * 32),
        (b"a\nb", "0x" + (b"a\nb").ljust(32, b"\0").hex()),
        ("疫".encode(), "0x" + "疫".encode().ljust(32, b"\0").hex()),
        (b"a\0b", "0x" + b"a\0b".ljust(32, b"\0").hex()),
        (b"\x7f", "0x" + b"\x7f".ljust(32, b"\0").hex()),
        (b"x" * 32, "x" * 32),
    ],
)
def test_shows_any_scope_as_valid_json(
    donations: Contract,
    currency: Contract,
    fund: Contract,
    donor: Key,
    scope: bytes,
    shown: str,
) -> None:
    currency.approve(fund.address, UNIT, sender=donor)
    mark = {"kind": EarmarkKind.EMERGENCY, "scope": scope.ljust(32, b"\0")}
    gift = donations.giveMoney(UNIT, mark, NO_PERMIT, sender=donor).event("MoneyGiven").args.gift
    assert read(donations, gift)["gift"]["earmark"] == {"kind": "emergency", "scope": shown}


def test_cannot_be_moved_by_anybody(
    donations: Contract, received: int, donor: Key, second_donor: Key, charity: Key
) -> None:
    move = (donor.address, second_donor.address, received)
    with reverts("NotTransferable", token_id=received):
        donations.transferFrom(*move)
    with reverts("NotTransferable", token_id=received):
        donations["safeTransferFrom(address,address,uint256)"](*move, sender=donor)
    with reverts("NotTransferable", token_id=received):
        donations["safeTransferFrom(address,address,uint256,bytes)"](*move, b"")
    with reverts("NotTransferable", token_id=received):
        donations.approve(charity.address, received)
    donations.setApprovalForAll(charity.address, True, sender=donor)
    with reverts("NotTransferable", token_id=received):
        donations["safeTransferFrom(address,address,uint256)"](
            donor.address, charity.address, received, sender=charity
        )
    assert donations.ownerOf(received) == donor.address


def test_says_that_it_is_locked(donations: Contract, received: int) -> None:
    assert donations.locked(received)
    for interface in ("b45a3c0e", "80ac58cd", "5b5e139f", "01ffc9a7"):
        assert donations.supportsInterface(bytes.fromhex(interface))
    assert not donations.supportsInterface(bytes.fromhex("ffffffff"))


def test_reverts_for_a_pledge_and_an_unknown_gift(donations: Contract, pledged: int) -> None:
    for token in (pledged, 9, 2**64 + pledged):
        for ask in (donations.locked, donations.tokenURI):
            with reverts("ERC721NonexistentToken", token_id=token):
                ask(token)


def test_each_donor_has_a_certificate_of_its_own(
    donations: Contract,
    chain: RevmChain,
    received: int,
    donor: Key,
    second_donor: Key,
    charity: Key,
) -> None:
    terms = pledge(chain.now(), earmark=earmark(EarmarkKind.FACILITY, "hospital"))
    other = donations.pledge(terms, sender=second_donor).event("GiftPledged").args.gift
    donations.receiveGift(count(other), sender=charity)
    assert donations.ownerOf(received) == donor.address
    assert donations.ownerOf(other) == second_donor.address
    assert read(donations, other)["gift"]["earmark"] == {"kind": "facility", "scope": "hospital"}
