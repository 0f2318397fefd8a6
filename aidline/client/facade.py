"""All contracts of one deployment, by the names of their rooms."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property

from aidline.artifacts import artifact
from aidline.client.abi import Event
from aidline.client.chain import Chain, Log
from aidline.client.contract import Contract, new_book
from aidline.client.deployment import Deployment
from aidline.client.web3chain import Web3Chain
from aidline.errors import WrongChain
from aidline.keccak import keccak
from aidline.signing import Domain

__all__ = ["Aidline"]


class Aidline:
    """One deployment on one chain.

    Args:
        chain: The chain.
        deployment: The deployment, or its file.

    Raises:
        WrongChain: The chain is another than the deployment's, or a contract is not there.
        DeploymentFileError: The file cannot be used.
    """

    def __init__(self, chain: Chain, deployment: Deployment | str | os.PathLike[str]) -> None:
        if not isinstance(deployment, Deployment):
            deployment = Deployment.load(deployment)
        self.chain = chain
        self.deployment = deployment
        self.book = new_book()
        found = chain.chain_id()
        if found != deployment.chain_id:
            raise WrongChain(
                f"the deployment is on chain {deployment.chain_id}, the node is on chain {found}: "
                "use a node of that chain, or the deployment file of this one"
            )
        for name, place in deployment.contracts.items():
            code = chain.code(place.address)
            if not code:
                raise WrongChain(
                    f"{name} is not at {place.address} on this node: the deployment file belongs "
                    "to another chain of the same id, or to one that has ended"
                )
            if keccak(code) != place.code_hash:
                raise WrongChain(
                    f"the code at {place.address} is not that of {name} as the deployment file "
                    "has it"
                )
            # the events of all rooms are decoded, whichever are used
            self.book.learn(name, place.address, artifact(name).abi)

    @classmethod
    def connect(cls, rpc: str, deployment: Deployment | str | os.PathLike[str]) -> Aidline:
        """Connect to a deployment by a node's RPC address.

        Raises:
            RpcUnreachable: The node does not answer.
            WrongChain: It is on another chain, or the contracts are not there.
        """
        return cls(Web3Chain(rpc), deployment)

    def contract(self, name: str) -> Contract:
        """Return the contract of this name.

        Raises:
            WrongChain: The deployment has none.
        """
        place = self.deployment.contracts.get(name)
        if place is None:
            raise WrongChain(f"the deployment has no {name}")
        return Contract(self.chain, name, place.address, artifact(name).abi, self.book)

    def domain(self, contract: Contract) -> Domain:
        """Return the EIP-712 domain of one of the rooms that checks signatures."""
        return Domain(self.deployment.chain_id, contract.address, f"Aidline {contract.name}")

    def events(self, logs: Sequence[Log]) -> list[Event]:
        """Decode logs of the deployment's contracts."""
        return self.book.events(logs)

    def history(self, from_block: int | None = None, to_block: int | None = None) -> list[Event]:
        """Return every event of every contract of the deployment, oldest first."""
        places = [place.address for place in self.deployment.contracts.values()]
        first = self.deployment.block if from_block is None else from_block
        return self.book.events(self.chain.logs(places, (), first, to_block))

    @cached_property
    def access(self) -> Contract:
        """Who has power over the system (AccessManager)."""
        return self.contract("AccessManager")

    @cached_property
    def registry(self) -> Contract:
        """Who may act (ParticipantRegistry)."""
        return self.contract("ParticipantRegistry")

    @cached_property
    def ledger(self) -> Contract:
        """Lots, parcels, loads and custody (MaterialLedger)."""
        return self.contract("MaterialLedger")

    @cached_property
    def recipes(self) -> Contract:
        """What is made from what, with which yield (RecipeBook)."""
        return self.contract("RecipeBook")

    @cached_property
    def incidents(self) -> Contract:
        """Incidents: declared, answered, decided (IncidentBoard)."""
        return self.contract("IncidentBoard")

    @cached_property
    def currency(self) -> Contract:
        """The logistics currency (LogisticsCurrency)."""
        return self.contract("LogisticsCurrency")

    @cached_property
    def reserve(self) -> Contract:
        """The token against which the currency is minted; called as an ERC-20 token."""
        if "ReserveToken" in self.deployment.contracts:
            return self.contract("ReserveToken")
        address = self.currency.reserve()
        return Contract(self.chain, "ReserveToken", address, _erc20(), self.book)

    @cached_property
    def needs(self) -> Contract:
        """Who needs what by when, how urgently (DemandBook)."""
        return self.contract("DemandBook")

    @cached_property
    def demand(self) -> Contract:
        """Offers in escrow, allocations in the order of urgency (DemandEscrow)."""
        return self.contract("DemandEscrow")

    @cached_property
    def lens(self) -> Contract:
        """Why a demand is not met (DemandLens)."""
        return self.contract("DemandLens")

    @cached_property
    def network(self) -> Contract:
        """Stations, vehicles, crews and their hours (LogisticsNetwork)."""
        return self.contract("LogisticsNetwork")

    @cached_property
    def hours(self) -> Contract:
        """Hours that a consignment does not need any more (HoursDesk)."""
        return self.contract("HoursDesk")

    @cached_property
    def movements(self) -> Contract:
        """Where each consignment is, is held up, goes next (MovementBoard)."""
        return self.contract("MovementBoard")

    @cached_property
    def corridors(self) -> Contract:
        """Who leads a corridor, for how long, at which tariff (CorridorBook)."""
        return self.contract("CorridorBook")

    @cached_property
    def routes(self) -> Contract:
        """Route plans (RouteBook)."""
        return self.contract("RouteBook")

    @cached_property
    def monitor(self) -> Contract:
        """What devices signed (ConditionMonitor)."""
        return self.contract("ConditionMonitor")

    @cached_property
    def court(self) -> Contract:
        """Batches split, convicted, demanded leaf by leaf (BatchCourt)."""
        return self.contract("BatchCourt")

    @cached_property
    def freight(self) -> Contract:
        """Consignments (FreightEscrow)."""
        return self.contract("FreightEscrow")

    @cached_property
    def disputes(self) -> Contract:
        """Disputes about what a leg earns (DisputeDesk)."""
        return self.contract("DisputeDesk")

    @cached_property
    def carriers(self) -> Contract:
        """Auditors' words on carriers (CarrierAudit)."""
        return self.contract("CarrierAudit")

    @cached_property
    def fund(self) -> Contract:
        """Money given (ReliefFund)."""
        return self.contract("ReliefFund")

    @cached_property
    def donations(self) -> Contract:
        """Gifts and certificates (DonationRegistry)."""
        return self.contract("DonationRegistry")

    @property
    def gift_audit(self) -> Contract:
        """Auditors' words on gifts, and whole chains of corrections (GiftAudit)."""
        return self.contract("GiftAudit")

    @cached_property
    def oracle(self) -> Contract:
        """Indicators (IndicatorOracle)."""
        return self.contract("IndicatorOracle")

    @cached_property
    def emergency(self) -> Contract:
        """Plans (EmergencyResponse)."""
        return self.contract("EmergencyResponse")


def _erc20() -> tuple[dict[str, object], ...]:
    """Return the part of our own token's ABI that every ERC-20 token has."""
    common = {
        "allowance",
        "approve",
        "balanceOf",
        "decimals",
        "name",
        "symbol",
        "totalSupply",
        "transfer",
        "transferFrom",
        "Transfer",
        "Approval",
    }
    return tuple(
        entry for entry in artifact("LogisticsCurrency").abi if entry.get("name") in common
    )
