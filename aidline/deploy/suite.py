"""The deployment as data: which contracts, with which arguments, under which roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["SUITE", "Item", "RoleSpec", "Suite"]

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Item:
    """One contract of a suite.

    Attributes:
        name: Its name in the suite, and in the factory.
        arguments: The constructor's arguments by name (without underscores at the ends). A text
            that begins with ``@`` is the address of the contract of that name; ``@deployer`` is
            the deploying account, ``@reserve`` the reserve token.
        artifact: The compiled contract, if it has another name.
        mock: It is made only when the configuration asks for a mock reserve.
    """

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    artifact: str = ""
    mock: bool = False

    @property
    def compiled(self) -> str:
        """The name of the compiled contract."""
        return self.artifact or self.name


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """One role of the AccessManager.

    Attributes:
        name: Its name, also its label on the chain.
        id: Its number; 0 is the administrator's.
        functions: By contract, the functions that only this role may call.
        required: Somebody must hold it.
        guardian: The role that may cancel what this one has announced.
        least_delay: Seconds that must lie between announcing and doing where something is at
            stake; on a local chain none need.
    """

    name: str
    id: int
    functions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required: bool = True
    guardian: str = ""
    least_delay: int = 0


@dataclass(frozen=True, slots=True)
class Suite:
    """What a deployment makes.

    Attributes:
        items: The contracts, in the order in which they are made.
        roles: The roles.
        manager: Which of the contracts is the AccessManager.
    """

    items: tuple[Item, ...]
    roles: tuple[RoleSpec, ...]
    manager: str = "AccessManager"


#: What the four codes of the freight escrow are made with.
_CONSIGNMENTS: dict[str, object] = {
    "accessManager": "@AccessManager",
    "registry": "@ParticipantRegistry",
    "ledger": "@MaterialLedger",
    "currency": "@LogisticsCurrency",
    "monitor": "@ConditionMonitor",
    "disputeDesk": "@DisputeDesk",
}

SUITE = Suite(
    items=(
        Item("AccessManager", {"initialAdmin": "@deployer"}),
        Item("ReserveToken", mock=True),
        Item("ParticipantRegistry", {"accessManager": "@AccessManager"}),
        Item(
            "MaterialLedger",
            {
                "accessManager": "@AccessManager",
                "participantRegistry": "@ParticipantRegistry",
                "demandEscrow": "@DemandEscrow",
                "freightEscrow": "@FreightEscrow",
                "donationRegistry": "@DonationRegistry",
                "materialOffice": "@MaterialOffice",
                "loadOffice": "@LoadOffice",
            },
        ),
        Item("RecipeBook", {"participantRegistry": "@ParticipantRegistry"}),
        Item(
            "LoadOffice",
            {"accessManager": "@AccessManager", "participantRegistry": "@ParticipantRegistry"},
        ),
        Item(
            "MaterialOffice",
            {
                "accessManager": "@AccessManager",
                "participantRegistry": "@ParticipantRegistry",
                "recipeBook": "@RecipeBook",
            },
        ),
        Item(
            "IncidentBoard",
            {"participantRegistry": "@ParticipantRegistry", "materialLedger": "@MaterialLedger"},
        ),
        Item("LogisticsCurrency", {"reserveToken": "@reserve"}),
        Item(
            "DemandBook",
            {
                "accessManager": "@AccessManager",
                "participantRegistry": "@ParticipantRegistry",
                "demandOffice": "@DemandOffice",
                "demandEscrow": "@DemandEscrow",
                "emergencyResponse": "@EmergencyResponse",
            },
        ),
        Item(
            "DemandOffice",
            {
                "accessManager": "@AccessManager",
                "participantRegistry": "@ParticipantRegistry",
                "materialLedger": "@MaterialLedger",
                "logisticsNetwork": "@LogisticsNetwork",
            },
        ),
        Item(
            "DemandEscrow",
            {
                "accessManager": "@AccessManager",
                "participantRegistry": "@ParticipantRegistry",
                "materialLedger": "@MaterialLedger",
                "demandBook": "@DemandBook",
                "freightEscrow": "@FreightEscrow",
                "donationRegistry": "@DonationRegistry",
                "reliefFund": "@ReliefFund",
                "allocationOffice": "@AllocationOffice",
            },
        ),
        Item(
            "AllocationOffice",
            {
                "materialLedger": "@MaterialLedger",
                "demandBook": "@DemandBook",
                "freightEscrow": "@FreightEscrow",
                "reliefFund": "@ReliefFund",
            },
        ),
        Item(
            "DemandLens",
            {
                "participantRegistry": "@ParticipantRegistry",
                "materialLedger": "@MaterialLedger",
                "logisticsNetwork": "@LogisticsNetwork",
                "demandBook": "@DemandBook",
                "demandEscrow": "@DemandEscrow",
            },
        ),
        Item(
            "LogisticsNetwork",
            {
                "participantRegistry": "@ParticipantRegistry",
                "freightEscrow": "@FreightEscrow",
                "hoursDesk": "@HoursDesk",
            },
        ),
        Item(
            "HoursDesk",
            {
                "freightEscrow": "@FreightEscrow",
                "materialLedger": "@MaterialLedger",
                "logisticsNetwork": "@LogisticsNetwork",
            },
        ),
        Item(
            "MovementBoard",
            {"materialLedger": "@MaterialLedger", "logisticsNetwork": "@LogisticsNetwork"},
        ),
        Item("CorridorBook", {"participantRegistry": "@ParticipantRegistry"}),
        Item(
            "RouteBook",
            {
                "participantRegistry": "@ParticipantRegistry",
                "materialLedger": "@MaterialLedger",
                "logisticsNetwork": "@LogisticsNetwork",
                "corridorBook": "@CorridorBook",
            },
        ),
        Item(
            "ConditionMonitor",
            {
                "registry": "@ParticipantRegistry",
                "ledger": "@MaterialLedger",
                "currency": "@LogisticsCurrency",
                "freightEscrow": "@FreightEscrow",
                "batchCourt": "@BatchCourt",
            },
        ),
        Item(
            "BatchCourt",
            {
                "registry": "@ParticipantRegistry",
                "ledger": "@MaterialLedger",
                "freightEscrow": "@FreightEscrow",
                "monitor": "@ConditionMonitor",
            },
        ),
        Item(
            "FreightChecker",
            {
                "freightEscrow": "@FreightEscrow",
                "registry": "@ParticipantRegistry",
                "ledger": "@MaterialLedger",
                "demandEscrow": "@DemandEscrow",
            },
        ),
        Item(
            "FreightOffice",
            _CONSIGNMENTS
            | {
                "network": "@LogisticsNetwork",
                "demandEscrow": "@DemandEscrow",
                "checker": "@FreightChecker",
            },
        ),
        Item("FreightClosing", _CONSIGNMENTS | {"network": "@LogisticsNetwork"}),
        Item("HandoverOffice", _CONSIGNMENTS | {"checker": "@FreightChecker"}),
        Item(
            "FreightEscrow",
            _CONSIGNMENTS
            | {
                "handovers": "@HandoverOffice",
                "office": "@FreightOffice",
                "closing": "@FreightClosing",
                "checker": "@FreightChecker",
            },
        ),
        Item(
            "DisputeDesk",
            {
                "participantRegistry": "@ParticipantRegistry",
                "materialLedger": "@MaterialLedger",
                "logisticsCurrency": "@LogisticsCurrency",
                "freightEscrow": "@FreightEscrow",
            },
        ),
        Item("CarrierAudit", {"participantRegistry": "@ParticipantRegistry"}),
        Item(
            "ReliefFund",
            {
                "accessManager": "@AccessManager",
                "participantRegistry": "@ParticipantRegistry",
                "currency": "@LogisticsCurrency",
                "freightEscrow": "@FreightEscrow",
                "donationRegistry": "@DonationRegistry",
                "emergencyResponse": "@EmergencyResponse",
            },
        ),
        Item(
            "CertificateText",
            {
                "materialLedger": "@MaterialLedger",
                "reliefFund": "@ReliefFund",
                "giftAudit": "@GiftAudit",
            },
        ),
        Item(
            "GiftAudit",
            {
                "participantRegistry": "@ParticipantRegistry",
                "donationRegistry": "@DonationRegistry",
            },
        ),
        Item(
            "DonationRegistry",
            {
                "accessManager": "@AccessManager",
                "participantRegistry": "@ParticipantRegistry",
                "materialLedger": "@MaterialLedger",
                "demandEscrow": "@DemandEscrow",
                "reliefFund": "@ReliefFund",
                "certificateText": "@CertificateText",
            },
        ),
        Item(
            "IndicatorOracle",
            {"accessManager": "@AccessManager", "registry": "@ParticipantRegistry"},
        ),
        Item(
            "EmergencyResponse",
            {
                "accessManager": "@AccessManager",
                "registry": "@ParticipantRegistry",
                "demandBook": "@DemandBook",
                "reliefFund": "@ReliefFund",
            },
        ),
    ),
    roles=(
        RoleSpec("administrator", 0, least_delay=2 * _DAY),
        RoleSpec("guardian", 1, required=False),
        RoleSpec(
            "registrar",
            2,
            {"ParticipantRegistry": ("defineRegion", "register")},
            guardian="guardian",
        ),
        RoleSpec("suspender", 3, {"ParticipantRegistry": ("suspend",)}),
        RoleSpec(
            "reinstater",
            4,
            {"ParticipantRegistry": ("reinstate",)},
            guardian="guardian",
            least_delay=_DAY,
        ),
        RoleSpec("cataloguer", 5, {"MaterialLedger": ("defineMaterial",)}, guardian="guardian"),
        RoleSpec(
            "indicator_keeper",
            6,
            {"IndicatorOracle": ("defineIndicator", "setReporters")},
            guardian="guardian",
            least_delay=_DAY,
        ),
        RoleSpec(
            "planner",
            7,
            {"EmergencyResponse": ("propose",)},
            guardian="guardian",
            least_delay=_DAY,
        ),
        RoleSpec(
            "pauser",
            8,
            {
                "DemandBook": ("pause",),
                "DemandEscrow": ("pause",),
                "DonationRegistry": ("pause",),
                "FreightEscrow": ("pause",),
                "ReliefFund": ("pause",),
            },
            required=False,
        ),
        RoleSpec(
            "unpauser",
            9,
            {
                "DemandBook": ("unpause",),
                "DemandEscrow": ("unpause",),
                "DonationRegistry": ("unpause",),
                "FreightEscrow": ("unpause",),
                "ReliefFund": ("unpause",),
            },
            required=False,
        ),
        RoleSpec(
            "urgency_keeper",
            10,
            {"DemandBook": ("setThresholds",)},
            required=False,
            guardian="guardian",
            least_delay=2 * _DAY,
        ),
    ),
)
