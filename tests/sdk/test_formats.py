"""docs/formats.md knows every format: each schema, and each key of what a run reads and writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
SCHEMAS = sorted((ROOT / "aidline" / "schemas").glob("*.json"))


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_each_schema_has_its_place(schema: Path) -> None:
    (*_, files) = PAGE.split("## JSON files")
    assert f"`{schema.name}`" in files


@pytest.mark.parametrize("name", ["summary", "verification", "scenario"])
def test_each_key_is_described(name: str) -> None:
    schema = json.loads((ROOT / "aidline" / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    rows = "".join(line for line in PAGE.splitlines() if line.startswith("|"))
    assert [key for key in schema["properties"] if f"`{key}`" not in rows] == []
