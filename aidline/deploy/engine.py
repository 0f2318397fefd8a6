"""Carries a deployment out, step by step, and goes on where it broke off.

The factory's address is written to ``<file>.partial`` before the factory is made; every contract's
address follows from it and from the contract's name. A step whose code is there is done. All of the
roles are set, and the deployer's own given up, in one transaction. The deployment file is written
last, when everything has been read back from the chain.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aidline.artifacts import Artifact, artifact
from aidline.client.abi import AbiBook, encode_constructor
from aidline.client.chain import Chain, Transaction
from aidline.client.contract import Contract, new_book
from aidline.client.deployment import Deployed, Deployment, Holders
from aidline.deploy.config import LOCAL_CHAINS, Config, check_target
from aidline.deploy.suite import SUITE, Item, Suite
from aidline.errors import (
    CheckFailed,
    ContractReverted,
    DeploymentFileError,
    EnvironmentProblem,
    InsufficientFunds,
    WrongChain,
)
from aidline.files import read_json, write_json
from aidline.keccak import checksum_address, keccak
from aidline.signing import Signer

__all__ = ["Plan", "Step", "deploy", "plan", "suite_address"]

Progress = Callable[[str, int, int], None]

_FACTORY = "SuiteFactory"
_SLOT = "SuiteSlot"
_ADMIN = 0
_ROLES_GAS = 35_000  # for each call that sets a role
_CLOSE_GAS = 60_000


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a deployment.

    Attributes:
        name: What is made or done.
        address: Where it stands or will stand; empty for a step that makes nothing.
        gas: Gas that it may take, at a rough estimate.
        done: Whether it has been done before.
    """

    name: str
    address: str
    gas: int
    done: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deployment would do now.

    Attributes:
        chain_id: The chain.
        deployer: Who would send and pay.
        steps: The steps in their order.
        gas_price: What a unit of gas would cost now, wei.
    """

    chain_id: int
    deployer: str
    steps: tuple[Step, ...]
    gas_price: int

    @property
    def gas(self) -> int:
        """Gas that is still to be spent, at a rough estimate."""
        return sum(step.gas for step in self.steps if not step.done)

    @property
    def cost(self) -> int:
        """Wei that are still to be spent, at a rough estimate."""
        return self.gas * self.gas_price


def suite_address(factory: str, name: str) -> str:
    """Return the address that a factory gives to a name, whether anything stands there or not."""
    slot_hash = keccak(artifact(_SLOT).bytecode)
    slot = keccak(b"\xff" + bytes.fromhex(factory[2:]) + _name(name) + slot_hash)[12:]
    return checksum_address(keccak(b"\xd6\x94" + slot + b"\x01")[12:])


def plan(
    chain: Chain,
    account: Signer,
    config: Config,
    *,
    out: str | os.PathLike[str] | None = None,
    suite: Suite = SUITE,
) -> Plan:
    """Return what :func:`deploy` would do, without sending anything.

    Where no broken-off deployment is found, addresses follow from the account's next nonce.
    """
    return _Run(chain, account, config, out, suite).plan()


def deploy(
    chain: Chain,
    account: Signer,
    config: Config,
    *,
    out: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    suite: Suite = SUITE,
) -> Deployment:
    """Make the contracts, set the roles, write the deployment file.

    Args:
        chain: The chain.
        account: Who sends and pays; holds no role in the end.
        config: Who governs, and the reserve.
        out: The deployment file. Without it nothing is written and nothing can be resumed.
        progress: Called before each step with its name, its number from 1, and their number.
        suite: What to deploy.

    Returns:
        The deployment. Where ``out`` holds one that stands on this chain, that one.

    Raises:
        DeploymentFileError: The configuration does not fit the suite, or ``out`` must not be used.
        InsufficientFunds: The account cannot pay for it; nothing has been sent.
        ContractReverted: A constructor refused.
        CheckFailed: What stands on the chain in the end is not what was asked for.
    """
    run = _Run(chain, account, config, out, suite)
    standing = run.standing()
    return run.carry_out(progress) if standing is None else standing


def _name(name: str) -> bytes:
    raw = name.encode("ascii")
    if len(raw) > 32:
        raise DeploymentFileError(f"{name} is longer than 32 characters")
    return raw.ljust(32, b"\0")


def _create_address(sender: str, nonce: int) -> str:
    digits = b"" if nonce == 0 else nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    encoded = (
        digits if len(digits) == 1 and digits[0] < 0x80 else bytes([0x80 + len(digits)]) + digits
    )
    body = b"\x94" + bytes.fromhex(sender[2:]) + encoded
    return checksum_address(keccak(bytes([0xC0 + len(body)]) + body)[12:])


class _Run:
    """One deployment under way."""

    def __init__(
        self,
        chain: Chain,
        account: Signer,
        config: Config,
        out: str | os.PathLike[str] | None,
        suite: Suite,
    ) -> None:
        self.chain = chain
        self.account = account
        self.config = config
        self.suite = suite
        self.chain_id = chain.chain_id()
        self.out = None if out is None else Path(out)
        self.book: AbiBook = new_book()
        self.block = 0
        self._check_config()
        if self.out is not None:
            check_target(self.out, self.chain_id)
        mock = config.reserve == "mock"
        self.items = [item for item in suite.items if mock or not item.mock]

    # -- what was asked for

    def _check_config(self) -> None:
        known = {role.name: role for role in self.suite.roles}
        for name in self.config.roles:
            if name not in known:
                raise DeploymentFileError(f"there is no role {name}; roles are {', '.join(known)}")
        for role in self.suite.roles:
            held = self.config.roles.get(role.name)
            if role.required and (held is None or not held.accounts):
                raise DeploymentFileError(f"nobody holds the role {role.name}: name an account")
            if held is not None and self.account.address in held.accounts:
                raise DeploymentFileError(
                    f"the deploying account {self.account.address} may not hold the role "
                    f"{role.name}: name another account"
                )
        if self.config.reserve == "mock":
            if self.chain_id not in LOCAL_CHAINS and not self.config.simulated:
                raise DeploymentFileError(
                    f"chain {self.chain_id} is not a local chain: name the reserve token instead "
                    'of "mock", which anyone could mint'
                )
        elif not self.chain.code(self.config.reserve):
            raise WrongChain(
                f"there is no token at {self.config.reserve} on chain {self.chain_id}: "
                "name the reserve token of this chain"
            )
        if self.chain_id not in LOCAL_CHAINS and not self.config.simulated:
            self._check_notice()

    def _check_notice(self) -> None:
        """Where something is at stake, power acts with notice and somebody can cancel it."""
        for role in self.suite.roles:
            held = self.config.roles.get(role.name, Holders(()))
            if held.accounts and held.delay < role.least_delay:
                raise DeploymentFileError(
                    f"the role {role.name} would act after {held.delay} s: on a chain that is not "
                    f"local give it a delay of {role.least_delay} s or more"
                )
            if role.guardian and not self.config.roles.get(role.guardian, Holders(())).accounts:
                raise DeploymentFileError(
                    f"nobody holds the role {role.guardian}, which cancels what {role.name} "
                    "announces: name an account"
                )

    # -- where things stand

    @property
    def partial(self) -> Path | None:
        """The file that remembers a deployment under way."""
        return None if self.out is None else self.out.with_name(f"{self.out.name}.partial")

    def standing(self) -> Deployment | None:
        """Return the deployment that ``out`` holds, when it stands on this chain."""
        if self.out is None or not self.out.exists():
            return None
        held = Deployment.load(self.out)
        if held.chain_id != self.chain_id:
            raise DeploymentFileError(
                f"holds a deployment on chain {held.chain_id}, the node is on chain "
                f"{self.chain_id}: name another file",
                path=self.out,
            )
        there = [keccak(self.chain.code(c.address)) == c.code_hash for c in held.contracts.values()]
        if all(there):
            return held
        if self.chain_id not in LOCAL_CHAINS:
            raise DeploymentFileError(
                "holds a deployment whose contracts are not on this node: name another file",
                path=self.out,
            )
        return None  # a local chain that has ended; its file is of no use

    def resumed_factory(self) -> str | None:
        """Return the factory of a broken-off deployment, when it stands and is open or ours."""
        partial = self.partial
        if partial is None or not partial.exists():
            return None
        record = read_json(partial, error=DeploymentFileError)
        if not isinstance(record, dict) or not isinstance(record.get("factory"), str):
            raise DeploymentFileError("not a deployment under way: remove it", path=partial)
        if record.get("chain_id") != self.chain_id:
            raise DeploymentFileError(
                f"a deployment on chain {record.get('chain_id')} is under way in this file, the "
                f"node is on chain {self.chain_id}: name another file, or remove this one",
                path=partial,
            )
        factory: str = record["factory"]
        if not artifact(_FACTORY).is_code(self.chain.code(factory)):
            return None  # its transaction was not mined
        deployer = self.contract(_FACTORY, factory).deployer()
        if deployer != self.account.address:
            raise DeploymentFileError(
                f"the deployment under way belongs to the account {deployer}: go on with that "
                "account, name another file, or remove this one",
                path=partial,
            )
        self.block = int(record["block"])
        return factory

    def contract(self, compiled: str, address: str, name: str = "") -> Contract:
        """Return a handle."""
        return Contract(self.chain, name or compiled, address, artifact(compiled).abi, self.book)

    def init_code(self, item: Item, factory: str) -> bytes:
        """Return the creation code of a contract, its constructor's arguments encoded."""
        compiled = artifact(item.compiled)
        if not compiled.bytecode:
            raise DeploymentFileError(f"{item.compiled} cannot be deployed: it has no code")
        wanted: list[dict[str, Any]] = next(
            (entry["inputs"] for entry in compiled.abi if entry["type"] == "constructor"), []
        )
        names = [entry["name"].strip("_") for entry in wanted]
        if sorted(names) != sorted(item.arguments):
            raise DeploymentFileError(
                f"the constructor of {item.name} takes ({', '.join(names)}), the suite gives "
                f"({', '.join(item.arguments)})"
            )
        values = [self.resolve(item.arguments[name], factory) for name in names]
        return compiled.bytecode + encode_constructor(compiled.abi, values, item.name)

    def resolve(self, value: object, factory: str) -> object:
        """Return an argument with the name of a contract replaced by its address."""
        if not isinstance(value, str) or not value.startswith("@"):
            return value
        name = value[1:]
        if name == "deployer":
            return self.account.address
        if name == "reserve":
            mock = next((item.name for item in self.items if item.mock), None)
            return self.config.reserve if mock is None else suite_address(factory, mock)
        if all(item.name != name for item in self.suite.items):
            raise DeploymentFileError(f"the suite refers to {name}, which it does not have")
        return suite_address(factory, name)

    def is_there(self, item: Item, address: str) -> bool:
        """Say whether a contract stands.

        Raises:
            CheckFailed: Another contract stands in its place.
        """
        code = self.chain.code(address)
        if not code:
            return False
        if not artifact(item.compiled).is_code(code):
            raise CheckFailed(
                f"the code at {address} is not that of {item.name} as compiled here: finish the "
                "deployment with the version that began it, or begin another in another file"
            )
        return True

    # -- what is to be done

    def role_calls(self, factory: str) -> list[bytes]:
        """Return the calls that put every role in its place and take the deployer's away."""
        manager = self.contract("AccessManager", suite_address(factory, self.suite.manager))
        numbers = {role.name: role.id for role in self.suite.roles}
        calls = []
        for role in self.suite.roles:
            if role.id != _ADMIN:
                calls.append(manager.call_data("labelRole", role.id, role.name))
            if role.guardian:
                calls.append(manager.call_data("setRoleGuardian", role.id, numbers[role.guardian]))
            for target, functions in role.functions.items():
                handle = self.contract(
                    self.item(target).compiled, suite_address(factory, target), target
                )
                selectors = [handle[function].codec.selector for function in functions]
                calls.append(
                    manager.call_data("setTargetFunctionRole", handle.address, selectors, role.id)
                )
            held = self.config.roles.get(role.name, Holders(()))
            for holder in held.accounts:
                calls.append(manager.call_data("grantRole", role.id, holder, held.delay))
        calls.append(manager.call_data("renounceRole", _ADMIN, self.account.address))
        return calls

    def item(self, name: str) -> Item:
        """Return the contract of a name."""
        for item in self.suite.items:
            if item.name == name:
                return item
        raise DeploymentFileError(f"the suite refers to {name}, which it does not have")

    def plan(self) -> Plan:
        """Return what would be done now."""
        factory = self.resumed_factory()
        made = factory is not None
        if factory is None:
            factory = _create_address(self.account.address, self.nonce())
        steps = [Step(_FACTORY, factory, _creation_gas(artifact(_FACTORY), b""), made)]
        for item in self.items:
            address = suite_address(factory, item.name)
            code = self.init_code(item, factory)
            gas = _creation_gas(artifact(item.compiled), code) + 150_000  # the slot
            steps.append(Step(item.name, address, gas, made and self.is_there(item, address)))
        calls = self.role_calls(factory)
        steps.append(Step("roles", "", _ROLES_GAS * len(calls), made and self.roles_set(factory)))
        closed = made and bool(self.contract(_FACTORY, factory).closed())
        steps.append(Step("close the factory", "", _CLOSE_GAS, closed))
        return Plan(self.chain_id, self.account.address, tuple(steps), self.chain.gas_price())

    def nonce(self) -> int:
        """Return the account's next nonce."""
        return self.chain.nonce(self.account.address)

    def roles_set(self, factory: str) -> bool:
        """Say whether the roles have been set: the deployer has given up its own."""
        address = suite_address(factory, self.suite.manager)
        if not self.chain.code(address):
            return False
        manager = self.contract("AccessManager", address)
        return not manager.hasRole(_ADMIN, self.account.address).is_member

    # -- doing it

    def carry_out(self, progress: Progress | None) -> Deployment:
        """Do what is left to do."""
        todo = self.plan()
        held = self.chain.balance(self.account.address)
        if todo.gas_price and held < todo.cost:
            raise InsufficientFunds(
                f"the account {self.account.address} holds {held} wei, the deployment may cost "
                f"{todo.cost} wei ({todo.gas} gas at {todo.gas_price} wei): put more on it"
            )
        total = len(todo.steps)

        def tell(number: int) -> None:
            if progress is not None:
                progress(todo.steps[number].name, number + 1, total)

        tell(0)
        address = self.make_factory(todo.steps[0])
        factory = self.contract(_FACTORY, address)
        for number, item in enumerate(self.items, 1):
            tell(number)
            if not todo.steps[number].done:
                self.make(factory, item)
        tell(total - 2)
        if not self.roles_set(address):
            manager = self.contract("AccessManager", suite_address(address, self.suite.manager))
            manager.multicall(self.role_calls(address), sender=self.account)
        tell(total - 1)
        if not factory.closed():
            factory.close(sender=self.account)
        deployment = self.check(address)
        if self.out is not None:
            deployment.save(self.out)
            if self.partial is not None:
                self.partial.unlink(missing_ok=True)
        return deployment

    def make_factory(self, step: Step) -> str:
        """Make the factory, remembering beforehand where it will stand."""
        if step.done:
            return step.address
        self.block = self.chain.block_number()
        if self.partial is not None:
            write_json(
                self.partial,
                {"chain_id": self.chain_id, "factory": step.address, "block": self.block},
            )
        receipt = self.chain.send(
            Transaction(
                self.account,
                None,
                artifact(_FACTORY).bytecode,
                contract=_FACTORY,
                function="constructor",
                interpreter=self.book,
            )
        ).check()
        address = receipt.contract_address
        if address is None:
            raise EnvironmentProblem("the node says that it made no contract")
        self.block = receipt.block_number
        if self.partial is not None:
            write_json(
                self.partial,
                {"chain_id": self.chain_id, "factory": address, "block": self.block},
            )
        return address

    def make(self, factory: Contract, item: Item) -> None:
        """Make one contract."""
        try:
            factory.deploy(
                _name(item.name), self.init_code(item, factory.address), sender=self.account
            )
        except ContractReverted as refused:
            if refused.error == "AlreadyDeployed":
                return  # by a transaction of the run that broke off
            if refused.error == "DeploymentFailed":
                raise self.book.error(
                    refused.fields["reason"],
                    contract=item.name,
                    function="constructor",
                    tx_hash=refused.tx_hash,
                ) from None
            raise

    def check(self, address: str) -> Deployment:
        """Read everything back from the chain.

        Raises:
            CheckFailed: It is not what was asked for.
        """
        contracts: dict[str, Deployed] = {}
        for item in self.items:
            place = suite_address(address, item.name)
            if not self.is_there(item, place):
                raise CheckFailed(f"{item.name} is missing at {place}")
            contracts[item.name] = Deployed(place, keccak(self.chain.code(place)))
        if not self.contract(_FACTORY, address).closed():
            raise CheckFailed(f"the factory {address} is not closed")
        manager = self.contract("AccessManager", contracts[self.suite.manager].address)
        numbers = {role.name: role.id for role in self.suite.roles}
        roles: dict[str, tuple[int, Holders]] = {}
        for role in self.suite.roles:
            if manager.hasRole(role.id, self.account.address).is_member:
                raise CheckFailed(f"the deployer still holds the role {role.name}")
            guardian = numbers.get(role.guardian, _ADMIN)
            if role.id != _ADMIN and manager.getRoleGuardian(role.id) != guardian:
                raise CheckFailed(f"{role.name} is not under the guardian asked for")
            held = self.config.roles.get(role.name, Holders(()))
            for account in held.accounts:
                found = manager.hasRole(role.id, account)
                if not found.is_member or found.execution_delay != held.delay:
                    raise CheckFailed(f"{account} does not hold the role {role.name} as asked for")
            for target, functions in role.functions.items():
                handle = self.contract(
                    self.item(target).compiled, contracts[target].address, target
                )
                for function in functions:
                    selector = handle[function].codec.selector
                    if manager.getTargetFunctionRole(handle.address, selector) != role.id:
                        raise CheckFailed(f"{target}.{function} is not under {role.name}")
            roles[role.name] = (role.id, held)
        return Deployment(
            chain_id=self.chain_id,
            block=self.block,
            deployer=self.account.address,
            factory=address,
            contracts=contracts,
            roles=roles,
        )


def _creation_gas(compiled: Artifact, code: bytes) -> int:
    """Estimate what making a contract takes.

    All of the code that is sent is counted as kept, because what a constructor makes in its turn
    (a room's checker) stands in it; that is a tenth too much for the others.
    """
    sent = len(code or compiled.bytecode)
    return 53_000 + 32_000 + (200 + 16) * sent + 150_000
