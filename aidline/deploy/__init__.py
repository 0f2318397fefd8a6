"""Deployment as data, resumable."""

from aidline.deploy.engine import Plan, Step, deploy, plan, suite_address
from aidline.deploy.records import LOCAL_CHAINS, Config, Deployed, Deployment, Holders, default_path
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
