"""One way to expect a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from aidline.errors import ContractReverted

__all__ = ["reverts"]


@contextmanager
def reverts(error: str, **fields: Any) -> Iterator[None]:
    """Expect a contract to refuse with this error and these values.

    Args:
        error: The custom error's name.
        fields: Values of its arguments by their names in snake_case; those not named may be
            anything. A person stands for their address.
    """
    with pytest.raises(ContractReverted) as caught:
        yield
    refused = caught.value
    assert refused.error == error, str(refused)
    for name, expected in fields.items():
        assert name in refused.fields, f"{error} has no argument {name}: {refused}"
        assert refused.fields[name] == getattr(expected, "address", expected), str(refused)
