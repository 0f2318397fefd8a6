"""The chain on which a run was played: a node, or the state that was written beside its summary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from aidline.client import Aidline, Web3Chain
from aidline.deploy import Deployment
from aidline.errors import InputError
from aidline.node import AnvilNode

__all__ = ["DeploymentFile", "Node", "SummaryFile", "played"]

SummaryFile = Annotated[Path, typer.Option(help="The summary.json of a run.")]
Node = Annotated[
    str | None,
    typer.Option(help="Node to ask; without it, chain.state beside the summary is restored."),
]
DeploymentFile = Annotated[
    Path | None, typer.Option(help="Deployment file (deployment.json beside the summary).")
]


@contextmanager
def played(summary: Path, rpc: str | None, deployment: Path | None) -> Iterator[Aidline]:
    """Return the deployment of a run.

    Args:
        summary: Its summary.json.
        rpc: The node; without it, chain.state beside the summary is restored meanwhile.
        deployment: Its file; without it, deployment.json beside the summary.

    Raises:
        InputError: A file is missing or is none of a run.
        EnvironmentProblem: The node does not answer.
    """
    known = Deployment.load(deployment or summary.with_name("deployment.json"))
    with ExitStack() as stack:
        if rpc is None:
            state = summary.with_name("chain.state")
            if not state.is_file():
                raise InputError("is not beside the summary: name a node with --rpc", path=state)
            chain = stack.enter_context(AnvilNode(state=state)).chain
        else:
            chain = Web3Chain(rpc)
            stack.callback(chain.close)
        yield Aidline(chain, known)
