"""Where the optional real data lies, and files made for one test."""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def real(name: str) -> Path:
    """Returns the path of a real file, or skips the test with a notice where it is absent."""
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"the real file ../shared/data/{name} is not here")
    return path


def write(folder: Path, text: str, name: str = "file.csv") -> Path:
    """Writes a file exactly as given."""
    path = folder / name
    path.write_bytes(text.encode())
    return path
