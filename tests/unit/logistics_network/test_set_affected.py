"""setAffected.

when the caller is no active coordinator: reverts
when the region is unknown, a country or part of a province: reverts
when it changes: the province is affected, or no longer
when nothing changes: nothing is put out
"""

from __future__ import annotations

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.people import word
from tests.support.reverts import reverts


def test_a_coordinator_declares_a_province(network: Contract, coordinator: Key) -> None:
    hubei = word("CN-HB")
    declared = network.setAffected(hubei, True, sender=coordinator).event("AffectedRegionSet").args
    assert (declared.region, declared.affected) == (hubei, True)
    assert declared.coordinator == coordinator.address
    assert network.isAffected(hubei)

    network.setAffected(hubei, False, sender=coordinator)
    assert not network.isAffected(hubei)


def test_puts_out_nothing_when_nothing_changes(network: Contract, coordinator: Key) -> None:
    assert network.setAffected(word("CN-HB"), False, sender=coordinator).events == []


@pytest.mark.parametrize("region", ["CN", "CN-420100"])
def test_reverts_when_the_region_is_no_province(
    network: Contract, coordinator: Key, region: str
) -> None:
    with reverts("NotAProvince", region=word(region)):
        network.setAffected(word(region), True, sender=coordinator)


def test_reverts_when_the_region_is_unknown(network: Contract, coordinator: Key) -> None:
    with reverts("UnknownRegion", region=word("CN-XX")):
        network.setAffected(word("CN-XX"), True, sender=coordinator)


def test_reverts_when_the_caller_is_no_coordinator(network: Contract, charity: Key) -> None:
    with reverts("NotActive", account=charity):
        network.setAffected(word("CN-HB"), True, sender=charity)
