"""Identifiers of GS1: check digits, and the numbers that anyone may use within one system."""

from __future__ import annotations

__all__ = ["check_digit", "is_gtin", "is_restricted"]


def check_digit(digits: str) -> int:
    """Returns the check digit that follows ``digits`` (GS1 General Specifications, 7.9)."""
    return -sum(int(d) * (3, 1)[i % 2] for i, d in enumerate(reversed(digits))) % 10


def is_gtin(text: str) -> bool:
    """Says whether ``text`` is a GTIN of 8, 12, 13 or 14 digits with a right check digit."""
    return (
        text.isascii()
        and text.isdigit()
        and len(text) in (8, 12, 13, 14)
        and check_digit(text[:-1]) == int(text[-1])
    )


def is_restricted(gtin: str) -> bool:
    """Says whether a GTIN-13 lies in the prefixes 020-029, 040-049 or 200-299.

    These are for restricted circulation: no company owns them, and anyone may use them within a
    region or a system of their own.
    """
    return len(gtin) == 13 and (gtin[:2] in ("02", "04") or gtin[0] == "2")
