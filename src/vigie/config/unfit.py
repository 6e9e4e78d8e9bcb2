"""Settings that do not fit, and the wait until they do."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from vigie.config.reading import BadSettings, section
from vigie.config.sections import Config


class UnfitSettings:
    """The faults of a service's settings now. The file is read again only after it has changed: asking is cheap."""

    def __init__(
        self,
        path: Path,
        overrides: Mapping[str, Mapping[str, Any]],
        read: Callable[[], Config],
        error: BadSettings,
    ) -> None:
        """Begin with what ``read`` raised of the file and the ``overrides`` laid over it."""
        self.path = path
        self.overrides = overrides
        self.error = error
        """The newest faults."""
        self._read = read
        self._seen: tuple[int, ...] | None = None

    def fit_now(self) -> bool:
        """Whether the settings have come to fit; what is wrong with them otherwise is in ``error``."""
        seen = self._look()
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            self._read()
        except BadSettings as error:
            self.error = error
            return False
        return True

    def section(self, name: str, beneath: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the section's NamedTuple
        """Return one section alone, over defaults of its own, whatever is wrong with the others.

        Raises:
            BadSettings: the file cannot be read, or the section has faults.
        """
        return section(name, self.path, beneath, self.overrides.get(name, {}))

    def _look(self) -> tuple[int, ...] | None:
        """Return what changes with every change of the file, also of who may read it; None while there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
