"""The rows of a file as cells in the places of its names, whatever lies between them: damage, headers said again."""

from collections.abc import Callable, Iterator, Sequence

from vigie.logfile.columns import Column
from vigie.logfile.form import Form
from vigie.logfile.long_table import LongTable

Complain = Callable[[int, str], None]
"""Told of a line that is not used, and why."""
_OWN_WAY_SHARE = 0.05


class Source:
    """Reads a file as often as it is asked to."""

    def __init__(self, form: Form, names: Sequence[str], columns: Sequence[Column], table: LongTable | None) -> None:
        """Read ``columns``, places among ``names``: the header, or the time and the entities of a long table."""
        self.form, self.names, self.columns = form, names, columns
        self._table = table
        self._used = {name: place for place, name in enumerate(names) if any(place in one.places for one in columns)}
        self.fills_short_rows = False
        """This logger leaves out what is empty at the end of a row."""

    def rows(self, complain: Complain, tell: Callable[[int], None] = lambda _: None) -> Iterator[tuple[int, list[str]]]:
        """Yield each row's line and cells; ``tell`` is told how many letters have been read.

        Raises:
            OSError: the file cannot be read to its end.
        """
        width, read = len(self.form.header), 0
        for number, line in self.form.lines():
            read += len(line)
            if number & 1023 == 0:
                tell(read)
            if "\0" in line:
                line = _undamaged(line)  # noqa: PLW2901 - what a power cut has left in it is taken out
                complain(number, "zero bytes before the row are left out" if line else "zero bytes in the row")
            cells = self.form.cells(line)
            if not any(cells) or cells == self.form.header:
                continue
            if len(cells) < width and self.fills_short_rows:
                cells += [""] * (width - len(cells))
            if len(cells) < width or any(cells[width:]):
                complain(number, f"{len(cells)} cells, the header has {width}")
            elif (taken := self._taken(cells)) is not None:
                yield number, taken

    def _taken(self, cells: list[str]) -> list[str] | None:
        """Return the cells of a wide row as they are, those of a long table's row in the place of its entity."""
        if self._table is None:
            return cells
        place = self._used.get(self._table.name_of(cells))
        if place is None:
            return None
        wide = [""] * len(self.names)
        wide[0] = " ".join(cells[one] for one in self._table.time.places)
        wide[place] = cells[self._table.value]
        return wide

    @property
    def is_long(self) -> bool:
        """The rows of each quantity follow each other; only together they are in the order of time."""
        return self._table is not None

    def judge_widths(self) -> None:
        """Find out whether rows that are too short are this logger's way or damage."""
        width, short, rows = len(self.form.header), 0, 0
        for _, line in self.form.lines():
            cells = self.form.cells(line)
            rows += any(cells)
            short += 1 < len(cells) < width
        self.fills_short_rows = short > 1 and short > _OWN_WAY_SHARE * rows


def _undamaged(line: str) -> str:
    """Return a line without the zero bytes around it, empty when it has some within."""
    rest = line.strip("\0\n")
    return "" if "\0" in rest else rest
