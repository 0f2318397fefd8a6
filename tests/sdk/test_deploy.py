"""Deployments, with a small suite whose contracts name each other.

A deployment
├── puts every contract at the address that was planned, naming each other
├── puts every role in its place, leaves the deployer none, closes the factory
├── writes a file that says so, whole, and nothing else
├── called again with its file, does nothing
├── broken off at any step, goes on from there, and ends the same
└── of a plan sends nothing
It refuses, before anything is sent or written
├── a role that nobody holds, that nobody knows, or that the deployer would hold
├── a mock reserve on a chain that is not local, a reserve that is not there
├── on a chain that is not local, a role with too short a delay, or without its guardian
├── a file among the kept deployments, for a local chain
├── a file that holds a deployment on another chain, or one under way by another account
├── arguments that are not the constructor's
└── an account without funds
A constructor that reverts: its own error
The facade
├── connects to the file's contracts
└── refuses another chain, missing contracts, other code, a file that breaks its schema
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aidline.artifacts import artifact
from aidline.client import Aidline, Contract, Receipt, RevmChain, Transaction
from aidline.deploy import (
    SUITE,
    Config,
    Deployment,
    Holders,
    Item,
    RoleSpec,
    Suite,
    default_path,
    deploy,
    plan,
    suite_address,
)
from aidline.errors import (
    CheckFailed,
    ContractReverted,
    DeploymentFileError,
    InsufficientFunds,
    WrongChain,
)
from aidline.keccak import keccak
from aidline.node import AnvilNode
from aidline.signing import Key
from tests.sdk.conftest import START

DEPLOYER, OTHER = Key.derive("deploy", "deployer"), Key.derive("deploy", "other")
GOVERNOR, KEEPER = Key.derive("deploy", "governor"), Key.derive("deploy", "keeper")


def probe(name: str, other: str, first: int) -> Item:
    arguments = {"accessManager": "@AccessManager", "other": other, "first": first}
    return Item(name, arguments, artifact="Probe")


SMALL = Suite(
    items=(
        Item("AccessManager", {"initialAdmin": "@deployer"}),
        Item("ReserveToken", mock=True),
        probe("First", "@Second", 7),
        probe("Second", "@First", 8),
        probe("Third", "@reserve", 9),
    ),
    roles=(
        RoleSpec("administrator", 0),
        RoleSpec("guardian", 1, required=False),
        RoleSpec("keeper", 2, {"First": ("guarded",), "Second": ("guarded",)}, guardian="guardian"),
    ),
)
CONFIG = Config(
    roles={
        "administrator": Holders((GOVERNOR.address,), 3_600),
        "keeper": Holders((KEEPER.address, OTHER.address)),
    }
)


class Flaky(RevmChain):
    """A chain whose connection breaks when told to: before or after a transaction is mined."""

    def __init__(self) -> None:
        super().__init__(timestamp=START)
        self.sent = 0
        self.breaks: Callable[[int], str] = lambda number: ""

    def send(self, transaction: Transaction) -> Receipt:
        self.sent += 1
        when = self.breaks(self.sent)
        if when == "before":
            raise KeyboardInterrupt
        receipt = super().send(transaction)
        if when == "after":
            raise KeyboardInterrupt
        return receipt


@pytest.fixture
def chain() -> Flaky:
    return Flaky()


def named(chain: RevmChain, deployment: Deployment, name: str) -> Contract:
    compiled = name if name == "AccessManager" else "Probe"
    address = deployment.contracts[name].address
    return Contract(chain, name, address, artifact(compiled).abi)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# -- what it does


def test_every_contract_stands_where_planned(chain: Flaky) -> None:
    planned = plan(chain, DEPLOYER, CONFIG, suite=SMALL)
    assert chain.sent == 0
    assert [step.name for step in planned.steps] == [
        "SuiteFactory",
        *[item.name for item in SMALL.items],
        "roles",
        "close the factory",
    ]
    made = deploy(chain, DEPLOYER, CONFIG, suite=SMALL)
    assert {step.name: step.address for step in planned.steps[1:-2]} == {
        name: place.address for name, place in made.contracts.items()
    }
    assert planned.steps[0].address == made.factory
    assert not any(step.done for step in planned.steps)
    first, second = named(chain, made, "First"), named(chain, made, "Second")
    assert (first.other(), second.other()) == (second.address, first.address)
    assert (first.count(), second.count()) == (7, 8)
    assert named(chain, made, "Third").other() == made.contracts["ReserveToken"].address
    assert first.authority() == made.contracts["AccessManager"].address


@pytest.mark.node
def test_the_planned_gas_is_a_little_more_than_what_is_spent(
    node: AnvilNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles = [role.name for role in SUITE.roles]
    config = Config.one_governor(GOVERNOR.address, roles)
    planned = plan(node.chain, DEPLOYER, config)
    spent = []
    send = node.chain.send

    def count(transaction: Transaction) -> Receipt:
        receipt = send(transaction)
        spent.append(receipt.gas_used)
        return receipt

    monkeypatch.setattr(node.chain, "send", count)
    made = deploy(node.chain, DEPLOYER, config)
    assert len(spent) == len(planned.steps)
    for step, used in zip(planned.steps, spent, strict=True):
        assert used <= step.gas <= 1.5 * used, step
    assert planned.gas == sum(step.gas for step in planned.steps) <= 1.2 * sum(spent)
    assert [step.address for step in planned.steps[1:-2]] == [
        place.address for place in made.contracts.values()
    ]


def test_every_role_is_in_its_place_and_the_deployer_has_none(chain: Flaky) -> None:
    made = deploy(chain, DEPLOYER, CONFIG, suite=SMALL)
    access = named(chain, made, "AccessManager")
    first = named(chain, made, "First")
    for role in SMALL.roles:
        assert not access.hasRole(role.id, DEPLOYER).is_member
    governor = access.hasRole(0, GOVERNOR)
    assert (governor.is_member, governor.execution_delay) == (True, 3_600)
    assert access.hasRole(2, OTHER).is_member and access.hasRole(2, KEEPER).is_member
    assert access.getRoleGuardian(2) == 1
    assert [event.args.label for event in access.events("RoleLabel")] == ["guardian", "keeper"]
    first.guarded(sender=KEEPER)
    assert first.count() == 8
    for person in (DEPLOYER, GOVERNOR):
        with pytest.raises(ContractReverted, match="AccessManagedUnauthorized"):
            first.guarded(sender=person)
    with pytest.raises(ContractReverted, match="AccessManagerUnauthorizedAccount"):
        access.grantRole(2, DEPLOYER, 0, sender=DEPLOYER)
    factory = Contract(chain, "SuiteFactory", made.factory, artifact("SuiteFactory").abi)
    assert factory.closed()
    with pytest.raises(ContractReverted, match="FactoryIsClosed"):
        factory.deploy(b"Late".ljust(32, b"\0"), b"\0", sender=DEPLOYER)


def test_the_file_says_what_stands(chain: Flaky, tmp_path: Path) -> None:
    out = tmp_path / "new folder" / "here.json"
    told: list[tuple[str, int, int]] = []
    made = deploy(
        chain,
        DEPLOYER,
        CONFIG,
        out=out,
        suite=SMALL,
        progress=lambda *step: told.append(step),
    )
    assert files(out.parent) == ["here.json"]
    assert Deployment.load(out) == made
    record = json.loads(out.read_text())
    assert record["schema"] == "aidline/deployment/1"
    assert record["roles"]["keeper"]["accounts"] == [KEEPER.address, OTHER.address]
    for place in made.contracts.values():
        assert keccak(chain.code(place.address)) == place.code_hash
    assert (made.block, made.deployer, made.chain_id) == (1, DEPLOYER.address, 31337)
    assert [step[1] for step in told] == list(range(1, 9))
    assert {step[2] for step in told} == {8}


def test_called_again_it_does_nothing(chain: Flaky, tmp_path: Path) -> None:
    out = tmp_path / "here.json"
    made = deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL)
    sent, content = chain.sent, out.read_bytes()
    assert deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL) == made
    assert (chain.sent, out.read_bytes()) == (sent, content)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", range(1, 9))
def test_broken_off_at_any_step_it_goes_on(
    chain: Flaky, tmp_path: Path, step: int, when: str
) -> None:
    out = tmp_path / "here.json"
    planned = plan(chain, DEPLOYER, CONFIG, suite=SMALL)
    chain.breaks = lambda number: when if number == step else ""
    with pytest.raises(KeyboardInterrupt):
        deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL)
    assert files(tmp_path) == ["here.json.partial"]
    again = plan(chain, DEPLOYER, CONFIG, out=out, suite=SMALL)
    mined = step if when == "after" else step - 1
    assert [entry.done for entry in again.steps] == [n < mined for n in range(8)]
    chain.breaks = lambda number: ""
    chain.sent = 0
    made = deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL)
    assert chain.sent == 8 - mined
    assert files(tmp_path) == ["here.json"]
    assert [place.address for place in made.contracts.values()] == [
        entry.address for entry in planned.steps[1:-2]
    ]
    assert Deployment.load(out) == made


def test_broken_off_before_its_file_was_written_it_writes_it(
    chain: Flaky, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "here.json"

    def full(self: Deployment, path: object) -> None:
        raise OSError("no space left on the device")

    with monkeypatch.context() as broken:
        broken.setattr(Deployment, "save", full)
        with pytest.raises(OSError, match="no space"):
            deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL)
    sent = chain.sent
    made = deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL)
    assert chain.sent == sent
    assert Deployment.load(out) == made
    assert made.block == 1


def test_a_local_chain_that_began_anew_is_deployed_to_anew(tmp_path: Path) -> None:
    out = tmp_path / "here.json"
    old, new = Flaky(), Flaky()
    made = deploy(old, DEPLOYER, CONFIG, out=out, suite=SMALL)
    again = deploy(new, DEPLOYER, CONFIG, out=out, suite=SMALL)
    assert new.sent == 8
    assert again == made  # the same account, the same nonce
    new.breaks = lambda number: "after" if number == 12 else ""
    other = tmp_path / "there.json"
    with pytest.raises(KeyboardInterrupt):
        deploy(new, OTHER, CONFIG_OTHER, out=other, suite=SMALL)
    newest = Flaky()  # the broken-off one is gone with its chain
    deploy(newest, OTHER, CONFIG_OTHER, out=other, suite=SMALL)
    assert newest.sent == 8


CONFIG_OTHER = replace(CONFIG, roles={**CONFIG.roles, "keeper": Holders((KEEPER.address,))})


# -- what it refuses


def refuse(chain: Flaky, folder: Path, said: str, error: type[Exception], **changes: Any) -> None:
    """Expect a refusal that sends nothing and leaves no file."""
    arguments: dict[str, Any] = {"out": folder / "here.json", "suite": SMALL, **changes}
    account = arguments.pop("account", DEPLOYER)
    config = arguments.pop("config", CONFIG)
    with pytest.raises(error, match=said) as caught:
        deploy(chain, account, config, **arguments)
    assert "\n" not in str(caught.value)
    assert chain.sent == 0
    assert files(folder) == []


def test_refuses_a_role_that_nobody_holds(chain: Flaky, tmp_path: Path) -> None:
    roles = {"administrator": Holders((GOVERNOR.address,)), "keeper": Holders(())}
    refuse(
        chain,
        tmp_path,
        "nobody holds the role keeper",
        DeploymentFileError,
        config=Config(roles=roles),
    )


def test_refuses_a_role_that_nobody_knows(chain: Flaky, tmp_path: Path) -> None:
    config = Config(roles={**CONFIG.roles, "king": Holders((GOVERNOR.address,))})
    refuse(
        chain, tmp_path, "no role king; roles are administrator", DeploymentFileError, config=config
    )


def test_refuses_the_deployer_as_a_holder(chain: Flaky, tmp_path: Path) -> None:
    refuse(chain, tmp_path, "may not hold the role keeper", DeploymentFileError, account=OTHER)


def test_refuses_a_reserve_that_is_not_there(chain: Flaky, tmp_path: Path) -> None:
    config = replace(CONFIG, reserve=OTHER.address)
    refuse(chain, tmp_path, "there is no token at", WrongChain, config=config)


def test_refuses_a_mock_reserve_on_a_chain_that_is_not_local(tmp_path: Path) -> None:
    chain = Flaky()
    chain._chain_id = 1
    refuse(chain, tmp_path, "chain 1 is not a local chain", DeploymentFileError)
    made = deploy(chain, DEPLOYER, replace(CONFIG, simulated=True), suite=SMALL)
    assert "ReserveToken" in made.contracts


def _at_stake(chain: Flaky) -> Config:
    """Return the configuration for a chain that is not local, which has a reserve."""
    receipt = chain.send(Transaction(OTHER, None, artifact("ReserveToken").bytecode)).check()
    assert receipt.contract_address is not None
    chain._chain_id = 1
    chain.sent = 0
    roles = {**CONFIG.roles, "guardian": Holders((OTHER.address,))}
    return replace(CONFIG, roles=roles, reserve=receipt.contract_address)


def test_refuses_power_without_notice_where_something_is_at_stake(
    chain: Flaky, tmp_path: Path
) -> None:
    config = _at_stake(chain)
    hasty = replace(SMALL.roles[0], least_delay=3_601)
    suite = replace(SMALL, roles=(hasty, *SMALL.roles[1:]))
    said = "the role administrator would act after 3600 s: .* a delay of 3601 s or more"
    refuse(chain, tmp_path, said, DeploymentFileError, config=config, suite=suite)
    suite = replace(SMALL, roles=(replace(hasty, least_delay=3_600), *SMALL.roles[1:]))
    assert deploy(chain, DEPLOYER, config, suite=suite).chain_id == 1


def test_refuses_power_that_nobody_can_stop_where_something_is_at_stake(
    chain: Flaky, tmp_path: Path
) -> None:
    config = _at_stake(chain)
    config = replace(config, roles=CONFIG.roles)
    said = "nobody holds the role guardian, which cancels what keeper announces"
    refuse(chain, tmp_path, said, DeploymentFileError, config=config)


def test_the_roles_that_reach_money_act_with_notice() -> None:
    notice = {role.name: role.least_delay for role in SUITE.roles if role.least_delay}
    day = 86_400
    assert notice == {
        "administrator": 2 * day,
        "reinstater": day,
        "indicator_keeper": day,
        "planner": day,
        "urgency_keeper": 2 * day,
    }
    stopped = {role.name for role in SUITE.roles if role.guardian == "guardian"}
    assert {"reinstater", "indicator_keeper", "planner", "urgency_keeper"} <= stopped


def test_takes_a_reserve_that_is_there(chain: Flaky) -> None:
    token = chain.send(Transaction(OTHER, None, artifact("ReserveToken").bytecode))
    assert token.contract_address is not None
    config = replace(CONFIG, reserve=token.contract_address)
    made = deploy(chain, DEPLOYER, config, suite=SMALL)
    assert "ReserveToken" not in made.contracts
    assert named(chain, made, "Third").other() == token.contract_address


def test_refuses_to_keep_a_local_deployment(chain: Flaky, tmp_path: Path) -> None:
    (tmp_path / "brownie-config.yaml").touch()
    kept = tmp_path / "deployments"
    kept.mkdir()
    with pytest.raises(DeploymentFileError, match="not kept in deployments/"):
        deploy(chain, DEPLOYER, CONFIG, out=kept / "31337.json", suite=SMALL)
    assert files(kept) == []
    assert default_path(31337) == Path("reports/deployments/31337.json")
    assert default_path(5) == Path("deployments/5.json")


def test_refuses_a_file_of_another_chain(chain: Flaky, tmp_path: Path) -> None:
    out = tmp_path / "here.json"
    made = deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL)
    replace(made, chain_id=7).save(out)
    with pytest.raises(DeploymentFileError, match="holds a deployment on chain 7"):
        deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL)


def test_refuses_one_under_way_by_another_account(chain: Flaky, tmp_path: Path) -> None:
    out = tmp_path / "here.json"
    chain.breaks = lambda number: "after" if number == 3 else ""
    with pytest.raises(KeyboardInterrupt):
        deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL)
    with pytest.raises(DeploymentFileError, match=f"belongs to the account {DEPLOYER.address}"):
        deploy(chain, OTHER, CONFIG_OTHER, out=out, suite=SMALL)
    assert chain.sent == 3
    (tmp_path / "here.json.partial").write_text("{}")
    with pytest.raises(DeploymentFileError, match="not a deployment under way"):
        deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL)


def test_refuses_arguments_that_are_not_the_constructors(chain: Flaky, tmp_path: Path) -> None:
    items = (SMALL.items[0], Item("First", {"accessManager": "@AccessManager"}, "Probe"))
    suite = Suite(items, SMALL.roles[:1])
    config = Config(roles={"administrator": Holders((GOVERNOR.address,))}, reserve="mock")
    refuse(
        chain,
        tmp_path,
        r"constructor of First takes \(accessManager, other, first\)",
        DeploymentFileError,
        suite=suite,
        config=config,
    )


def test_refuses_an_account_without_funds(tmp_path: Path) -> None:
    chain = Flaky()
    chain.gas_price = lambda: 10**9  # type: ignore[method-assign]
    refuse(chain, tmp_path, f"account {DEPLOYER.address} holds 0 wei", InsufficientFunds)


def test_refuses_to_go_on_with_other_code(chain: Flaky, tmp_path: Path) -> None:
    out = tmp_path / "here.json"
    chain.breaks = lambda number: "after" if number == 4 else ""
    with pytest.raises(KeyboardInterrupt):
        deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL)
    items = [
        Item("First", {"initialAdmin": "@deployer"}, "AccessManager") if n == 2 else item
        for n, item in enumerate(SMALL.items)
    ]
    with pytest.raises(CheckFailed, match="is not that of First as compiled here"):
        deploy(chain, DEPLOYER, CONFIG, out=out, suite=replace(SMALL, items=tuple(items)))


def test_reads_back_who_may_cancel_what(chain: Flaky, tmp_path: Path) -> None:
    out = tmp_path / "here.json"
    chain.breaks = lambda number: "after" if number == len(SMALL.items) + 3 else ""
    with pytest.raises(KeyboardInterrupt):
        deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL)
    unguarded = replace(SMALL.roles[2], guardian="")
    with pytest.raises(CheckFailed, match="keeper is not under the guardian asked for"):
        deploy(
            chain,
            DEPLOYER,
            CONFIG,
            out=out,
            suite=replace(SMALL, roles=(*SMALL.roles[:2], unguarded)),
        )
    assert deploy(chain, DEPLOYER, CONFIG, out=out, suite=SMALL).factory


def test_a_constructor_that_reverts_is_named_with_its_error(chain: Flaky, tmp_path: Path) -> None:
    items = (*SMALL.items[:4], probe("Third", "@First", 100))
    with pytest.raises(ContractReverted) as caught:
        deploy(chain, DEPLOYER, CONFIG, suite=replace(SMALL, items=items))
    assert (caught.value.contract, caught.value.function) == ("Third", "constructor")
    assert (caught.value.error, caught.value.fields) == ("TooMany", {"given": 100, "most": 99})


def test_a_configuration_is_read_and_checked(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    record = {
        "schema": "aidline/deployment-config/1",
        "reserve": "mock",
        "roles": {"keeper": {"accounts": [KEEPER.address.lower()], "delay": 60}},
    }
    file.write_text(json.dumps(record))
    assert Config.load(file) == Config(roles={"keeper": Holders((KEEPER.address,), 60)})
    record["roles"] = {"keeper": {"accounts": ["0x12"]}}
    file.write_text(json.dumps(record))
    with pytest.raises(DeploymentFileError, match=r"config\.json: roles\.keeper\.accounts\[0\]"):
        Config.load(file)
    file.write_text("{")
    with pytest.raises(DeploymentFileError, match=r"config\.json, line 1, column 2: not JSON"):
        Config.load(file)
    with pytest.raises(DeploymentFileError, match="there is no such file"):
        Config.load(tmp_path / "absent.json")


# -- the facade

MANAGER_ONLY = Suite(SMALL.items[:2], SMALL.roles[:1])
GOVERNED = Config(roles={"administrator": Holders((GOVERNOR.address,))})


def test_the_facade_reaches_the_contracts_of_the_file(chain: Flaky, tmp_path: Path) -> None:
    out = tmp_path / "here.json"
    made = deploy(chain, DEPLOYER, GOVERNED, out=out, suite=MANAGER_ONLY)
    aidline = Aidline(chain, out)
    assert aidline.access.hasRole(0, GOVERNOR).is_member
    assert aidline.reserve.address == made.contracts["ReserveToken"].address
    assert [event.name for event in aidline.history()][:1] == ["RoleGranted"]
    assert aidline.domain(aidline.access).name == "Aidline AccessManager"
    with pytest.raises(WrongChain, match="has no FreightEscrow"):
        assert aidline.freight


def test_the_facade_refuses_what_does_not_fit(chain: Flaky, tmp_path: Path) -> None:
    made = deploy(chain, DEPLOYER, GOVERNED, suite=MANAGER_ONLY)
    with pytest.raises(WrongChain, match="on chain 5, the node is on chain 31337"):
        Aidline(chain, replace(made, chain_id=5))
    with pytest.raises(WrongChain, match="AccessManager is not at"):
        Aidline(Flaky(), made)
    changed = replace(made.contracts["AccessManager"], code_hash=bytes(32))
    with pytest.raises(WrongChain, match="is not that of AccessManager"):
        Aidline(chain, replace(made, contracts={"AccessManager": changed}))
    bad = tmp_path / "bad.json"
    record = made.record()
    del record["contracts"]["AccessManager"]["address"]
    bad.write_text(json.dumps(record))
    with pytest.raises(DeploymentFileError, match=r"contracts\.AccessManager: 'address'"):
        Aidline(chain, bad)


def test_addresses_depend_on_the_factory_and_the_name_alone(chain: Flaky) -> None:
    made = deploy(chain, DEPLOYER, CONFIG, suite=SMALL)
    factory = Contract(chain, "SuiteFactory", made.factory, artifact("SuiteFactory").abi)
    for name in ("First", "AccessManager", "Never"):
        expected = factory.addressOf(name.encode().ljust(32, b"\0"))
        assert suite_address(made.factory, name) == expected
