"""Every fault of the matrix on the pages of people who read French and German: all of it in their language, nothing old
that looks new, no verdict that contradicts the alarms beside it.

Pages are opened once, and told of one fault after the other over the link.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.faults.faults import TROUBLES
from tests.integration.web.programs import Web, link
from vigie.link.messages import stale_after_ms

from . import judging
from .lived_faults import Told, live_all
from .reading import Reader, Shown, Text

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PHONE = {"width": 360, "height": 740}
PAGES = {
    "/": ("verdict", "verdict_reasons", "alarms", "mode", "phase", "mains", "relays", "channels", "temperature_status",
          "outage"),
    "/alarms": ("alarms",),
    "/relays": ("relays", "mode", "wiring"),
    "/outages": ("outage",),
}  # fmt: skip
"""What a page tells of, by fields of the snapshot."""
EVERY_FAULT = {"/": {trouble.family for trouble in TROUBLES.values()}, "/outages": {"mains"}}
"""The families of faults each of which is told to a page, even when others have said the same."""
ATTEMPTS = 5


def said(value: Any, path: str) -> Iterator[str]:
    """Return all that a part of a snapshot says in words, each with its place."""
    if isinstance(value, Mapping):
        place = f"{path} {value.get('channel') or value.get('relay') or value.get('alarm') or ''}"
        for name, one in value.items():
            yield from said(one, f"{place} {name}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            yield from said(one, path)
    elif isinstance(value, str | bool | None):
        yield f"{path} {value}"


def telling(told: Sequence[Told], path: str) -> list[tuple[Told, bool]]:
    """Return the moments that say something on a page no moment before them does, and which is its fault's last."""
    known: set[str] = set()
    chosen = []
    for fault, group in groupby(told, lambda one: one.fault):
        moments, mine = list(group), []
        for one in moments:
            news = {word for name in PAGES[path] for word in said(one.snapshot[name], name)} - known
            known |= news
            mine += [one] if news else []
        if not mine and TROUBLES[fault].family in EVERY_FAULT.get(path, ()):
            mine = moments[-1:]
        chosen += [(one, one is mine[-1]) for one in mine]
    return chosen


class House:
    """A web process with its link, and a page in French and one in German."""

    def __init__(self, folder: Path, chromium: Browser) -> None:
        self._web = Web(folder).start()
        self._client = link(self._web)
        self._contexts = [
            chromium.new_context(locale=code, viewport=PHONE, reduced_motion="reduce") for code in ("fr", "de")
        ]
        self._readers: list[Reader] = []

    def open(self, path: str) -> None:
        """Leave the pages that are open, and open others."""
        for reader in self._readers:
            reader.page.close()
        self._readers = [Reader(context.new_page(), f"{self._web.url}/flask{path}") for context in self._contexts]

    def tell(self, told: Told, *, is_last: bool = True) -> list[Shown]:
        """Send a moment over the link, again when the machine was too busy; return what the pages then show.

        With the last of a fault they show what its journal holds too.
        """
        for _ in range(ATTEMPTS):
            new = self._web.journal.with_name("new")
            new.symlink_to(told.journal)
            new.replace(self._web.journal)
            self._client.publish(dict(told.snapshot))
            shown = [reader.hear(told.snapshot, is_last=is_last) for reader in self._readers]
            known = [one for one in shown if one is not None]
            if len(known) == len(shown):
                return known
        raise AssertionError(f"{told.fault} does not come to the pages")

    def fall_silent(self, told: Told) -> list[Shown]:
        """Tell of a moment and nothing more; return what the pages show of it once it is old."""
        self.tell(told)
        time.sleep(stale_after_ms(told.snapshot) / 1000 + 1.0)
        return [reader.look() for reader in self._readers]

    def close(self) -> None:
        for context in self._contexts:
            context.close()
        self._client.close()
        self._web.end()


@pytest.mark.long
def test_every_fault_is_told_in_the_reader_s_words_and_without_contradiction(chromium: Browser, tmp_path: Path) -> None:
    told = list(live_all(tmp_path))
    found: dict[str, set[str]] = defaultdict(set)
    with closing(House(tmp_path, chromium)) as house:
        for path in PAGES:
            house.open(path)
            for one, is_last in telling(told, path):
                french, german = house.tell(one, is_last=is_last)
                faults = [*judging.untranslated(french, german), *judging.faults_of(french, one.snapshot)]
                for fault in (*faults, *judging.faults_of(german, one.snapshot)):
                    found[f"{path} {fault}"].add(one.fault)
            fullest = max(told, key=lambda one: sum(alarm["now"] is not None for alarm in one.snapshot["alarms"]))
            for shown in house.fall_silent(fullest):
                for fault in judging.numbers_shown_as_of_now(shown):
                    found[f"{path} {fault}"].add("silence")
    assert not found, "\n".join(f"{fault}: {', '.join(sorted(where))}" for fault, where in found.items())


def shown(text: str, verdict: str = "ok", **live: Any) -> Shown:
    return Shown({"/0": Text(text, live.get("live", ""), "n2", True, False)}, ["/0"], verdict, False, "", True, {})


def test_what_nobody_has_translated_is_found() -> None:
    french, german = shown("Capteur perdu : transfer timed out"), shown("Sensor ausgefallen: transfer timed out")
    (fault,) = judging.untranslated(french, german)
    assert "['out', 'timed', 'transfer']" in fault
    assert list(judging.untranslated(shown("Batterie chaude"), shown("Batterie warm"))) == []


def test_a_contradiction_is_found() -> None:
    warm = {"severity": "critical", "standing": "unacknowledged", "is_present": True}
    beside = {"alarms": [warm], "verdict_reasons": []}
    assert len(list(judging.contradictions(shown("", "ok"), beside))) > 1
    assert len(list(judging.contradictions(shown("", "alarm"), {**beside, "alarms": []}))) > 1
    assert list(judging.contradictions(shown("", "ok"), {**beside, "alarms": []})) == []


def test_a_number_that_is_not_of_now_is_found() -> None:
    unknown: dict[str, Any] = {"channels": [{"channel": "load", "bus_v": None}]}
    number = shown("13.6", live="channels.load.bus_v")
    assert len(list(judging.numbers_without_a_source(number, unknown))) == 1
    assert len(list(judging.numbers_shown_as_of_now(number))) == 2
