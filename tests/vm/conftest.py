"""The guest's cases run in the guest (``make vm``), not under pytest."""

collect_ignore = ["guest"]
