"""Makes the checkout's own tools known to every Python of its `.venv`.

Set-up copies this file into `.venv` and has Python load it at start, so that `.venv/bin/brownie`,
`.venv/bin/pytest` and the like find the compiler and the local chain without anything to export:

- `SOLCX_BINARY_PATH` is the checkout's folder of compilers;
- `PATH` begins with the checkout's Node programs (`anvil`);
- `BROWNIE_CHAIN_PORT`, which brownie-config.yaml reads, is a free port, or `AIDLINE_CHAIN_PORT` where
  that is set. Each Brownie gets a chain of its own that way, and never attaches to a stranger's.
"""

import os
import sys


def _make_known() -> None:
    root = os.path.dirname(sys.prefix)
    compilers = os.path.join(root, ".solcx")
    programs = os.path.join(root, "node_modules", ".bin")
    if os.path.isdir(compilers):
        os.environ["SOLCX_BINARY_PATH"] = compilers
    path = os.environ.get("PATH", os.defpath)
    if path.split(os.pathsep)[0] != programs and os.path.isdir(programs):
        os.environ["PATH"] = programs + os.pathsep + path
    asked = os.environ.get("AIDLINE_CHAIN_PORT", "")
    if asked:
        os.environ["BROWNIE_CHAIN_PORT"] = asked
    elif any("brownie" in word or "pytest" in word for word in sys.orig_argv):
        import socket

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            os.environ["BROWNIE_CHAIN_PORT"] = str(probe.getsockname()[1])


_make_known()
