from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vigie.telemetry.journal import Journal, JournalSettings
from vigie.telemetry.reader import JournalReader


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def reader(path: Path) -> Iterator[JournalReader]:
    reader = JournalReader(path)
    yield reader
    reader.close()


@pytest.fixture
def start_journal(path: Path) -> Iterator[Callable[..., Journal]]:
    """Start a journal on ``path``; all are closed at the end."""
    started: list[Journal] = []

    def start(settings: JournalSettings = JournalSettings(batch_s=0.05)) -> Journal:  # noqa: B008
        journal = Journal(path, settings)
        started.append(journal)
        journal.start()
        return journal

    yield start
    for journal in started:
        journal.close()
