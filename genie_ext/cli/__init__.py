"""The command line."""

from genie_ext.cli.main import main

__all__ = ["main"]
