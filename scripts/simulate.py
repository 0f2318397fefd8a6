"""``brownie run simulate``: a scenario on the chain that Brownie is connected to.

``brownie run simulate main PATH`` plays another scenario than wuhan-2020.
"""

from brownie import accounts, network
from rich.console import Console

from aidline.cli import show
from aidline.client import Web3Chain
from aidline.signing import Key
from aidline.sim.model import Model
from aidline.sim.pocket import Pocket
from aidline.sim.prepare import prepare
from aidline.sim.scenario import load


def main(scenario="wuhan-2020"):
    """Play a scenario with participants that the first account funds."""
    funder = Key.derive("local", "funder")
    accounts[0].transfer(funder.address, accounts[0].balance() // 2, silent=True)
    chain = Web3Chain(network.web3.provider.endpoint_uri)
    prepared = prepare(load(scenario))
    with Pocket(chain, funder, prepared) as pocket:
        print(pocket.announcement())
        record = Model(prepared, chain=chain, limits=pocket.limits).run().record
    show.figures(Console(width=80, highlight=False), record)
    return record
