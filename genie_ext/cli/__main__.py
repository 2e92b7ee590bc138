"""Runs the command line as `python -m genie_ext.cli`."""

from genie_ext.cli.main import main

main()
