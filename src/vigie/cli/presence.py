"""Whether what the running program told is of now, and what is said when it is not."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from vigie.errors import LinkError
from vigie.link.messages import stale_after_ms
from vigie.wording.dialogue import language, spoken
from vigie.wording.figures import decimal
from vigie.wording.words import mark, translator

ASKED = ("snapshot", "age_ms", "link", "web_alarms")
"""What an answer of ``/api/v1/state`` must have."""
_AGE = mark("{seconds} s old")
_NO_AGE = mark("of unknown age")
_AWAY = mark("the controller is away ({why}): these values are {age}")
_LINKS: Mapping[str, str] = {
    "connected": mark("its connection stands, but it reports nothing"),
    "lost": mark("its connection is lost"),
    "never": mark("it has never connected"),
}
_UNKNOWN = mark("State unknown since {instant}: the controller says nothing; what follows is what it said last.")


def is_of_now(state: dict[str, Any]) -> bool:
    """Return whether there is a snapshot, and a fresh one."""
    snapshot, age_ms = state["snapshot"], state["age_ms"]
    return bool(
        snapshot is not None
        and state["link"] == "connected"
        and age_ms is not None
        and age_ms <= stale_after_ms(snapshot)
    )


def unknown_since(state: dict[str, Any], words: Callable[[str], str]) -> str:
    """Return what stands first where an old snapshot is shown."""
    return words(_UNKNOWN).format(instant=utc_text(state["snapshot"]["utc_ms"]))


def demand_now(state: dict[str, Any]) -> None:
    """End the command with the status that says so when what it showed is not of now.

    Raises:
        LinkError: there is no snapshot, or an old one only.
    """
    if state["snapshot"] is None:
        raise LinkError(spoken("the controller has not reported yet: look again in a moment, or whether it runs"))
    if not is_of_now(state):
        old = age(state["age_ms"], translator(language()))
        link: str = state["link"]
        raise LinkError(spoken(_AWAY, why=spoken(_LINKS[link]), age=old))


def utc_text(utc_ms: int) -> str:
    """Return an instant as text for people."""
    return datetime.fromtimestamp(utc_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def age(age_ms: int | None, words: Callable[[str], str] = str) -> str:
    """Return how old something is."""
    return words(_NO_AGE) if age_ms is None else words(_AGE).format(seconds=decimal(age_ms / 1_000, 1))
