"""A journey's booking, with the signatures of everybody who has a part in it."""

from __future__ import annotations

from aidline import messages as m
from aidline.freight import household_of
from aidline.model import DeviceRule, Policy
from aidline.sim.cast import text32
from aidline.sim.journey import Journey
from aidline.sim.world import World

__all__ = ["booking_of", "signatures_of"]

_HOUR = 3600
_NOBODY = "0x" + "00" * 20


def booking_of(world: World, journey: Journey, payer: str) -> m.Booking:
    """Return the booking of a journey.

    Args:
        world: What the parties share.
        journey: The journey.
        payer: Address of who prepays.
    """
    load, terms, band = journey.load, journey.terms, journey.band
    consignee, household, seller, parcels = world.cast[load.taker].address, bytes(32), _NOBODY, []
    if (bought := load.purchase) is not None:
        household = household_of(
            world.aid.deployment.chain_id, world.aid.freight.address, consignee, bought.salt
        )
        consignee, seller = _NOBODY, world.cast[bought.seller].address
        parcels = [bought.parcel]
    return m.Booking(
        payer=payer,
        consignee=consignee,
        household=household,
        seller=seller,
        price=load.price,
        evidence=_NOBODY,
        devices=[world.cast[journey.device].address],
        allocations=[line.id for line in load.allocations],
        parcels=parcels,
        legs=[
            m.LegRequest(
                carrier=world.cast[leg.vehicle.carrier].address,
                vehicle=leg.vehicle.id,
                crew=leg.vehicle.crew,
                from_station=world.stations[leg.start],
                to_station=world.stations[leg.end],
                departure=leg.departure,
                latest_arrival=leg.latest,
                freight=leg.freight,
            )
            for leg in journey.legs
        ],
        terms=m.Terms(
            temperature_min=band.temperature_min,
            temperature_max=band.temperature_max,
            humidity_min=band.humidity_min,
            humidity_max=band.humidity_max,
            late_free=terms.late_free,
            late_zero=terms.late_zero,
            longest_silence=terms.longest_silence,
            policy=journey.policy,
            device_rule=DeviceRule.NULL,
            exposure_free=terms.exposure_free,
            exposure_zero=terms.exposure_zero,
            exposure_floor=terms.exposure_floor,
            humidity_free=terms.humidity_free,
            humidity_zero=terms.humidity_zero,
            humidity_floor=terms.humidity_floor,
        ),
        pick_up_by=journey.legs[0].departure + _HOUR,
        deadline=world.agenda.now + _HOUR,
        salt=text32(f"order {load.id}"),
    )


def signatures_of(
    world: World, journey: Journey, booking: m.Booking, *, fund_pays: bool
) -> dict[str, object]:
    """Return what rides with a booking: who pays, carries, sells and consents has signed it."""
    load, domain, booked = journey.load, world.aid.domain(world.aid.freight), booking.struct_hash()
    payer, taker = world.cast[load.payer], world.cast[load.taker]
    carriers = [world.cast[leg.vehicle.carrier] for leg in journey.legs]
    by_device_alone = journey.policy in (Policy.DEVICE, Policy.DEVICE_THEN_SILENCE)
    consent = m.PolicyConsent(booking=booked, consignee=taker.address, policy=journey.policy)
    sale = b""
    if load.purchase is not None:
        seller = world.cast[load.purchase.seller]
        sale = m.SaleAcceptance(booking=booked, seller=seller.address).sign(seller, domain)
    return {
        "payer": b""
        if fund_pays
        else m.BookingOrder(booking=booked, payer=payer.address).sign(payer, domain),
        "consignee": consent.sign(taker, domain) if by_device_alone else b"",
        "carriers": [
            m.LegAcceptance(booking=booked, leg=index, carrier=carrier.address).sign(
                carrier, domain
            )
            for index, carrier in enumerate(carriers)
        ],
        "seller": sale,
    }
