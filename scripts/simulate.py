"""``brownie run simulate``: the scenario wuhan-2020 on the chain that Brownie is connected to."""

import os

from brownie import accounts, network
from rich.console import Console

from aidline.cli import show
from aidline.client import Web3Chain
from aidline.signing import Key
from aidline.sim.model import Model
from aidline.sim.pocket import Pocket
from aidline.sim.prepare import prepare
from aidline.sim.scenario import load


def main(scenario=""):
    """Play a scenario with participants that the first account funds."""
    funder = accounts.add()
    accounts[0].transfer(funder, accounts[0].balance() * 9 // 10, silent=True)
    chain = Web3Chain(network.web3.provider.endpoint_uri)
    prepared = prepare(load(scenario or os.environ.get("AIDLINE_SCENARIO", "wuhan-2020")))
    with Pocket(chain, Key(bytes.fromhex(funder.private_key[2:])), prepared) as pocket:
        print(pocket.announcement())
        record = Model(prepared, chain=chain, limits=pocket.limits).run().record
    show.figures(Console(highlight=False), record)
    return record
