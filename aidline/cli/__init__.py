"""The command line: ``aidline ...``.

Every command ends with exit status 0, 1 when a check failed, or 2 for bad input or an environment
that does not allow it; what went wrong is one line on standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import Abort, Exit, TyperException

from aidline import __version__
from aidline.errors import AidlineError

__all__ = ["app", "main"]

#: Modules by command; each has a function (or a Typer, where a command has commands of its own) of
#: the command's name, and is loaded when it is called.
_COMMANDS = {
    "simulate": "aidline.cli.simulate",
    "verify": "aidline.cli.verify",
    "trace": "aidline.cli.trace",
    "node": "aidline.cli.chain_commands",
    "deploy": "aidline.cli.chain_commands",
    "device": "aidline.cli.device",
    "match": "aidline.cli.match",
    "route": "aidline.cli.route",
}

_BROKEN_OFF = 130  # what a shell says of a program that Ctrl-C has ended


class _Commands(TyperGroup):
    """The commands, without loading those that are not called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(_COMMANDS[cmd_name]), cmd_name)
        if not isinstance(command, typer.Typer):
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(command)
            command = alone
        return typer.main.get_command(command)


app = typer.Typer(
    name="aidline",
    cls=_Commands,
    help="Emergency logistics on an Ethereum-compatible chain.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aidline {__version__}")
        raise Exit(0)


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", help="Print the version.", callback=_version, is_eager=True
    ),
) -> None:
    """Emergency logistics on an Ethereum-compatible chain."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave the process with its exit status."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    try:
        result = app(None if arguments is None else list(arguments), standalone_mode=False)
    except AidlineError as problem:
        return _complain(str(problem), problem.exit_status)
    except TyperException as problem:
        if not problem.format_message():
            return 0 if not getattr(problem, "exit_code", 2) else 2
        return _complain(problem.format_message(), 2)
    except Exit as leaving:
        result = leaving.exit_code
    except (KeyboardInterrupt, Abort):
        result = _BROKEN_OFF
    except BrokenPipeError:
        return 1
    if result == _BROKEN_OFF:
        return _complain("broken off", _BROKEN_OFF)
    return result if isinstance(result, int) else 0


def _complain(message: str, status: int) -> int:
    print(f"aidline: {' '.join(message.split())}", file=sys.stderr)
    return status
