"""How hard the properties are tried: a few hundred sequences, the same ones each time where it must be reproducible."""

import os

from hypothesis import settings

settings.register_profile("ci", max_examples=300, deadline=None, derandomize=True, database=None)
settings.register_profile("dev", max_examples=100, deadline=None, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
