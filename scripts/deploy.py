"""``brownie run deploy``: the suite on the chain that Brownie is connected to."""

from brownie import accounts, network

from aidline.client import Web3Chain
from aidline.deploy import SUITE, Config, default_path, deploy
from aidline.signing import Key


def main():
    """Deploy with a fresh account that holds no role in the end, and print where all stands."""
    deployer = accounts.add()
    accounts[0].transfer(deployer, "10 ether", silent=True)
    chain = Web3Chain(network.web3.provider.endpoint_uri)
    roles = [role.name for role in SUITE.roles]
    config = Config.one_governor(Key.derive("local", "governor").address, roles)
    out = default_path(chain.chain_id())
    out.unlink(missing_ok=True)
    deployment = deploy(chain, Key(bytes.fromhex(deployer.private_key[2:])), config, out=out)
    for name, place in deployment.contracts.items():
        print(f"{name:20} {place.address}")
    print(f"written to {out}")
    return deployment
