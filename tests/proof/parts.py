"""The parts of ``supervisor.step`` and of the bystander that judges it, each followed through its own paths once.

They are the real functions. Without this every question of one part would be asked again for every answer in another.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from tests.proof import properties
from tests.proof.undecided import Draw
from vigie.control import interlocks, supervisor

Parts = tuple[tuple[ModuleType, str], ...]
OF_STEP: Parts = (
    (supervisor, "evidence"),
    (supervisor, "wanted"),
    (interlocks, "next_latch"),
    (interlocks, "r1_block"),
    (interlocks, "r2_block"),
    (supervisor, "judge"),
)
OF_JUDGE: Parts = (
    (properties, "mains_as_measured"),
    (properties, "felt"),
)


class Summaries:
    """What is known of the parts under one control."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self._known: dict[Callable[..., Any], Callable[..., Any]] = {}

    @contextmanager
    def used(self, parts: Parts) -> Iterator[None]:
        """Let what is called take what is known of its parts."""
        whole = [getattr(module, name) for module, name in parts]
        for (module, name), part in zip(parts, whole, strict=True):
            if part not in self._known:
                self._known[part] = self.draw.summarised(part)
            setattr(module, name, self._known[part])
        try:
            yield
        finally:
            for (module, name), part in zip(parts, whole, strict=True):
                setattr(module, name, part)
