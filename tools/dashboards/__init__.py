"""Grafana's dashboards, defined once in Python and written in every language. ``python -m tools.dashboards``."""
