"""Deployment as data, resumable."""

from aidline.client.deployment import Deployed, Deployment, Holders
from aidline.deploy.config import LOCAL_CHAINS, Config, default_path
from aidline.deploy.engine import Plan, Step, deploy, plan, suite_address
from aidline.deploy.suite import SUITE, Item, RoleSpec, Suite

__all__ = [
    "LOCAL_CHAINS",
    "SUITE",
    "Config",
    "Deployed",
    "Deployment",
    "Holders",
    "Item",
    "Plan",
    "RoleSpec",
    "Step",
    "Suite",
    "default_path",
    "deploy",
    "plan",
    "suite_address",
]
