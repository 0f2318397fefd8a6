"""The words of the contracts in Python: enumerations, ids and units.

Enumerations have the members of the Solidity enumerations of the same name, in the same
order; :mod:`aidline.client.contract` returns them wherever an ABI names one. Records (structs)
are made from the ABI by the client, with the same fields in snake case.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import NewType

__all__ = [
    "ALWAYS_OPEN",
    "ActionId",
    "ActionKind",
    "ActionStatus",
    "AllocationId",
    "AllocationStatus",
    "BreachKind",
    "ConsignmentId",
    "DemandId",
    "DemandStatus",
    "DeviceRule",
    "DisputeStatus",
    "EarmarkKind",
    "Flaw",
    "GiftId",
    "GiftKind",
    "GiftStatus",
    "Gtin",
    "Hindrance",
    "IncidentId",
    "IncidentKind",
    "IncidentStatus",
    "Level",
    "LotId",
    "LotKind",
    "Measure",
    "OfferId",
    "OfferStatus",
    "Otherwise",
    "Paper",
    "ParcelId",
    "ParcelState",
    "Policy",
    "Resolution",
    "Role",
    "Room",
    "Standing",
    "StationId",
    "Status",
    "Tier",
    "Unmet",
    "Verdict",
    "roles_mask",
]

Gtin = NewType("Gtin", int)
LotId = NewType("LotId", int)
ParcelId = NewType("ParcelId", int)
StationId = NewType("StationId", int)
DemandId = NewType("DemandId", int)
OfferId = NewType("OfferId", int)
AllocationId = NewType("AllocationId", int)
ConsignmentId = NewType("ConsignmentId", int)
GiftId = NewType("GiftId", int)
ActionId = NewType("ActionId", int)
IncidentId = NewType("IncidentId", int)


class Role(IntEnum):
    """What a participant may do (``IParticipantRegistry.Role``)."""

    NULL = 0
    DONOR = 1
    RECIPIENT = 2
    CHARITY = 3
    SUPPLIER = 4
    CARRIER = 5
    STATION_OPERATOR = 6
    AUDITOR = 7
    SOLVER = 8
    REPORTER = 9
    COORDINATOR = 10
    ARBITER = 11


class LotKind(IntEnum):
    """How a lot came to be (``IMaterialLedger.LotKind``)."""

    NULL = 0
    SUPPLY = 1
    GIFT = 2


class ParcelState(IntEnum):
    """Where a parcel is in its life (``IMaterialLedger.ParcelState``)."""

    NULL = 0
    HELD = 1
    OFFERED = 2
    ALLOCATED = 3
    IN_TRANSIT = 4
    DELIVERED = 5
    DISTRIBUTED = 6
    QUARANTINED = 7
    RETURNED = 8
    DESTROYED = 9
    LOST = 10
    TRANSFORMED = 11
    MERGED = 12


class Flaw(IntEnum):
    """What is wrong with units at a handover (``IMaterialLedger.Flaw``)."""

    NULL = 0
    SHORT = 1
    DAMAGED = 2
    REFUSED = 3


class EarmarkKind(IntEnum):
    """For whom a gift is meant (``IMaterialLedger.EarmarkKind``)."""

    NULL = 0
    NONE = 1
    REGION = 2
    FACILITY = 3
    EMERGENCY = 4


class Level(IntEnum):
    """Urgency of a demand (``IDemandBook.Level``); higher is more urgent."""

    NULL = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class DemandStatus(IntEnum):
    """Where a demand is in its life (``IDemandBook.DemandStatus``)."""

    NULL = 0
    OPEN = 1
    MET = 2
    WITHDRAWN = 3
    LAPSED = 4


class Unmet(IntEnum):
    """Why a demand is not met, the nearest to success last (``IDemandLens.Unmet``)."""

    NULL = 0
    MET = 1
    ENDED = 2
    SUSPENDED = 3
    STORAGE = 4
    CONTESTED = 5
    REFUSED = 6
    CAPPED = 7
    UNAUDITED = 8
    NO_SUPPLY = 9
    RECALLED = 10
    EARMARK = 11
    EXPIRY = 12
    OUTRANKED = 13
    AVAILABLE = 14


class OfferStatus(IntEnum):
    """Where an offer is in its life (``IDemandEscrow.OfferStatus``)."""

    NULL = 0
    OPEN = 1
    USED = 2
    WITHDRAWN = 3
    EXPIRED = 4
    TAKEN_BACK = 5


class AllocationStatus(IntEnum):
    """Where an allocation is in its life (``IDemandEscrow.AllocationStatus``)."""

    NULL = 0
    ALLOCATED = 1
    BOOKED = 2
    RELEASED = 3
    FAILED = 4
    RECEIVED = 5


class Tier(IntEnum):
    """The three tiers of transport (``ILogisticsNetwork.Tier``)."""

    NULL = 0
    TRUNK = 1
    BRANCH = 2
    TERMINAL = 3


class Hindrance(IntEnum):
    """Why goods stand still, or a plan is replaced (``ILogisticsNetwork.Hindrance``)."""

    NULL = 0
    ROAD_CLOSED = 1
    BREAKDOWN = 2
    WEATHER = 3
    INSPECTION = 4
    STATION_FULL = 5
    NO_CREW = 6
    URGENT_DEMAND = 7
    OTHER = 8


class Room(IntFlag):
    """Rooms of a station beside its hall (``ILogisticsNetwork.Station.rooms``)."""

    AMBIENT = 1
    COLD = 2
    FROZEN = 4


#: Opening hours of a station that never closes: all hours of the day as bits.
ALWAYS_OPEN = 2**24 - 1


class Status(IntEnum):
    """Where a consignment is in its life (``IFreightEscrow.Status``)."""

    NULL = 0
    BOOKED = 1
    IN_TRANSIT = 2
    ARRIVED = 3
    REFUSED = 4
    CLOSED = 5
    SETTLED = 6


class Resolution(IntEnum):
    """Why a consignment ended (``IFreightEscrow.Resolution``)."""

    NULL = 0
    DELIVERED = 1
    DELIVERED_DAMAGED = 2
    CANCELLED = 3
    LOST = 4
    REFUSED = 5
    RECALLED = 6


class BreachKind(IntEnum):
    """What a leg answers for (``IFreightEscrow.BreachKind``)."""

    NULL = 0
    LATE = 1
    TOO_WARM = 2
    TOO_COLD = 3
    HUMID = 4
    SILENT = 5
    SHORT = 6
    LOST = 7


class Policy(IntEnum):
    """What proves delivery (``IFreightEscrow.Policy``)."""

    NULL = 0
    CONSIGNEE = 1
    DEVICE = 2
    BOTH = 3
    DEVICE_THEN_SILENCE = 4


class DeviceRule(IntEnum):
    """How several devices of one consignment are heard (``IConditionMonitor.DeviceRule``)."""

    NULL = 0
    ANY = 1
    EACH = 2


class GiftKind(IntEnum):
    """What is given (``IDonationRegistry.GiftKind``)."""

    NULL = 0
    IN_KIND = 1
    MONEY = 2


class Otherwise(IntEnum):
    """What becomes of a gift that its demand cannot take (``IDonationRegistry.Otherwise``)."""

    NULL = 0
    OFFER = 1
    HOLD = 2


class Verdict(IntEnum):
    """What an auditor says (``IGiftAudit.Verdict``, ``ICarrierAudit.Verdict``)."""

    NULL = 0
    ATTESTED = 1
    REFUSED = 2


class Paper(IntEnum):
    """What an auditor's word on a carrier is about (``ICarrierAudit.Paper``)."""

    NULL = 0
    LICENCE = 1
    TARIFF = 2


class DisputeStatus(IntEnum):
    """Where a dispute is in its life (``IDisputeDesk.DisputeStatus``)."""

    NULL = 0
    OPEN = 1
    AGREED = 2
    RULED = 3
    LAPSED = 4
    MOOT = 5


class Standing(IntEnum):
    """How a carrier stands with the auditors (``ICarrierAudit.Standing``)."""

    NONE = 0
    ATTESTED = 1
    REFUSED = 2
    LAPSED = 3


class GiftStatus(IntEnum):
    """Where a gift is in its life (``IDonationRegistry.GiftStatus``)."""

    NULL = 0
    PLEDGED = 1
    RECEIVED = 2
    WITHDRAWN = 3


class IncidentKind(IntEnum):
    """What became of goods (``IIncidentBoard.IncidentKind``)."""

    NULL = 0
    EMBEZZLED = 1
    DIVERTED = 2
    COUNTERFEIT = 3
    SPOILED = 4


class IncidentStatus(IntEnum):
    """Where an incident is in its life (``IIncidentBoard.IncidentStatus``)."""

    NULL = 0
    DECLARED = 1
    ANSWERED = 2
    UPHELD = 3
    DISMISSED = 4
    LAPSED = 5


class Measure(IntEnum):
    """What a condition of a plan measures (``IEmergencyResponse.Measure``)."""

    NULL = 0
    VALUE = 1
    GROWTH = 2


class ActionKind(IntEnum):
    """What a plan does (``IEmergencyResponse.ActionKind``)."""

    NULL = 0
    RAISE_DEMAND = 1
    RELEASE_MONEY = 2
    OPEN_FAST_PATH = 3


class ActionStatus(IntEnum):
    """Where a plan's action is in its life (``IEmergencyResponse.ActionStatus``)."""

    NULL = 0
    PENDING = 1
    DONE = 2
    FAILED = 3
    DROPPED = 4


def roles_mask(*roles: Role) -> int:
    """The set of roles as the registry stores it: bit ``1 << role`` for each."""
    mask = 0
    for role in roles:
        mask |= 1 << role
    return mask
