"""Encoding and decoding by ABI.

For any type and value
├── encoding equals eth-abi's
└── decoding gives back what was encoded
Records
├── structs are taken as dataclasses, mappings with either spelling, and sequences
└── decode to frozen, slotted dataclasses with snake_case fields, the same class each time
Refusals
├── a value that does not fit its type, named by its place
├── a field that is missing or unknown
└── returned data that is shorter than the ABI says
Names
└── mixedCase and acronyms become snake_case; keywords get an underscore
"""

from __future__ import annotations

import dataclasses
from typing import Any

import eth_abi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidline.client.abi import AbiBook, FunctionCodec, codec, encode_constructor, snake_case
from aidline.errors import ChainError, InputError
from aidline.keccak import checksum_address, keccak

# -- any type with any value of it

_LEAVES: list[tuple[str, Any]] = [
    *[(f"uint{bits}", st.integers(0, 2**bits - 1)) for bits in (8, 16, 40, 64, 128, 256)],
    *[
        (f"int{bits}", st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1))
        for bits in (8, 16, 64, 256)
    ],
    ("bool", st.booleans()),
    ("address", st.binary(min_size=20, max_size=20).map(checksum_address)),
    ("string", st.text(max_size=40)),
    ("bytes", st.binary(max_size=70)),
    *[(f"bytes{size}", st.binary(min_size=size, max_size=size)) for size in (1, 4, 32)],
]


@dataclasses.dataclass(frozen=True)
class Kind:
    component: dict[str, Any]
    canonical: str
    values: Any


def leaf(pair: tuple[str, Any]) -> Kind:
    return Kind({"type": pair[0]}, pair[0], pair[1])


def array(inner: Kind, count: int | None) -> Kind:
    mark = "[]" if count is None else f"[{count}]"
    size = {"max_size": 3} if count is None else {"min_size": count, "max_size": count}
    component = {**inner.component, "type": inner.component["type"] + mark}
    return Kind(component, inner.canonical + mark, st.lists(inner.values, **size).map(tuple))


def struct(members: list[Kind]) -> Kind:
    components = [{**kind.component, "name": f"member{n}"} for n, kind in enumerate(members)]
    return Kind(
        {"type": "tuple", "internalType": "struct Any.Thing", "components": components},
        f"({','.join(kind.canonical for kind in members)})",
        st.tuples(*[kind.values for kind in members]),
    )


kinds = st.recursive(
    st.sampled_from(_LEAVES).map(leaf),
    lambda inner: st.one_of(
        st.builds(array, inner, st.none() | st.integers(1, 3)),
        st.lists(inner, min_size=1, max_size=4).map(struct),
    ),
    max_leaves=6,
)
typed_values = kinds.flatmap(lambda kind: st.tuples(st.just(kind), kind.values))


def plain(value: Any) -> Any:
    """Return records as tuples, so that they compare with what went in."""
    if dataclasses.is_dataclass(value):
        return tuple(plain(getattr(value, f.name)) for f in dataclasses.fields(value))
    return tuple(map(plain, value)) if isinstance(value, tuple) else value


@given(typed_values)
def test_any_value_is_encoded_as_by_eth_abi_and_read_back(pair: tuple[Kind, Any]) -> None:
    kind, value = pair
    known = codec(kind.component)
    assert known.canonical == kind.canonical
    body = known.encode(value)
    offset = (32).to_bytes(32, "big") if known.dynamic else b""
    assert offset + body == eth_abi.encode([kind.canonical], [value])
    assert plain(known.decode(body, 0)) == value


@given(typed_values, st.data())
def test_data_that_is_cut_short_is_refused_or_empty_at_its_end(
    pair: tuple[Kind, Any], draw: Any
) -> None:
    kind, value = pair
    known = codec(kind.component)
    body = known.encode(value)
    cut = draw.draw(st.integers(0, max(len(body) - 32, 0)))
    try:
        read = known.decode(body[:cut], 0)
    except (ChainError, UnicodeDecodeError):
        return
    assert plain(read) == value  # only what was padding, or nothing, is missing
    assert cut >= len(body.rstrip(b"\0")) - 31


# -- records

POINT = {
    "type": "tuple",
    "internalType": "struct IThing.Point",
    "components": [
        {"name": "xPlace", "type": "int64"},
        {"name": "takenAt", "type": "uint40"},
    ],
}


def test_structs_are_taken_in_every_form() -> None:
    known = codec(POINT)
    expected = known.encode((-3, 7))
    kind = type(known.decode(expected, 0))
    assert known.encode([-3, 7]) == expected
    assert known.encode({"x_place": -3, "taken_at": 7}) == expected
    assert known.encode({"takenAt": 7, "xPlace": -3}) == expected
    assert known.encode(kind(-3, 7)) == expected


def test_structs_decode_to_frozen_records() -> None:
    known = codec(POINT)
    record = known.decode(known.encode((-3, 7)), 0)
    assert type(record).__name__ == "Point"
    assert (record.x_place, record.taken_at) == (-3, 7)
    assert not hasattr(record, "__dict__")
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.x_place = 1
    again = codec({**POINT, "name": "another"}).decode(known.encode((1, 2)), 0)
    assert type(again) is type(record)


def test_enums_decode_to_the_members_of_the_model() -> None:
    from aidline.model import Level

    known = codec({"type": "uint8", "internalType": "enum IDemandBook.Level"})
    read = known.decode(known.encode(Level(1)), 0)
    assert read is Level(1)
    assert known.encode(1) == known.encode(Level(1).name.lower()) == known.encode(Level(1))
    with pytest.raises(InputError, match="is not a Level"):
        known.encode(200)
    assert known.decode((200).to_bytes(32, "big"), 0) == 200  # a later contract's member


# -- refusals


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("uint8", 256, "does not fit uint8"),
        ("uint8", -1, "does not fit uint8"),
        ("int8", 128, "does not fit int8"),
        ("uint256", "7", "whole number"),
        ("uint256", 7.0, "whole number"),
        ("uint256", True, "whole number"),
        ("bool", 1, "True or False"),
        ("address", "0x12", "20 bytes"),
        ("address", "hospital", "hexadecimal"),
        ("address", "0x" + "zz" * 20, "hexadecimal"),
        ("bytes32", b"short", "exactly 32 bytes"),
        ("bytes", 7, "hexadecimal"),
        ("string", b"raw", "text"),
        ("uint8[]", 7, "a sequence"),
        ("uint8[]", "77", "a sequence"),
        ("uint8[2]", [1], "a sequence of 2"),
    ],
)
def test_refuses_what_does_not_fit(kind: str, value: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        codec({"type": kind}).encode(value)


FUNCTION = {
    "type": "function",
    "name": "move",
    "stateMutability": "nonpayable",
    "inputs": [
        {"name": "toPoint", "type": "tuple[]", **{k: POINT[k] for k in ("components",)}}
        | {"internalType": "struct IThing.Point[]"},
        {"name": "from", "type": "address"},
    ],
    "outputs": [],
}


def test_names_the_place_of_what_does_not_fit() -> None:
    known = FunctionCodec(FUNCTION)
    assert known.signature == "move((int64,uint40)[],address)"
    with pytest.raises(InputError, match=r"Room\.move: to_point: takenAt: .* fit uint40"):
        known.encode([[(1, 2), (1, 2**40)], "0x" + "11" * 20], {}, "Room")


def test_takes_arguments_by_name() -> None:
    known = FunctionCodec(FUNCTION)
    address = "0x" + "11" * 20
    expected = known.encode([[(1, 2)], address], {}, "Room")
    assert known.encode([], {"from_": address, "to_point": [(1, 2)]}, "Room") == expected
    assert known.encode([[(1, 2)]], {"from_": address}, "Room") == expected


@pytest.mark.parametrize(
    ("args", "named"),
    [([], {}), ([[], "0x" + "11" * 20, 3], {}), ([[]], {"form_": 1}), ([[]], {"to_point": []})],
)
def test_refuses_another_number_of_arguments(args: list[Any], named: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"Room\.move takes 2 arguments \(to_point, from_\)"):
        FunctionCodec(FUNCTION).encode(args, named, "Room")


def test_names_missing_and_unknown_fields_of_a_struct() -> None:
    with pytest.raises(InputError, match="missing taken_at; unknown takenat"):
        codec(POINT).encode({"x_place": 1, "takenat": 2})
    with pytest.raises(InputError, match="Point takes x_place, taken_at"):
        codec(POINT).encode((1, 2, 3))


def test_a_contract_without_constructor_takes_no_arguments() -> None:
    assert encode_constructor([], [], "Room") == b""
    with pytest.raises(InputError, match=r"Room\.constructor takes 0 arguments"):
        encode_constructor([], [1], "Room")


# -- errors


def test_unknown_errors_are_shown_as_they_came() -> None:
    refused = AbiBook().error(bytes.fromhex("deadbeef"), contract="Room", function="enter")
    assert refused.error == "unknown error"
    assert refused.fields == {"data": bytes.fromhex("deadbeef")}
    assert "Room.enter reverted" in str(refused) and "0xdeadbeef" in str(refused)


def test_errors_that_no_known_abi_has_are_looked_up_in_more() -> None:
    asked = []
    entry = {"type": "error", "name": "Odd", "inputs": [{"name": "lotId", "type": "uint64"}]}

    def more() -> list[list[dict[str, Any]]]:
        asked.append(1)
        return [[entry]]

    book = AbiBook(more)
    data = keccak(b"Odd(uint64)")[:4] + (7).to_bytes(32, "big")
    assert book.error(data).fields == {"lot_id": 7}
    assert book.error(data).ids == {"lot_id": 7}
    assert asked == [1]


def test_an_error_with_too_little_data_is_unknown() -> None:
    assert AbiBook().error(keccak(b"Panic(uint256)")[:4]).error == "unknown error"


def test_a_revert_without_data_says_so() -> None:
    refused = AbiBook().error(b"", contract="Room", function="enter")
    assert (refused.error, refused.fields) == ("", {})
    assert "no reason given" in str(refused)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fateOf", "fate_of"),
        ("tokenURI", "token_uri"),
        ("URIOf", "uri_of"),
        ("_hidden_", "hidden"),
        ("HANDOVER_TYPEHASH", "handover_typehash"),
        ("from", "from_"),
        ("leg2Done", "leg2_done"),
        ("", ""),
    ],
)
def test_names_become_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected
