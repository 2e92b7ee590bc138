"""Measure what the semantic layer knows: `python -m bench.semantics COMMAND --help`."""
