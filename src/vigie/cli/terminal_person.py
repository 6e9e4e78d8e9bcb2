"""The person at the terminal, asked in such a way that a drill is watched while they think."""

import os
import select
import sys
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from vigie.commission.person import Person, Stopped, Topic
from vigie.control.signals import Reading
from vigie.wording.dialogue import spoken

_STOPS = frozenset({"q", "quit", "quitter", "stop"})
_YES, _NO = frozenset({"y", "yes", "o", "oui", "j", "ja"}), frozenset({"n", "no", "non", "nein"})
TO_SEE = frozenset({Topic.BYPASS_DIODE, Topic.LEDS, Topic.MAINS})
"""What a person sees at the site."""
TO_MEASURE = frozenset({Topic.BATTERY_V, Topic.CHARGE_V, Topic.LOAD_V})
"""What a person measures there."""


class Lines:
    """Lines from a file descriptor, waited for in slices so that something else can be done meanwhile."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = b""

    def next(self, meanwhile: Callable[[], None] | None = None) -> str:
        """Return the next line without its end; until it comes, ``meanwhile`` is called without a pause.

        Raises:
            Stopped: the input has ended.
        """
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self._descriptor], [], [], None if meanwhile is None else 0.0)
            if ready or meanwhile is None:
                data = os.read(self._descriptor, 4096)
                if not data:
                    raise Stopped(spoken("the input has ended before the commissioning did; nothing was written"))
                self._buffer += data
            else:
                meanwhile()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode(errors="replace").strip()


class TerminalPerson:
    """Implements ``Person`` on a terminal; ``q`` at any question stops."""

    def __init__(
        self, console: Console, lines: Lines, eyes: Person | None = None, seen: frozenset[Topic] = frozenset()
    ) -> None:
        """Speak through ``console`` and listen to ``lines``.

        Args:
            console: where everything is shown.
            lines: what is typed.
            eyes: answers for what nobody can see at a terminal, on a simulated installation.
            seen: what those eyes are asked for.
        """
        self._console = console
        self._lines = lines
        self._eyes = eyes
        self._seen = seen

    def begin(self, number: int, count: int, title: str, effect: str) -> None:
        heading = Text(spoken("Step {number} of {count}: {title}", number=number, count=count, title=title))
        self._console.print(Panel(Text(effect), title=heading, title_align="left", expand=False))

    def tell(self, text: str, *, is_weak: bool = False) -> None:
        self._console.print(f"  ! {text}" if is_weak else f"  {text}", style="yellow" if is_weak else None)

    def agrees(self, topic: Topic, question: str) -> bool:
        if self._eyes is not None and topic in self._seen:
            is_so = self._eyes.agrees(topic, question)
            answer = spoken("yes") if is_so else spoken("no")
            self.tell(spoken("{question} The twin says: {answer}.", question=question, answer=answer))
            return is_so
        while True:
            answer = self._ask(spoken("{question} (y, n, q to stop)", question=question)).lower()
            if answer in _YES:
                return True
            if answer in _NO:
                return False
            self.tell(spoken("Answer y or n; q stops."))

    def choose(self, topic: Topic, question: str, options: Mapping[str, str]) -> str:
        del topic
        words = {spoken(key): key for key in options}
        for word, key in words.items():
            self.tell(spoken("{word}: {meaning}", word=word, meaning=options[key]))
        while True:
            answer = self._ask(
                spoken("{question} ({words}, q to stop)", question=question, words=", ".join(words))
            ).lower()
            fitting = {
                key for word, key in words.items() if answer and (word.lower().startswith(answer) or key == answer)
            }
            if len(fitting) == 1:
                return fitting.pop()
            self.tell(spoken("Answer {words}; q stops.", words=spoken(" or ").join(words)))

    def number(self, topic: Topic, question: str, unit: str, meanwhile: Callable[[], None] | None) -> float:
        if self._eyes is not None and topic in self._seen:
            value = self._eyes.number(topic, question, unit, meanwhile)
            self.tell(spoken("{question}: the twin says {value:g} {unit}.", question=question, value=value, unit=unit))
            return value
        while True:
            answer = self._ask(spoken("{question}, in {unit} (q to stop)", question=question, unit=unit), meanwhile)
            try:
                return float(answer.replace(",", ".").lower().removesuffix(unit.lower()))
            except ValueError:
                self.tell(spoken("“{answer}” is not a number; type it like 12.63", answer=answer))

    def _ask(self, question: str, meanwhile: Callable[[], None] | None = None) -> str:
        self._console.print(Text.assemble((question, "bold"), " "), end="")
        answer = self._lines.next(meanwhile)
        if answer.lower() in _STOPS:
            raise Stopped(spoken("stopped at your word; nothing was written"))
        return answer


class Progress:
    """Shows, once a second, how long a wait still takes and what the chips read."""

    def __init__(self, console: Console, now_s: Callable[[], float]) -> None:
        self._console = console
        self._now_s = now_s
        self._next_s = 0.0

    def __call__(self, left_s: float, sweep: Mapping[int, Reading]) -> None:
        now_s = self._now_s()
        if left_s < 1.0 or now_s < self._next_s:
            return
        self._next_s = now_s + 1.0
        shown = "  ".join(f"0x{address:02x} {reading.bus_v:.2f} V" for address, reading in sweep.items())
        self._console.print(f"  {left_s:3.0f} s  {shown}", style="dim")


def terminal_lines() -> Lines:
    """Return the lines typed at this process's input."""
    return Lines(sys.stdin.fileno())
