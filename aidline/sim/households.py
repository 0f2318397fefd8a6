"""Households that buy: goods and freight prepaid, accepted with a one-time key.

The chain learns who pays, and of the key a salted hash. The key itself shows with the proof of
delivery, which is all that it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from aidline.client import Receipt
from aidline.sim.agenda import Step
from aidline.sim.journey import Purchase
from aidline.sim.records import PersonalOrder
from aidline.sim.world import World

__all__ = ["Households"]

_MORNING = 9 * 3600


class Households:
    """Everybody who buys.

    Args:
        world: What the parties share.
        bought: Is told of everything that was bought, to be booked.
    """

    def __init__(self, world: World, bought: Callable[[Purchase], None]) -> None:
        self._world = world
        self._bought = bought
        self._left = {supply.id: supply.units for supply in world.prepared.supplies}

    def begin(self) -> None:
        """Put every order of the scenario on the agenda."""
        world = self._world
        for order in world.prepared.orders:
            world.agenda.at(world.time(order.day, _MORNING), partial(self._order, order))

    def _order(self, order: PersonalOrder) -> Iterator[Step]:
        """The seller sets apart what was ordered; the booking sells it."""
        world = self._world
        supply = next(one for one in world.prepared.supplies if one.id == order.supply)
        stock = world.for_sale[order.supply]
        self._left[order.supply] -= order.units
        if not self._left[order.supply]:
            self._sell(order, supply.supplier, stock)
            return
        yield Step(
            world.send(world.aid.ledger, "split", stock, order.units, sender=supply.supplier),
            lambda receipt: self._set_apart(receipt, order, supply.supplier),
        )

    def _set_apart(self, receipt: Receipt, order: PersonalOrder, seller: str) -> None:
        self._sell(order, seller, receipt.event("ParcelSplit").args.child)

    def _sell(self, order: PersonalOrder, seller: str, parcel: int) -> None:
        salt = self._world.cast.secret(f"salt of {order.id}")
        self._bought(Purchase(order=order, seller=seller, parcel=parcel, salt=salt))
