"""What both kinds of chain do alike, through the same handles.

Reads
├── return every ABI type as Python has it, struct for struct
├── of a function with several results return a record
├── of many arguments at once come in their order, and refuse as one does
└── that revert raise the decoded error
Writes
├── return the receipt with decoded events
├── raise the decoded error: custom, in words, panic, of another contract, of OpenZeppelin
├── without a reason say so
└── without a sender, or with arguments that do not fit, are not sent
Batches
├── take effect in their order, across senders
└── return a receipt for each, also for those that reverted
Logs
└── are found by contract, event, indexed arguments and block
Transactions
└── are found by whom they were sent to; refused ones with what they called and what came back
Clock
├── stands until it is set; a block is mined at the new time
└── does not go back
Snapshots
└── bring back storage, clock, logs
"""

from __future__ import annotations

import pytest

from aidline.client import Contract, Transaction
from aidline.errors import (
    CheckFailed,
    ClockProblem,
    ContractReverted,
    InputError,
    TransactionFailed,
)
from aidline.keccak import keccak
from aidline.signing import Key
from tests.sdk.conftest import START, Stand

TRACK = {
    "id": 7,
    "mood": 2,
    "content_hash": b"\x07" * 32,
    "label": "北京",
    "points": [{"x": -5, "taken_at": 1}, {"x": 2**62, "taken_at": 2**40 - 1}],
    "owner": "0x" + "11" * 20,
    "raw": b"",
    "last": (1, 2),
    "triple": [1, 2, 3],
}
DONOR, CARRIER = Key.derive("sdk", "donor"), Key.derive("sdk", "carrier")


# -- reads


def test_a_struct_comes_back_as_a_record(stand: Stand) -> None:
    track = stand.probe.echo(TRACK)
    assert (track.id, track.mood, track.label) == (7, 2, "北京")
    assert track.content_hash == b"\x07" * 32
    assert [(point.x, point.taken_at) for point in track.points] == [
        (-5, 1),
        (2**62, 2**40 - 1),
    ]
    assert track.owner == "0x1111111111111111111111111111111111111111"
    assert (track.raw, track.triple) == (b"", (1, 2, 3))
    assert (track.last.x, track.last.taken_at) == (1, 2)
    assert stand.probe.echo(track) == track


def test_several_results_come_back_as_a_record(stand: Stand) -> None:
    grid = [[1, 2], []]
    found = stand.probe.echo_all(-300, 2**255, True, b"abcd", ["", "two"], [TRACK, TRACK], grid)
    assert (found.small, found.large, found.flag, found.tag) == (-300, 2**255, True, b"abcd")
    assert found.words == ("", "two")
    assert found.tracks == (stand.probe.echo(TRACK),) * 2
    assert found.grid == ((1, 2), ())


def test_overloads_are_reached_by_signature(stand: Stand) -> None:
    assert stand.probe["twice(uint256)"](4) == 8
    assert stand.probe["twice(string)"]("ab") == "abab"
    with pytest.raises(InputError, match=r"there are twice\(string\), twice\(uint256\)"):
        stand.probe["twice"]
    with pytest.raises(AttributeError, match="no function absent"):
        stand.probe.absent()


def test_a_view_that_reverts_raises_the_decoded_error(stand: Stand) -> None:
    with pytest.raises(ContractReverted) as caught:
        stand.probe.fail(0, sender=DONOR)
    assert caught.value.error == "NotOwner"
    assert caught.value.fields == {"caller": DONOR.address, "content_hash": bytes(32)}
    assert (caught.value.contract, caught.value.function) == ("Probe", "fail")
    assert caught.value.tx_hash is None


def test_reads_are_made_in_the_name_of_the_sender(stand: Stand) -> None:
    allowed = stand.access.can_call(CARRIER.address, stand.probe.address, b"\0\0\0\0")
    assert (allowed.immediate, allowed.delay) == (False, 0)
    with pytest.raises(ContractReverted) as caught:
        stand.probe.fail(4, sender=CARRIER.address)
    assert caught.value.fields["caller"] == stand.probe.address  # the error of the contract behind


@pytest.mark.parametrize(
    ("kind", "error", "fields"),
    [
        (1, "Refused", {"why": "not today"}),
        (2, "Error", {"reason": "in words"}),
        (3, "Panic", {"code": 0x11, "meaning": "arithmetic overflow"}),
        (5, "", {}),
        (6, "", {}),
        (7, "unknown error", {"data": bytes.fromhex("deadbeef")}),
    ],
)
def test_each_kind_of_revert_is_decoded(
    stand: Stand, kind: int, error: str, fields: dict[str, object]
) -> None:
    with pytest.raises(ContractReverted) as caught:
        stand.probe.fail(kind)
    assert (caught.value.error, caught.value.fields) == (error, fields)


def test_many_reads_come_in_their_order_and_refuse_as_one_does(stand: Stand) -> None:
    twice = stand.probe["twice(uint256)"]
    assert twice.many((number,) for number in range(700)) == [2 * n for n in range(700)]
    assert twice.many([]) == []
    with pytest.raises(ContractReverted) as caught:
        stand.probe.fail.many([(1,), (1,)])
    assert (caught.value.error, caught.value.function) == ("Refused", "fail")


# -- writes


def test_a_write_returns_its_events(stand: Stand) -> None:
    receipt = stand.probe.note(TRACK, sender=DONOR)
    assert receipt.status == 1
    assert receipt.gas_used > 21_000
    assert [event.name for event in receipt.events] == ["Noted", "Labelled"]
    noted = receipt.event("Noted")
    assert (noted.contract, noted.address) == ("Probe", stand.probe.address)
    assert (noted.args.id, noted.args.by, noted.args.label) == (7, DONOR.address, "北京")
    assert noted.args.last.taken_at == 2
    labelled = receipt.event("Labelled").args
    assert labelled.label == keccak("北京".encode())  # indexed text is its hash
    assert (labelled.mood, labelled.value) == (2, 1)
    assert stand.probe.count() == 1
    assert receipt.timestamp == stand.chain.block_time(receipt.block_number)


def test_an_event_that_is_not_there_is_missed(stand: Stand) -> None:
    receipt = stand.probe.note(TRACK, sender=DONOR)
    with pytest.raises(CheckFailed, match="0 events Absent"):
        receipt.event("Absent")


def test_wei_is_sent_along(stand: Stand) -> None:
    stand.probe.pay(sender=DONOR, value=5)
    assert stand.chain.balance(stand.probe.address) == 5


def test_a_refused_write_raises_the_decoded_error_and_changes_nothing(stand: Stand) -> None:
    with pytest.raises(ContractReverted) as caught:
        stand.probe.countFrom(9, sender=DONOR)
    assert caught.value.error == "TooMany"
    assert caught.value.fields == {"given": 0, "most": 9}
    assert caught.value.tx_hash is not None
    assert f"0x{caught.value.tx_hash.hex()}" in str(caught.value)
    assert stand.probe.count() == 0


def test_an_error_of_openzeppelin_is_decoded(stand: Stand) -> None:
    with pytest.raises(ContractReverted) as caught:
        stand.probe.guarded(sender=CARRIER)
    assert caught.value.error == "AccessManagedUnauthorized"
    assert caught.value.fields == {"caller": CARRIER.address}


def test_a_write_without_gas_enough_says_so(stand: Stand) -> None:
    with pytest.raises((TransactionFailed, ContractReverted)) as caught:
        stand.probe.note(TRACK, sender=DONOR, gas=50_000)
    assert "Probe.note" in str(caught.value)
    assert stand.probe.count() == 0


def test_a_write_needs_a_sender_and_fitting_arguments(stand: Stand) -> None:
    before = stand.chain.block_number()
    with pytest.raises(InputError, match=r"Probe\.note changes state: give a sender"):
        stand.probe.note(TRACK)
    with pytest.raises(InputError, match=r"Probe\.countFrom: expected: -1 does not fit uint256"):
        stand.probe.countFrom(-1, sender=DONOR)
    assert stand.chain.block_number() == before


def test_simulating_a_write_returns_its_result_and_changes_nothing(stand: Stand) -> None:
    assert stand.probe.simulate("note", TRACK, sender=DONOR) == 1
    assert stand.probe.count() == 0
    with pytest.raises(ContractReverted):
        stand.probe.simulate("countFrom", 3, sender=DONOR)


def test_creating_a_contract_can_be_refused(stand: Stand) -> None:
    from aidline.artifacts import artifact
    from aidline.client.abi import encode_constructor

    made = artifact("Probe")
    arguments = encode_constructor(made.abi, [stand.access, stand.inner, 100], "Probe")
    receipt = stand.chain.send(
        Transaction(
            DONOR,
            None,
            made.bytecode + arguments,
            contract="Probe",
            function="constructor",
            interpreter=stand.probe.book,
        )
    )
    assert (receipt.status, receipt.contract_address, receipt.logs) == (0, None, ())
    with pytest.raises(ContractReverted, match=r"Probe\.constructor reverted: TooMany\(given=100"):
        receipt.check()


# -- batches


def counting(probe: Contract, *pairs: tuple[Key, int]) -> list[Transaction]:
    return [probe.transaction("countFrom", expected, sender=key) for key, expected in pairs]


def test_a_batch_takes_effect_in_its_order_across_senders(stand: Stand) -> None:
    people = [Key.derive("sdk", f"person {n}") for n in range(7)]
    # each transaction succeeds only when all before it have run
    batch = counting(stand.probe, *[(people[n * n % 7], n) for n in range(600)])
    receipts = stand.chain.send_many(batch)
    assert [receipt.status for receipt in receipts] == [1] * 600
    assert stand.probe.count() == 600
    assert [receipt.transaction for receipt in receipts] == batch


def test_a_batch_returns_a_receipt_for_each(stand: Stand) -> None:
    receipts = stand.chain.send_many(
        counting(stand.probe, (DONOR, 0), (CARRIER, 5), (DONOR, 1), (CARRIER, 2))
    )
    assert [receipt.status for receipt in receipts] == [1, 0, 1, 1]
    assert len({receipt.tx_hash for receipt in receipts}) == 4
    with pytest.raises(ContractReverted, match=r"TooMany\(given=1, most=5\)"):
        receipts[1].check()
    assert stand.chain.send_many([]) == []


# -- logs


def test_events_are_found_by_what_is_indexed(stand: Stand) -> None:
    first = stand.probe.note(TRACK, sender=DONOR).block_number
    stand.probe.note({**TRACK, "id": 8}, sender=CARRIER)
    last = stand.inner.note({**TRACK, "id": 9}, sender=DONOR).block_number
    probe = stand.probe

    def ids(**filters: object) -> list[int]:
        return [event.args.id for event in probe.events("Noted", from_block=first, **filters)]

    assert ids() == [7, 8]
    assert ids(by=DONOR) == [7]
    assert ids(id=[8, 9]) == [8]
    assert ids(id=8, by=DONOR) == []
    assert ids(to_block=first) == [7]
    assert len(probe.events(from_block=first)) == 4
    assert len(stand.chain.logs(None, (), first, last)) == 6
    with pytest.raises(InputError, match="not indexed by label"):
        ids(label="x")
    with pytest.raises(InputError, match="no event Absent"):
        probe.events("Absent")


# -- transactions


def test_transactions_are_found_by_whom_they_were_sent_to(stand: Stand) -> None:
    block = stand.probe.note(TRACK, sender=DONOR).block_number
    stand.inner.note(TRACK, sender=DONOR)
    refused = stand.chain.send(stand.probe.transaction("countFrom", 99, sender=CARRIER, gas=90_000))
    stand.probe.note(TRACK, sender=DONOR)
    senders = [DONOR.address, CARRIER.address, DONOR.address]
    assert stand.chain.senders([stand.probe.address], block) == senders
    assert stand.chain.senders([stand.probe.address], block + 1) == senders[1:]
    found = stand.chain.refusal(refused.tx_hash)
    assert found is not None
    assert (found.to, found.data) == (stand.probe.address, refused.revert_data)
    assert stand.probe.countFrom.codec.decode_call(found.call) == [99]
    assert stand.probe.note.codec.decode_call(found.call) is None
    assert stand.chain.refusal(bytes(32)) is None


# -- clock and snapshots


def test_the_clock_stands_until_it_is_set(stand: Stand) -> None:
    assert stand.chain.now() == stand.probe.time() == START
    stand.chain.set_time(START + 86_400)
    assert stand.chain.now() == stand.probe.time() == START + 86_400
    assert stand.probe.time.many([(), ()]) == [START + 86_400] * 2
    for _ in range(3):
        assert stand.probe.note(TRACK, sender=DONOR).timestamp == START + 86_400
    stand.chain.set_time(START + 86_400)
    assert stand.chain.now() == START + 86_400


def test_the_clock_does_not_go_back(stand: Stand) -> None:
    with pytest.raises(ClockProblem, match="cannot go back"):
        stand.chain.set_time(START - 1)


def test_a_snapshot_brings_everything_back(stand: Stand) -> None:
    stand.probe.note(TRACK, sender=DONOR)
    block, logs = stand.chain.block_number(), stand.chain.logs()
    snapshot = stand.chain.snapshot()
    stand.chain.set_time(START + 5)
    stand.probe.note(TRACK, sender=DONOR)
    stand.probe.note(TRACK, sender=CARRIER)
    stand.chain.revert(snapshot)
    assert stand.probe.count() == 1
    assert (stand.chain.block_number(), stand.chain.now()) == (block, START)
    assert stand.chain.logs() == logs
    assert stand.probe.note(TRACK, sender=CARRIER).block_number == block + 1
    assert stand.probe.count() == 2


def test_code_and_balance_are_those_of_the_address(stand: Stand) -> None:
    from aidline.artifacts import artifact

    code = stand.chain.code(stand.probe.address)
    assert artifact("Probe").is_code(code)
    assert not artifact("AccessManager").is_code(code)
    assert stand.chain.code(DONOR.address) == b""
    assert stand.chain.chain_id() == 31337
