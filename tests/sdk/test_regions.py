"""Codes, names and lineage of regions.

encode, decode
├── a code becomes its ASCII text padded with zeros, and comes back
└── what is no code: refused
The shipped table
├── all provinces of ISO 3166-2:CN, all prefectures of Hubei
├── a prefecture's digits begin with its province's
└── names: Chinese, English, short, of autonomous prefectures; ambiguous and unknown ones
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidline.errors import InputError
from aidline.regions import Region, RegionAtlas, decode, encode, shipped_atlas


@pytest.mark.parametrize("code", ["CN", "CN-HB", "CN-420100", "FR-75", "US-NY"])
def test_a_code_survives_the_chain(code: str) -> None:
    value = encode(code)
    assert len(value) == 32
    assert value.startswith(code.encode())
    assert decode(value) == code


@pytest.mark.parametrize("code", ["", "cn", "CN-", "CN-42010", "CN-4201000", "湖北", "CN\n"])
def test_refuses_to_encode_what_is_no_code(code: str) -> None:
    with pytest.raises(InputError, match="is not a region's code"):
        encode(code)


@pytest.mark.parametrize(
    "value",
    [b"", b"CN", bytes(32), b"\xff" * 32, b"CN\0HB".ljust(32, b"\0"), b"CN".rjust(32, b"\0")],
)
def test_refuses_to_decode_what_is_no_code(value: bytes) -> None:
    with pytest.raises(InputError, match="is not a region's code"):
        decode(value)


@given(st.binary(min_size=32, max_size=32))
def test_decode_accepts_nothing_but_what_encode_makes(value: bytes) -> None:
    try:
        code = decode(value)
    except InputError:
        return
    assert encode(code) == value


def test_the_table_holds_every_province_and_hubei() -> None:
    atlas = shipped_atlas()
    provinces = [region for region in atlas if region.parent == "CN"]
    assert len(provinces) == 34
    hubei = {region.code for region in atlas if region.parent == "CN-HB"}
    assert len(hubei) == 17
    assert {"CN-420100", "CN-420200", "CN-422800", "CN-429021"} <= hubei


def test_digits_begin_with_the_province() -> None:
    atlas = shipped_atlas()
    for region in atlas:
        if region.parent not in (None, "CN"):
            assert region.code == f"CN-{region.gb2260}"
            assert region.gb2260[:2] == atlas[str(region.parent)].gb2260[:2]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("湖北省", "CN-HB"),
        ("湖北", "CN-HB"),
        (" hubei ", "CN-HB"),
        ("武汉市", "CN-420100"),
        ("武汉", "CN-420100"),
        ("恩施州", "CN-422800"),
        ("恩施", "CN-422800"),
        ("恩施土家族苗族自治州", "CN-422800"),
        ("神农架林区", "CN-429021"),
        ("神农架", "CN-429021"),
        ("内蒙古", "CN-NM"),
        ("Inner Mongolia", "CN-NM"),
        ("广西壮族自治区", "CN-GX"),
        ("Macau", "CN-MO"),
        ("北京市", "CN-BJ"),
        ("吉林", "CN-JL"),
        ("吉林市", "CN-220200"),
        ("海南", "CN-HI"),
        ("海南州", "CN-632500"),
        ("Mainland China", "CN"),
    ],
)
def test_finds_a_region_by_its_names(name: str, code: str) -> None:
    found = shipped_atlas().find(name)
    assert found is not None
    assert found.code == code


def test_a_name_can_be_sought_within_a_province() -> None:
    atlas = shipped_atlas()
    assert atlas.find("恩施州", within="CN-HN") is None
    found = atlas.find("海南", within="CN-QH")
    assert found is not None and found.code == "CN-632500"


@pytest.mark.parametrize("name", ["待明确地区", "未知地区", "Atlantis", "", "市"])
def test_an_unknown_name_finds_nothing(name: str) -> None:
    assert shipped_atlas().find(name) is None


def test_lineage_province_and_containment() -> None:
    atlas = shipped_atlas()
    assert atlas.lineage("CN-420100") == ("CN-420100", "CN-HB", "CN")
    assert atlas.province_of("CN-420100") == "CN-HB"
    assert atlas.province_of("CN-HB") == "CN-HB"
    assert atlas.province_of("CN") is None
    assert atlas.is_within("CN-420100", "CN")
    assert not atlas.is_within("CN-HB", "CN-420100")
    with pytest.raises(InputError, match="'CN-999999' is unknown"):
        atlas["CN-999999"]


def test_a_table_out_of_order_is_refused() -> None:
    country = Region("FR", "", None, "法国", "France", ())
    part = Region("FR-75", "", "FR", "巴黎", "Paris", ())
    assert len(RegionAtlas([country, part])) == 2
    with pytest.raises(InputError, match="before its parent"):
        RegionAtlas([part, country])
    with pytest.raises(InputError, match="stands twice"):
        RegionAtlas([country, country])


def test_two_regions_of_one_name_find_nothing() -> None:
    country = Region("FR", "", None, "", "France", ())
    one = Region("FR-1", "", "FR", "", "Twin", ())
    other = Region("FR-2", "", "FR", "", "Twin", ())
    assert RegionAtlas([country, one, other]).find("Twin") is None
