"""`aidline match --rpc`: open demands and offers of a deployment.

Given demands of every level and offers that are fewer
├── --dry-run prints the plan and what stays open and why, and sends nothing
├── with the account of a solver it proposes the plan: the contract accepts it with the plan's score
├── levels follow the time that has passed, also on a chain that has no blocks meanwhile
├── a block with little room makes the proposals smaller
├── what was taken meanwhile is refused and told, and changes nothing
├── a recall is told as the reason
├── thresholds of urgency are those of the chain
├── unaudited demand is served through an open fast path, after what is audited, and within its room
├── what stays open is told with the reason that the chain gives
└── again, there is nothing left to propose
Who is no solver, a chain without the deployment, options that do not go together
└── end with exit status 2 and one line, and nothing is sent
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aidline.cli import run
from aidline.client import Aidline, Web3Chain
from aidline.errors import ContractReverted
from aidline.files import check_schema
from aidline.keccak import keccak
from aidline.model import Level, Unmet
from aidline.node import AnvilNode
from aidline.solve.board import Board, Proposed, propose, why_unmet
from aidline.solve.market import solve
from tests.support.cli import PASSWORD, keystore
from tests.support.demand import EMERGENCY, PLAN, Desk
from tests.support.network import station
from tests.support.people import key_of, word
from tests.support.suite import DAY, MASK, START, deploy_suite

pytestmark = pytest.mark.node

HOSPITALS = ("hospital", "second_hospital", "county_hospital")
AUDITORS = (key_of("auditor"), key_of("second_auditor"))


class Place:
    """A node with a deployment, and what the command needs."""

    def __init__(self, node: AnvilNode, desk: Desk, folder: Path) -> None:
        self.node = node
        self.desk = desk
        self.folder = folder
        self.file = folder / "deployment.json"
        desk.suite.aid.deployment.save(self.file)
        self.account = keystore(folder, key_of("solver"))

    def match(self, *arguments: object) -> tuple[int, dict[str, Any]]:
        """Run the command; returns its exit status and what it wrote."""
        result = self.folder / "plan.json"
        result.unlink(missing_ok=True)
        status = run(
            [
                "match",
                *("--rpc", self.node.rpc, "--deployment", str(self.file), "--json", str(result)),
                *map(str, arguments),
            ]
        )
        if not result.exists():
            return status, {}
        record: dict[str, Any] = json.loads(result.read_text())
        check_schema(record, "match")
        return status, record

    def propose(self, *arguments: object) -> tuple[int, dict[str, Any]]:
        """Run the command as the solver."""
        return self.match("--account", self.account, *arguments)


def offer(desk: Desk, units: int) -> int:
    """Have the supplier make masks and offer them."""
    supplier = key_of("supplier")
    lot = {
        "material": MASK,
        "quantity": units,
        "expiry": 0,
        "station": 0,
        "evidence": keccak(b"made"),
    }
    made = desk.suite.ledger.commission(lot, sender=supplier)
    parcel = made.event("LotCommissioned").args.parcel
    receipt = desk.escrow.offer(parcel, desk.now + 7 * DAY, sender=supplier)
    return int(receipt.event("OfferMade").args.offer)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with AnvilNode(genesis_time=START) as node:
        desk = Desk(
            deploy_suite(node.chain, {"EmergencyResponse": EMERGENCY.address})  # type: ignore[arg-type]
        )
        keeper = key_of("station_operator")
        store = station(keeper, region=word("CN-420100"))
        desk.suite.network.addStation(store, sender=keeper)
        for name in HOSPITALS:
            desk.settle(key_of(name), AUDITORS[0])
        levels = (Level.LOW, Level.MEDIUM, Level.HIGH, Level.CRITICAL)
        for number in range(8):
            desk.need(key_of(HOSPITALS[number % 3]), levels[number % 4], 100 + number, AUDITORS)
        desk.publish(key_of("hospital"), units=50)
        for units in (150, 100, 200):
            offer(desk, units)
        # From here on it is a node as others have it: blocks by themselves, and a clock that runs.
        node.chain.rpc.request("anvil_removeBlockTimestampInterval")
        node.chain.rpc.request("evm_setAutomine", True)
        yield Place(node, desk, tmp_path_factory.mktemp("match"))


@pytest.fixture
def place(prepared: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("AIDLINE_PASSWORD", PASSWORD)
    before = prepared.node.chain.snapshot()
    yield prepared
    prepared.node.chain.revert(before)


def test_a_dry_run_says_what_it_would_do(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    block = place.node.chain.block_number()
    status, plan = place.match("--dry-run")
    assert status == 0
    assert place.node.chain.block_number() == block
    assert "proposals" not in plan
    assert plan["totals"]["critical"] == {"demands": 2, "asked": 210, "served": 210, "in_full": 2}
    assert plan["totals"]["high"] == {"demands": 2, "asked": 208, "served": 208, "in_full": 2}
    assert plan["totals"]["medium"] == {"demands": 2, "asked": 206, "served": 32, "in_full": 0}
    assert sum(line["units"] for line in plan["lines"]) == 450
    reasons = {one["demand"]: one["reason"] for one in plan["unmet"]}
    assert reasons == {
        "1": "outranked",
        "2": "outranked",
        "5": "outranked",
        "6": "outranked",
        "9": "unaudited",
    }
    said = capfd.readouterr().out
    assert "critical" in said and "outranked" in said and "unaudited" in said


def test_the_contract_accepts_the_plan(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    status, plan = place.propose()
    assert status == 0
    (proposal,) = plan["proposals"]
    assert proposal["score"] == plan["score"] == 64 * 210 + 16 * 208 + 4 * 32
    assert proposal["lines"] == len(plan["lines"])
    needs = place.desk.needs
    served = {number: needs.demand(number).served for number in range(1, 10)}
    assert served == {1: 0, 2: 16, 3: 102, 4: 103, 5: 0, 6: 16, 7: 106, 8: 107, 9: 0}
    assert "accepted" in capfd.readouterr().out
    # again: what is left cannot be served
    status, plan = place.propose()
    assert status == 0
    assert plan["lines"] == plan["proposals"] == []
    assert {one["reason"] for one in plan["unmet"]} == {"no supply", "unaudited"}


def test_levels_are_brought_up_to_date_before(place: Place) -> None:
    needs = place.desk.needs
    assert needs.demand(2).level == Level.MEDIUM
    place.node.chain.rpc.request("evm_increaseTime", 3 * DAY)
    place.node.chain.rpc.request("evm_mine")
    status, plan = place.match("--dry-run")
    assert status == 0 and plan["chain"]["out_of_date"]
    status, plan = place.propose()
    assert status == 0
    assert needs.demand(2).level > Level.MEDIUM
    assert sum(one["score"] for one in plan["proposals"]) == plan["score"]


def test_on_a_quiet_chain_time_has_passed_as_well(place: Place) -> None:
    place.node.chain.rpc.request("evm_increaseTime", 3 * DAY)
    status, plan = place.propose()
    assert status == 0
    assert place.desk.needs.demand(2).level > Level.MEDIUM
    assert sum(one["score"] for one in plan["proposals"]) == plan["score"] > 0


def test_a_small_block_makes_small_proposals(place: Place) -> None:
    room = 500_000
    place.node.chain.rpc.request("evm_setBlockGasLimit", hex(room))
    place.node.chain.rpc.request("evm_mine")
    try:
        status, plan = place.propose()
    finally:
        place.node.chain.rpc.request("evm_setBlockGasLimit", hex(30_000_000))
    assert status == 0
    assert len(plan["proposals"]) > 1
    assert all(one["gas"] < room for one in plan["proposals"])
    assert sum(one["score"] for one in plan["proposals"]) == plan["score"]


def test_what_was_taken_meanwhile_is_refused_and_told(place: Place) -> None:
    desk = place.desk
    market = Board(desk.suite.aid).market(desk.now)
    plan = solve(market).plan
    desk.needs.withdrawDemand(8, sender=key_of("second_hospital"))
    chain = Web3Chain(place.node.rpc)
    told: list[Proposed] = []
    propose(Aidline(chain, place.file), chain, plan, market.demands, key_of("solver"), told.append)
    (refused,) = told
    assert refused.receipt is None and refused.score == 0
    assert isinstance(refused.problem, ContractReverted)
    assert refused.problem.error == "DemandNotOpen"
    assert desk.escrow.allocationCount() == 0


def test_a_recall_is_told_as_the_reason(place: Place) -> None:
    ledger = place.desk.suite.ledger
    for lot in range(1, ledger.lotCount() + 1):
        ledger.recall(lot, keccak(b"torn"), keccak(b"report"), sender=key_of("supplier"))
    status, plan = place.match("--dry-run")
    assert status == 0
    assert plan["lines"] == []
    assert {one["reason"] for one in plan["unmet"]} == {"recalled", "unaudited"}


def test_thresholds_are_those_of_the_chain(place: Place) -> None:
    assert place.match("--dry-run")[1]["chain"]["out_of_date"] == 0
    keeper = key_of("urgency_keeper")
    changed = {"critical": 3 * DAY, "high": 40 * DAY, "medium": 50 * DAY}
    place.desk.needs.setThresholds(changed, sender=keeper)
    status, plan = place.match("--dry-run")
    # two lows are high now, two mediums too, two highs are critical, and so is the unaudited one
    assert status == 0 and plan["chain"]["out_of_date"] == 7
    status, plan = place.propose()
    assert status == 0
    assert plan["totals"]["critical"]["demands"] == 4
    assert sum(one["score"] for one in plan["proposals"]) == plan["score"]


def test_unaudited_demand_goes_through_a_fast_path(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    desk = place.desk
    until = desk.now + 7 * DAY
    desk.needs.openFastPath(PLAN, word("CN-HB"), 60, until, sender=EMERGENCY)
    hospital, other = key_of("second_hospital"), key_of("county_hospital")
    waiting = [
        desk.publish(hospital, units=40, stock=0, emergency=PLAN),
        desk.publish(other, units=45, stock=0, emergency=PLAN),
    ]
    plan = place.match("--dry-run")[1]
    assert not any(line["fast_path"] for line in plan["lines"])  # what is audited takes all
    offer(desk, 1_000)

    status, plan = place.propose()

    assert status == 0
    fast = {line["demand"]: line["units"] for line in plan["lines"] if line["fast_path"]}
    assert fast == {str(waiting[0]): 40, str(waiting[1]): 20}
    assert desk.needs.fastPath(PLAN, word("CN-HB")).used == 60
    assert [desk.needs.demand(number).served for number in waiting] == [40, 20]
    assert sum(one["score"] for one in plan["proposals"]) == plan["score"]
    assert {one["demand"]: one["chain_reason"] for one in plan["unmet"]} == {
        "9": "unaudited",
        str(waiting[1]): "unaudited",
    }
    assert "fast path" in capfd.readouterr().out
    assert place.propose()[1]["lines"] == []


def test_the_chain_says_why_a_demand_stays_open(
    place: Place, capfd: pytest.CaptureFixture[str]
) -> None:
    plan = place.propose()[1]
    assert {one["demand"]: one["chain_reason"] for one in plan["unmet"]} == dict.fromkeys(
        ("1", "2", "5", "6"), "no supply"
    ) | {"9": "unaudited"}
    assert "by the chain: no supply 4, unaudited 1" in capfd.readouterr().out
    assert all("chain_reason" not in one for one in place.match("--dry-run")[1]["unmet"])


@pytest.mark.parametrize("page", [2, 200])
def test_all_offers_are_looked_at_in_pages(
    place: Place, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old offer that would do is found behind newer ones that would not."""
    aid = place.desk.suite.aid
    most = aid.lens.MAX_OFFERS

    class Lens:
        """The lens, with pages of another size."""

        MAX_OFFERS = staticmethod(lambda: min(page, most()))
        whyUnmetAmong = aid.lens.whyUnmetAmong

        class whyUnmet:
            @staticmethod
            def many(wanted: Any) -> Any:
                last = aid.demand.offerCount()
                start = max(1, last - page + 1)
                return aid.lens.whyUnmetAmong.many((*one, start, last) for one in wanted)

    monkeypatch.setitem(aid.__dict__, "lens", Lens)
    for _ in range(3):
        place.desk.escrow.withdrawOffer(offer(place.desk, 5), sender=key_of("supplier"))
    told = why_unmet(aid, [4, 8, 9])
    assert told == {4: Unmet.AVAILABLE, 8: Unmet.AVAILABLE, 9: Unmet.UNAUDITED}
    assert why_unmet(aid, [4], most_calls=0)[4] == (
        Unmet.NO_SUPPLY if page == 2 else Unmet.AVAILABLE
    )


@pytest.mark.parametrize(
    ("arguments", "say"),
    [
        ((), "--dry-run"),
        (("--dry-run", "--demands", "d.csv"), "not both"),
        (("--dry-run", "--account", "k"), "--dry-run"),
    ],
)
def test_options_that_do_not_go_together(
    place: Place, arguments: tuple[str, ...], say: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert place.match(*arguments) == (2, {})
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and say in said


def test_a_stranger_proposes_nothing(
    place: Place, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    block = place.node.chain.block_number()
    stranger = key_of("stranger")
    assert place.match("--account", keystore(tmp_path, stranger)) == (2, {})
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and stranger.address in said and "no active solver" in said
    assert place.node.chain.block_number() == block


def test_a_chain_without_the_deployment(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["match", "--rpc", place.node.rpc, "--dry-run"]) == 2
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and "there is no such file" in said
