"""Files that are written whole or not at all, and JSON that is checked against its schema."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from aidline.errors import InputError

__all__ = ["check_schema", "read_json", "require_writable", "write_atomically", "write_json"]


def require_writable(path: str | os.PathLike[str]) -> None:
    """Refuse early what could not be written in the end; makes nothing.

    Raises:
        InputError: It is a folder, or lies where nothing can be written.
    """
    target = Path(path)
    if target.is_dir():
        raise InputError("is a folder: name a file", path=target)
    folder = target.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise InputError(f"cannot be written: {folder} is no folder", path=target)
    if not os.access(folder, os.W_OK):
        raise InputError(f"cannot be written: {folder} may not be changed", path=target)


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file so that a reader sees the former content or this, never a part.

    Raises:
        InputError: The file cannot be written.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as problem:
        raise InputError(f"cannot be written: {problem.strerror}", path=target) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException as problem:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        if isinstance(problem, OSError):
            raise InputError(f"cannot be written: {problem.strerror}", path=target) from None
        raise


def write_json(path: str | os.PathLike[str], record: Any) -> None:
    """Write JSON, indented, whole or not at all."""
    write_atomically(path, (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode())


def read_json(
    path: str | os.PathLike[str],
    schema: str | None = None,
    error: type[InputError] = InputError,
) -> Any:
    """Read JSON and check it.

    Args:
        path: The file.
        schema: Name of a schema of ``aidline/schemas``, without ``.json``.
        error: What to raise.

    Raises:
        InputError: (or ``error``) The file is missing, is no JSON, or breaks the schema.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise error("there is no such file", path=path) from None
    except UnicodeDecodeError:
        raise error("not a text file in UTF-8", path=path) from None
    except OSError as problem:
        raise error(f"cannot be read: {problem.strerror}", path=path) from None
    try:
        record = json.loads(text)
    except json.JSONDecodeError as problem:
        raise error(
            f"not JSON: {problem.msg}", path=path, line=problem.lineno, column=problem.colno
        ) from None
    if schema is not None:
        check_schema(record, schema, path=path, error=error)
    return record


@lru_cache(maxsize=32)
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator  # takes 0.1 s to load

    text = resources.files("aidline").joinpath("schemas", f"{schema}.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))


def check_schema(
    record: Any,
    schema: str,
    *,
    path: str | os.PathLike[str] | None = None,
    error: type[InputError] = InputError,
) -> None:
    """Check a record against a schema of ``aidline/schemas``.

    Raises:
        InputError: (or ``error``) It breaks the schema; the message names the place in it.
    """
    problems = sorted(_validator(schema).iter_errors(record), key=lambda found: list(found.path))
    if problems:
        first = problems[0]
        place = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in first.absolute_path
        ).lstrip(".")
        raise error(f"{place}: {first.message}" if place else first.message, path=path)
