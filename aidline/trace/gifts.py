"""The figures of giving: money given and what it was spent on, gifts and what became of them.

As :mod:`aidline.trace.figures`, once from the contracts' counters and once from events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from aidline.client import Aidline, Event
from aidline.model import GiftKind, GiftStatus, Verdict
from aidline.trace.counting import STATES, read_all

__all__ = ["gifts_read", "gifts_told", "money_read", "money_told"]

Figures = dict[str, Any]


def money_read(aid: Aidline) -> Figures:
    """Read the currency with its reserve, and the relief fund's lines."""
    given = spent = recovered = returned = 0
    lines = {gift.line for gift in read_all(aid.fund.moneyGift, aid.fund.giftCount()).values()}
    for record in aid.fund.line.many((line,) for line in sorted(lines)):
        given += record.given
        spent += record.spent + record.respent
        recovered += record.recovered
        returned += record.returned
    return {
        "currency": str(aid.currency.totalSupply()),
        "reserve": str(aid.reserve.balanceOf(aid.currency.address)),
        **_fund(given, spent, recovered, returned),
    }


def _fund(given: int, spent: int, recovered: int, returned: int) -> Figures:
    """Tell what the relief fund has, and how it came to that."""
    return {
        "given": str(given),
        "spent": str(spent),
        "recovered": str(recovered),
        "returned": str(returned),
        "in_fund": str(given + recovered - spent - returned),
    }


def money_told(currency: Sequence[Event], fund: Sequence[Event]) -> Figures:
    """Tell the same from the events of currency and fund."""
    supply = 0
    for event in currency:
        if event.name == "Deposited":
            supply += event.args.received
        elif event.name == "Withdrawn":
            supply -= event.args.amount
    given = sum(event.args.amount for event in fund if event.name == "MoneyReceived")
    spent = sum(
        event.args.amount + event.args.from_recovered
        for event in fund
        if event.name == "MoneySpent"
    )
    recovered = sum(event.args.amount for event in fund if event.name == "MoneyRecovered")
    returned = sum(event.args.amount for event in fund if event.name == "MoneyReturned")
    return {
        "currency": str(supply),
        "reserve": str(supply),
        **_fund(given, spent, recovered, returned),
    }


# --- gifts -----------------------------------------------------------------------------------


def _in_kind(
    number: int, donor: str, status: str, counts: Sequence[int], states: dict[str, int] | None
) -> Figures:
    pledged, accepted, refused, missing = counts
    return {
        "id": number,
        "kind": "in_kind",
        "donor": donor,
        "status": status,
        "pledged": pledged,
        "accepted": accepted,
        "refused": refused,
        "missing": missing,
        "audit": "none",
        "by_state": states or dict.fromkeys(STATES, 0),
    }


def _audit(verdict: int, version: int, now: int) -> str:
    """Return what the auditors' newest word on a lot is worth.

    Args:
        verdict: The word; none where it is ``NULL``.
        version: Corrections that its declarations had when it was given.
        now: Corrections that they have now.
    """
    if verdict == Verdict.NULL:
        return "none"
    return "outdated" if version != now else Verdict(verdict).name.lower()


def _of_money(number: int, donor: str, amount: int, spent: int, returned: int) -> Figures:
    return {
        "id": number,
        "kind": "money",
        "donor": donor,
        "status": "received",
        "amount": str(amount),
        "spent": str(spent),
        "returned": str(returned),
    }


def gifts_read(aid: Aidline, states: dict[int, dict[str, int]]) -> list[Figures]:
    """Read the gifts; ``states`` are the units by state of each lot."""
    gifts = read_all(aid.donations.gift, aid.donations.giftCount())
    words = read_all(aid.gift_audit.attestationOf, len(gifts))
    made = []
    for number, gift in gifts.items():
        if gift.kind == GiftKind.MONEY:
            spent = aid.fund.spentOf(gift.money_gift, 0, 0).spent
            returned = aid.fund.moneyGift(gift.money_gift).returned
            made.append(_of_money(number, gift.donor, gift.amount, spent, returned))
        else:
            counts = (gift.pledged, gift.accepted, gift.refused, gift.missing)
            status = GiftStatus(gift.status).name.lower()
            told = _in_kind(number, gift.donor, status, counts, states.get(gift.lot))
            word = words[number]
            told["audit"] = _audit(word.verdict, word.version, gift.version)
            made.append(told)
    return made


def gifts_told(
    events: Sequence[Event], fund: Sequence[Event], states: dict[int, dict[str, int]]
) -> list[Figures]:
    """Tell the gifts from the events of their register and of their auditors."""
    used = _used(fund)
    gifts: dict[int, Figures] = {}
    corrections: dict[int, int] = defaultdict(int)
    words: dict[int, tuple[int, int]] = {}
    for event in events:
        args = event.args
        if event.name == "GiftPledged":
            counts = (args.terms.units, 0, 0, 0)
            gifts[args.gift] = _in_kind(args.gift, args.donor, "pledged", counts, None)
        elif event.name == "GiftReceived":
            gift = gifts[args.gift]
            gift["status"] = "received"
            gift["accepted"] = args.accepted
            gift["refused"] = args.refused
            gift["missing"] = args.missing
            if args.lot:
                gift["by_state"] = states[args.lot]
        elif event.name == "GiftWithdrawn":
            gifts[args.gift]["status"] = "withdrawn"
        elif event.name == "DeclarationCorrected":
            corrections[args.gift] = args.version
        elif event.name == "LotAttested":
            words[args.gift] = args.verdict, args.version
        elif event.name == "MoneyGiven":
            gifts[args.gift] = _of_money(args.gift, args.donor, args.amount, *used[args.money_gift])
    for number, (verdict, version) in words.items():
        gifts[number]["audit"] = _audit(verdict, version, corrections[number])
    return [gifts[number] for number in sorted(gifts)]


def _used(fund: Sequence[Event]) -> dict[int, tuple[int, int]]:
    """Return of each gift to the fund what was spent of it and what its donor took back.

    A line is used up from its front; what is taken back leaves no hole: what lies behind moves up.
    """
    lines: dict[bytes, list[int]] = defaultdict(list)
    amounts: dict[int, int] = {}
    returned: dict[int, int] = defaultdict(int)
    spent: dict[bytes, int] = defaultdict(int)
    for event in fund:
        args = event.args
        if event.name == "MoneyReceived":
            lines[args.line].append(args.gift)
            amounts[args.gift] = args.amount
        elif event.name == "MoneySpent":
            spent[args.line] += args.amount
        elif event.name == "MoneyReturned":
            returned[args.gift] += args.amount
    used: dict[int, tuple[int, int]] = {}
    for line, gifts in lines.items():
        left = spent[line]
        for gift in gifts:
            taken = min(left, amounts[gift] - returned[gift])
            used[gift] = taken, returned[gift]
            left -= taken
    return used
