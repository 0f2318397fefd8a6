"""Exposure in exact integers, Merkle trees as OpenZeppelin's, batches that follow each other."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from eth_abi import encode
from hypothesis import example, given
from hypothesis import strategies as st

from aidline.errors import InputError
from aidline.keccak import keccak
from aidline.telemetry import (
    Band,
    Leaf,
    Link,
    MerkleTree,
    Point,
    Recorder,
    Watch,
    exposure_until,
    follow,
    interval_exposure,
    verify_proof,
)

COLD = Band(temperature_min=200, temperature_max=800, humidity_min=0, humidity_max=6_000)

WATCH = Watch("0x" + "11" * 20, b"\2" * 32, COLD)


def _one_side(seconds: int, first: int, second: int) -> Fraction:
    """The integral of max(0, line) over the interval, by the line's zero."""
    if first <= 0 and second <= 0:
        return Fraction(0)
    if first >= 0 and second >= 0:
        return Fraction(first + second, 2) * seconds
    zero = Fraction(first, first - second) * seconds
    if first > 0:
        return Fraction(first, 2) * zero
    return Fraction(second, 2) * (seconds - zero)


values = st.integers(-4_000, 4_000)


@given(seconds=st.integers(1, 100_000), before=values, after=values, low=values, width=values)
@example(seconds=1, before=-1, after=1, low=-100, width=100)
@example(seconds=3, before=1_000, after=-1_000, low=200, width=600)
def test_exposure_is_the_floor_of_the_integral_on_each_side(
    seconds: int, before: int, after: int, low: int, width: int
) -> None:
    high = low + abs(width)
    expected = floor(_one_side(seconds, before - high, after - high)) + floor(
        _one_side(seconds, low - before, low - after)
    )
    assert interval_exposure(seconds, before, after, low, high) == expected


@given(
    part=st.integers(0, 100_000),
    rest=st.integers(0, 100_000),
    before=values,
    after=values,
    low=values,
    width=values,
)
def test_exposure_of_a_part_is_the_floor_of_its_integral(
    part: int, rest: int, before: int, after: int, low: int, width: int
) -> None:
    seconds = max(1, part + rest)
    part = min(part, seconds)
    high = low + abs(width)
    # Seconds times as many units of time, so that the line stands at an integer at `part`.
    middle = before * (seconds - part) + after * part
    expected = sum(
        floor(_one_side(part, first * seconds, last) / seconds)
        for first, last in (
            (before - high, middle - high * seconds),
            (low - before, low * seconds - middle),
        )
    )
    assert exposure_until(part, seconds, before, after, low, high) == expected


@pytest.mark.parametrize(
    ("seconds", "before", "after", "exposure"),
    [
        (600, 500, 500, 0),
        (600, 200, 800, 0),
        (600, 900, 900, 60_000),
        (600, 800, 900, 30_000),
        (1_000, 500, 1_000, 40_000),
        (1_000, 1_000, 500, 40_000),
        (600, 100, 100, 60_000),
        # Half a centidegree-second is cut off.
        (1, 800, 801, 0),
        # From 2 above to 3 below: 4 * 7 / (2 * 5) = 2.8.
        (7, 802, 797, 2),
        # From 0 to 10 °C in 100 s: 2 °C on either side for 20 s each.
        (100, 0, 1_000, 4_000),
    ],
)
def test_exposure_of_an_interval(seconds: int, before: int, after: int, exposure: int) -> None:
    assert interval_exposure(seconds, before, after, 200, 800) == exposure


def test_exposure_does_not_depend_on_the_batches() -> None:
    readings = [
        (number * 300, 500 + number * 37 % 700, 5_000 + number * 91) for number in range(40)
    ]
    whole = Recorder(1, WATCH)
    total = whole.batch(readings, deadline=0)
    parts = Recorder(1, WATCH)
    for start in range(0, 40, 7):
        last = parts.batch(readings[start : start + 7], deadline=0)
    assert last.temperature_exposure == total.temperature_exposure > 0
    assert last.humidity_exposure == total.humidity_exposure > 0
    leaves = [leaf for number in range(parts.batches) for leaf in parts.leaves(number)]
    assert tuple(leaves) == whole.leaves(0)


def test_leaf_is_the_double_hash_of_its_encoding() -> None:
    leaf = Leaf(5, 1_579_651_200, -250, 4_321, 77, 88)
    types = ["uint64", "uint40", "int16", "uint16", "uint64", "uint64"]
    encoded = encode(types, [5, 1_579_651_200, -250, 4_321, 77, 88])
    assert leaf.hash() == keccak(keccak(encoded))


def test_tree_is_that_of_openzeppelin() -> None:
    # The example in the documentation of OpenZeppelin's library of Merkle trees.
    entries = [
        ("0x" + "11" * 20, 5_000_000_000_000_000_000),
        ("0x" + "22" * 20, 2_500_000_000_000_000_000),
    ]
    leaves = [keccak(keccak(encode(["address", "uint256"], entry))) for entry in entries]
    expected = "d4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77"
    assert MerkleTree(leaves).root.hex() == expected


@given(count=st.integers(1, 40), seed=st.integers(0, 1_000))
def test_each_leaf_is_proven_and_nothing_else(count: int, seed: int) -> None:
    leaves = [keccak(f"{seed} {number}".encode()) for number in range(count)]
    tree = MerkleTree(leaves)
    for number, leaf in enumerate(leaves):
        proof = tree.proof(number)
        assert verify_proof(leaf, proof, tree.root)
        assert not verify_proof(keccak(leaf), proof, tree.root)
    # As the tree sorts its leaves, their order does not matter.
    assert MerkleTree(leaves[::-1]).root == tree.root


def test_batches_follow_each_other() -> None:
    recorder = Recorder(9, WATCH)
    first = recorder.batch([(100, 500, 5_000), (160, 900, 4_000)], deadline=1_000)
    second = recorder.batch([(400, 700, 6_500)], deadline=1_000)

    beginning = WATCH.beginning(9)
    assert (first.consignment, first.sequence, first.previous) == (9, 0, beginning)
    assert (first.first_index, first.last_index) == (0, 1)
    assert (first.first_time, first.last_time, first.longest_gap) == (100, 160, 60)
    assert (first.temperature_min, first.temperature_max) == (500, 900)
    assert (first.humidity_min, first.humidity_max) == (4_000, 5_000)
    assert first.root == recorder.tree(0).root
    assert (second.sequence, second.previous) == (1, follow(beginning, beginning, first))
    assert (second.first_index, second.last_index) == (2, 2)
    # Extremes and gap reach back to the last reading of the batch before.
    assert (second.temperature_min, second.temperature_max) == (700, 900)
    assert (second.humidity_min, second.humidity_max) == (4_000, 6_500)
    assert second.longest_gap == 240
    assert second.temperature_exposure == recorder.leaves(1)[0].temperature_exposure
    assert (recorder.batches, recorder.last) == (2, second)


def test_chain_is_that_of_the_abi_encoding() -> None:
    recorder = Recorder(9, WATCH)
    first = recorder.batch([(100, 500, 5_000), (160, 900, 4_000)], deadline=1_000)
    types = ["uint64", "address", "bytes32", "int16", "int16", "uint16", "uint16"]
    values = [9, WATCH.device, WATCH.booking, 200, 800, 0, 6_000]
    beginning = _last_bit_cleared(keccak(encode(types, values)))
    assert WATCH.beginning(9) == beginning
    point = Point.of(first)
    assert point.batch == first.struct_hash()
    assert point.figures == 1 << 208 | 100 << 168 | 160 << 128 | 60 << 96 | 750 << 48
    assert Link.of(first) == Link(beginning, point)
    told = [beginning, beginning, point.batch, point.figures]
    head = _last_bit_cleared(keccak(encode(["bytes32", "bytes32", "bytes32", "uint256"], told)))
    assert follow(beginning, beginning, first) == head


def _last_bit_cleared(digest: bytes) -> bytes:
    return (int.from_bytes(digest, "big") & ~1).to_bytes(32, "big")


def test_refuses_what_does_not_follow() -> None:
    recorder = Recorder(9, WATCH)
    recorder.batch([(100, 500, 5_000)], deadline=1_000)
    with pytest.raises(InputError, match="does not follow"):
        recorder.batch([(100, 500, 5_000)], deadline=1_000)
    with pytest.raises(InputError, match="does not follow"):
        recorder.batch([(200, 500, 5_000), (150, 500, 5_000)], deadline=1_000)
    with pytest.raises(InputError, match="needs a reading"):
        recorder.batch([], deadline=1_000)
    with pytest.raises(InputError, match="needs a leaf"):
        MerkleTree([])
    with pytest.raises(InputError, match="lower limit"):
        Band(800, 200, 0, 6_000)
    # What was refused has left no trace.
    assert recorder.batches == 1
    assert recorder.batch([(150, 500, 5_000)], deadline=1_000).sequence == 1
