"""The static wall: text in, a checked read-only query out."""

from genie_ext.guard.check import check
from genie_ext.guard.policy import Catalog, Policy

__all__ = ["Catalog", "Policy", "check"]
