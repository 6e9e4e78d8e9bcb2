"""Vigie keeps watch over standby lead-acid batteries."""

__version__ = "0.1.0"
