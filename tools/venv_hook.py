"""Makes the checkout's own tools known to every Python of its `.venv`.

Set-up copies this file into `.venv` and has Python load it at start, so that `.venv/bin/brownie`,
`.venv/bin/pytest` and the like find the compiler and the local chain without anything to export:

- `SOLCX_BINARY_PATH` is the checkout's folder of compilers;
- `PATH` begins with the checkout's Node programs (`anvil`);
- `BROWNIE_CHAIN_PORT`, which brownie-config.yaml reads, is a free port, or `AIDLINE_CHAIN_PORT`
  where that is set. Each Brownie gets a chain of its own, and never attaches to a stranger's.

`brownie run` imports a script under its absolute path, which fails in a checkout whose path holds
a dot; a finder of last resort mends that.
"""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


class DottedCheckout:
    """Finds the packages that a path with dots falls into, up to the checkout itself.

    Args:
        root: the checkout.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._name = ".".join(root.strip(os.sep).split(os.sep))

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns an empty package for a part of the checkout's path, else nothing."""
        if name != self._name and not self._name.startswith(name + "."):
            return None
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [self._root] if name == self._name else []
        return spec


def _make_known(root: str) -> None:
    compilers = os.path.join(root, ".solcx")
    programs = os.path.join(root, "node_modules", ".bin")
    if os.path.isdir(compilers):
        os.environ["SOLCX_BINARY_PATH"] = compilers
    path = os.environ.get("PATH", os.defpath)
    if path.split(os.pathsep)[0] != programs and os.path.isdir(programs):
        os.environ["PATH"] = programs + os.pathsep + path
    called = " ".join(sys.orig_argv[1:4])
    if "brownie" not in called and "pytest" not in called:
        return
    if "." in root:
        sys.meta_path.append(DottedCheckout(root))
    asked = os.environ.get("AIDLINE_CHAIN_PORT", "")
    if asked:
        os.environ["BROWNIE_CHAIN_PORT"] = asked
        return
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        os.environ["BROWNIE_CHAIN_PORT"] = str(probe.getsockname()[1])


if __name__ == "aidline_checkout":
    _make_known(os.path.dirname(sys.prefix))
