"""The people of the tests: everyone a key of their own, made from their name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aidline.keccak import keccak
from aidline.messages import DeviceBinding, Registration
from aidline.model import Role, roles_mask
from aidline.signing import Domain, Key

__all__ = [
    "DEVICES",
    "ENROLMENTS",
    "GOVERNANCE",
    "REGIONS",
    "DeviceBinding",
    "Enrolment",
    "Registration",
    "domain_of",
    "key_of",
    "registration",
    "word",
]


def word(text: str) -> bytes:
    """Return a short text as the contracts keep it: ASCII, padded on the right."""
    return text.encode("ascii").ljust(32, b"\0")


def key_of(name: str) -> Key:
    """Return the key of the person or device of this name."""
    return Key.derive("tests", name)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How somebody is registered.

    Attributes:
        roles: What they may do.
        organisation: Their legal body.
        region: Where their facility is, or for an auditor where they may audit.
    """

    roles: tuple[Role, ...]
    organisation: str
    region: str


#: Regions with their parents, in the order in which they are defined.
REGIONS = {
    "CN": "",
    "CN-HB": "CN",
    "CN-GD": "CN",
    "CN-420100": "CN-HB",
    "CN-420200": "CN-HB",
}

#: Everyone who is registered. A `stranger` is not.
ENROLMENTS = {
    "donor": Enrolment((Role.DONOR,), "pearl-works", "CN-GD"),
    "second_donor": Enrolment((Role.DONOR,), "delta-trade", "CN-GD"),
    "hospital": Enrolment((Role.RECIPIENT,), "wuhan-central", "CN-420100"),
    "second_hospital": Enrolment((Role.RECIPIENT,), "wuhan-union", "CN-420100"),
    "county_hospital": Enrolment((Role.RECIPIENT,), "huangshi-first", "CN-420200"),
    "charity": Enrolment((Role.CHARITY, Role.STATION_OPERATOR), "hubei-charity", "CN-420100"),
    "supplier": Enrolment((Role.SUPPLIER,), "mask-maker", "CN-GD"),
    "carrier": Enrolment((Role.CARRIER,), "long-haul", "CN-GD"),
    "branch_carrier": Enrolment((Role.CARRIER,), "hubei-roads", "CN-HB"),
    "terminal_carrier": Enrolment((Role.CARRIER,), "wuhan-vans", "CN-420100"),
    "station_operator": Enrolment((Role.STATION_OPERATOR,), "wuhan-hub", "CN-420100"),
    "auditor": Enrolment((Role.AUDITOR,), "hubei-audit", "CN-HB"),
    "second_auditor": Enrolment((Role.AUDITOR,), "yangtze-audit", "CN-HB"),
    "third_auditor": Enrolment((Role.AUDITOR,), "wuhan-audit", "CN-420100"),
    "fourth_auditor": Enrolment((Role.AUDITOR,), "national-audit", "CN"),
    "solver": Enrolment((Role.SOLVER,), "matching-lab", "CN-HB"),
    "reporter_1": Enrolment((Role.REPORTER,), "health-office-1", "CN-HB"),
    "reporter_2": Enrolment((Role.REPORTER,), "health-office-2", "CN-HB"),
    "reporter_3": Enrolment((Role.REPORTER,), "health-office-3", "CN-HB"),
    "reporter_4": Enrolment((Role.REPORTER,), "health-office-4", "CN-HB"),
    "coordinator": Enrolment((Role.COORDINATOR,), "command-office", "CN-HB"),
    "arbiter": Enrolment((Role.ARBITER,), "arbitration-court", "CN"),
}

#: Devices with their operators.
DEVICES = {"device": "carrier", "second_device": "carrier", "third_device": "branch_carrier"}

#: Who holds power over the system: the person of each role of the deployment.
GOVERNANCE = {
    "administrator": "admin",
    "registrar": "registrar",
    "suspender": "suspender",
    "reinstater": "reinstater",
    "cataloguer": "cataloguer",
    "indicator_keeper": "planner",
    "planner": "planner",
    "pauser": "pauser",
    "unpauser": "unpauser",
    "urgency_keeper": "urgency_keeper",
}


def registration(name: str, deadline: int, **changes: Any) -> Registration:
    """Return what the person of this name signs first, with some fields changed."""
    enrolment = ENROLMENTS[name]
    fields: dict[str, Any] = {
        "account": key_of(name).address,
        "facility": word(name),
        "organisation": word(enrolment.organisation),
        "region": word(enrolment.region),
        "roles": roles_mask(*enrolment.roles),
        "profile_hash": keccak(name.encode()),
        "nonce": 0,
        "deadline": deadline,
    }
    return Registration(**(fields | changes))


def domain_of(contract: Any, chain_id: int | None = None) -> Domain:
    """Return the domain of signatures for a contract, on its own chain unless another is named."""
    number = contract.chain.chain_id() if chain_id is None else chain_id
    return Domain(number, contract.address, f"Aidline {contract.name}")
