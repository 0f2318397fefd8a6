"""``brownie run deploy``: the suite on the chain that Brownie is connected to.

On a chain of one's own it needs nothing. Elsewhere ``AIDLINE_ACCOUNT`` names the Brownie account
that sends and pays, and ``AIDLINE_CONFIG`` the file that says who governs.
"""

import os

from brownie import accounts, network

from aidline.client import Web3Chain
from aidline.deploy import LOCAL_CHAINS, SUITE, Config, default_path, deploy
from aidline.signing import Key


def main():
    """Deploy with an account that holds no role in the end, and print where all stands."""
    chain = Web3Chain(network.web3.provider.endpoint_uri)
    if chain.chain_id() in LOCAL_CHAINS:
        deployer = Key.derive("local", "deployer")
        accounts[0].transfer(deployer.address, "10 ether", silent=True)
        roles = [role.name for role in SUITE.roles]
        config = Config.one_governor(Key.derive("local", "governor").address, roles)
    else:
        account = accounts.load(os.environ["AIDLINE_ACCOUNT"])
        deployer = Key(bytes.fromhex(account.private_key[2:]))
        config = Config.load(os.environ["AIDLINE_CONFIG"])
    out = default_path(chain.chain_id())
    deployment = deploy(chain, deployer, config, out=out)
    for name, place in deployment.contracts.items():
        print(f"{name:20} {place.address}")
    print(f"written to {out}")
    return deployment
