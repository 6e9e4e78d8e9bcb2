"""Vigie keeps watch over standby lead-acid batteries."""
