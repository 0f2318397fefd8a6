"""Devices: `bindDevice`, `retireDevice`, `isDeviceUsable`.

bindDevice
├── when the caller is not the operator named: refused
├── when the operator is unknown or suspended: refused
├── when the device is bound, also to the same operator, or was retired: refused
├── when the calibration is over: refused
├── when the signature is not the device's, is for other content, contract or chain, late, or
│   out of turn: refused
└── else the device is bound, and usable from now until its calibration ends
retireDevice
├── when the device is unknown, retired, or the caller not its operator: refused
└── else it is not usable any more; its operator may do so while suspended
"""

from __future__ import annotations

from typing import Any

import pytest

from aidline.client import Contract
from aidline.signing import Key
from tests.support.people import DeviceBinding, domain_of, key_of, word
from tests.support.reverts import reverts
from tests.support.suite import DAY


@pytest.fixture
def new_device() -> Key:
    return key_of("new device")


@pytest.fixture
def binding(registry: Contract, new_device: Key, carrier: Key) -> DeviceBinding:
    return changed_binding(registry, new_device, carrier)


def changed_binding(
    registry: Contract, device: Key, operator: Key, **changes: Any
) -> DeviceBinding:
    fields: dict[str, Any] = {
        "device": device.address,
        "operator": operator.address,
        "model": word("logger-2"),
        "calibrated_until": registry.chain.now() + 30 * DAY,
        "nonce": 0,
        "deadline": registry.chain.now() + DAY,
    }
    return DeviceBinding(**(fields | changes))


def test_binds_a_device_by_its_own_signature(
    registry: Contract, carrier: Key, new_device: Key, binding: DeviceBinding
) -> None:
    receipt = registry.bindDevice(
        binding, binding.sign(new_device, domain_of(registry)), sender=carrier
    )

    told = receipt.event("DeviceBound").args
    assert (told.device, told.operator) == (new_device.address, carrier.address)
    assert (told.model, told.calibrated_until) == (binding.model, binding.calibrated_until)
    record = registry.device(new_device)
    assert record.operator == carrier.address
    assert record.calibrated_until == binding.calibrated_until
    assert record.bound_at == receipt.timestamp
    assert record.model == binding.model
    assert record.retired is False
    assert registry.nonces(new_device) == 1


def test_is_usable_from_its_binding_to_the_end_of_its_calibration(
    registry: Contract, carrier: Key, new_device: Key, binding: DeviceBinding
) -> None:
    registry.bindDevice(binding, binding.sign(new_device, domain_of(registry)), sender=carrier)
    bound = registry.chain.now()
    usable = [bound, binding.calibrated_until]
    unusable = [0, bound - 1, binding.calibrated_until + 1]
    assert all(registry.isDeviceUsable(new_device, at) for at in usable)
    assert not any(registry.isDeviceUsable(new_device, at) for at in unusable)


def test_a_key_that_was_never_bound_is_not_usable(registry: Contract, stranger: Key) -> None:
    assert not registry.isDeviceUsable(stranger, registry.chain.now())
    assert registry.device(stranger).bound_at == 0


def test_bind_reverts_when_the_caller_is_not_the_operator(
    registry: Contract, branch_carrier: Key, new_device: Key, binding: DeviceBinding
) -> None:
    signature = binding.sign(new_device, domain_of(registry))
    with reverts("NotOperator", device=new_device, caller=branch_carrier):
        registry.bindDevice(binding, signature, sender=branch_carrier)


def test_bind_reverts_for_an_unregistered_operator(
    registry: Contract, stranger: Key, new_device: Key
) -> None:
    binding = changed_binding(registry, new_device, stranger)
    with reverts("UnknownParticipant", account=stranger):
        registry.bindDevice(binding, binding.sign(new_device, domain_of(registry)), sender=stranger)


def test_bind_reverts_for_a_suspended_operator(
    registry: Contract, suspender: Key, carrier: Key, new_device: Key, binding: DeviceBinding
) -> None:
    registry.suspend(carrier, word("theft"), sender=suspender)
    with reverts("NotActive", account=carrier):
        registry.bindDevice(binding, binding.sign(new_device, domain_of(registry)), sender=carrier)


@pytest.mark.parametrize("person", ["carrier", "branch_carrier"])
def test_bind_reverts_when_the_device_is_bound(
    registry: Contract, device: Key, carrier: Key, request: pytest.FixtureRequest, person: str
) -> None:
    operator = request.getfixturevalue(person)
    binding = changed_binding(registry, device, operator, nonce=1)
    signature = binding.sign(device, domain_of(registry))
    with reverts("DeviceAlreadyBound", device=device, operator=carrier):
        registry.bindDevice(binding, signature, sender=operator)


def test_bind_reverts_when_the_device_was_retired(
    registry: Contract, device: Key, carrier: Key
) -> None:
    registry.retireDevice(device, sender=carrier)
    binding = changed_binding(registry, device, carrier, nonce=1)
    with reverts("DeviceIsRetired", device=device):
        registry.bindDevice(binding, binding.sign(device, domain_of(registry)), sender=carrier)


def test_bind_reverts_when_the_calibration_is_over(
    registry: Contract, carrier: Key, new_device: Key
) -> None:
    now = registry.chain.now()
    binding = changed_binding(registry, new_device, carrier, calibrated_until=now)
    with reverts("CalibrationInPast", calibrated_until=now):
        registry.bindDevice(binding, binding.sign(new_device, domain_of(registry)), sender=carrier)


def test_bind_reverts_when_the_operator_signs_for_the_device(
    registry: Contract, carrier: Key, new_device: Key, binding: DeviceBinding
) -> None:
    with reverts("BadSignature", signer=new_device):
        registry.bindDevice(binding, binding.sign(carrier, domain_of(registry)), sender=carrier)


@pytest.mark.parametrize(
    "change",
    [{"model": word("other")}, {"calibrated_until": 2**40 - 1}, {"deadline": 2**40 - 1}],
    ids=lambda change: next(iter(change)),
)
def test_bind_reverts_when_the_content_is_not_what_was_signed(
    registry: Contract,
    carrier: Key,
    new_device: Key,
    binding: DeviceBinding,
    change: dict[str, Any],
) -> None:
    signature = binding.sign(new_device, domain_of(registry))
    with reverts("BadSignature", signer=new_device):
        registry.bindDevice(
            changed_binding(registry, new_device, carrier, **change), signature, sender=carrier
        )


def test_bind_reverts_when_signed_for_another_contract_or_chain(
    registry: Contract, ledger: Contract, carrier: Key, new_device: Key, binding: DeviceBinding
) -> None:
    for domain in (domain_of(ledger), domain_of(registry, chain_id=1)):
        with reverts("BadSignature", signer=new_device):
            registry.bindDevice(binding, binding.sign(new_device, domain), sender=carrier)


def test_bind_reverts_after_the_deadline(
    registry: Contract, carrier: Key, new_device: Key, binding: DeviceBinding
) -> None:
    registry.chain.set_time(binding.deadline + 1)
    with reverts("Expired", deadline=binding.deadline):
        registry.bindDevice(binding, binding.sign(new_device, domain_of(registry)), sender=carrier)


def test_bind_reverts_out_of_turn(registry: Contract, carrier: Key, new_device: Key) -> None:
    binding = changed_binding(registry, new_device, carrier, nonce=1)
    with reverts("WrongNonce", signer=new_device, expected=0, given=1):
        registry.bindDevice(binding, binding.sign(new_device, domain_of(registry)), sender=carrier)


def test_retires_for_ever(registry: Contract, device: Key, carrier: Key) -> None:
    receipt = registry.retireDevice(device, sender=carrier)

    told = receipt.event("DeviceRetired").args
    assert (told.device, told.operator) == (device.address, carrier.address)
    assert registry.device(device).retired
    assert not registry.isDeviceUsable(device, registry.chain.now())


def test_retires_while_suspended(
    registry: Contract, device: Key, carrier: Key, suspender: Key
) -> None:
    registry.suspend(carrier, word("theft"), sender=suspender)
    registry.retireDevice(device, sender=carrier)
    assert registry.device(device).retired


def test_retire_reverts_when_the_caller_is_not_the_operator(
    registry: Contract, device: Key, branch_carrier: Key
) -> None:
    with reverts("NotOperator", device=device, caller=branch_carrier):
        registry.retireDevice(device, sender=branch_carrier)


def test_retire_reverts_for_an_unknown_device(
    registry: Contract, stranger: Key, carrier: Key
) -> None:
    with reverts("UnknownDevice", device=stranger):
        registry.retireDevice(stranger, sender=carrier)


def test_retire_reverts_a_second_time(registry: Contract, device: Key, carrier: Key) -> None:
    registry.retireDevice(device, sender=carrier)
    with reverts("DeviceIsRetired", device=device):
        registry.retireDevice(device, sender=carrier)
