"""Accounts that a command is given."""

from __future__ import annotations

import getpass
import json
import os
import sys
from pathlib import Path

from aidline.errors import InputError
from aidline.signing import Key

__all__ = ["load_account"]

_PASSWORD = "AIDLINE_PASSWORD"


def load_account(keystore: Path, password_file: Path | None) -> Key:
    """Return the account in a keystore file (Web3 Secret Storage).

    The password comes from ``password_file``, else from the environment variable
    ``AIDLINE_PASSWORD``, else it is asked for on a terminal.

    Raises:
        InputError: The file is missing or is none, there is no password, or it is wrong.
    """
    from eth_account import Account  # takes half a second to load

    try:
        content = json.loads(keystore.read_text(encoding="utf-8"))
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", path=keystore) from None
    except ValueError:
        raise InputError("is not a keystore file (JSON)", path=keystore) from None
    password = _password(password_file)
    try:
        return Key(bytes(Account.decrypt(content, password)))
    except (ValueError, TypeError, KeyError, NotImplementedError) as problem:
        reason = "the password is wrong" if "MAC" in str(problem) else "is not a keystore file"
        raise InputError(reason, path=keystore) from None


def _password(password_file: Path | None) -> str:
    if password_file is not None:
        try:
            return password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as problem:
            raise InputError(f"cannot be read: {problem.strerror}", path=password_file) from None
    if _PASSWORD in os.environ:
        return os.environ[_PASSWORD]
    if sys.stdin.isatty():
        return getpass.getpass("Password of the keystore: ")
    raise InputError(f"the keystore needs a password: give --password-file, or set {_PASSWORD}")
