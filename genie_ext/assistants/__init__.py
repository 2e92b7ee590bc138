"""Doors for the assistants that others make for Jupyter: tools for jupyter-server-mcp and a persona of Jupyter AI."""
