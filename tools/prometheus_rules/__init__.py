"""What Prometheus' files repeat of the program's tables, written from them. ``python -m tools.prometheus_rules``."""
