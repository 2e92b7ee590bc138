"""Meaning mined from what people wrote about a lake: queries, notebooks, dashboards, models and documents."""
