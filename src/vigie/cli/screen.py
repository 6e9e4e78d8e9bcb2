"""What commands print on: text stands as it is, never taken for markup, and tables lose nothing."""

import os
from collections.abc import Collection

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

_UNBOUNDED = 10_000
"""Characters of a line into a pipe or file."""


def console(*, stderr: bool = False, soft_wrap: bool = False) -> Console:
    """Return a console that shows `[mill]` and `:bell:` as they are, and cuts lines on a terminal only."""
    one = Console(stderr=stderr, soft_wrap=soft_wrap, highlight=False, markup=False, emoji=False)
    if not one.is_terminal and "COLUMNS" not in os.environ:
        one.width = _UNBOUNDED
    return one


def table(*headers: str, gap: int = 2, whole: Collection[str] = ()) -> Table:
    """Return a table without lines whose cells fold where the terminal is too narrow.

    Args:
        headers: of the columns.
        gap: spaces between two columns.
        whole: headers of the columns that stay on one line: instants, numbers.
    """
    drawn = Table(box=None, padding=(0, gap))
    for header in headers:
        drawn.add_column(header, overflow="fold", no_wrap=header in whole)
    return drawn


def bar(*, is_shown: bool | None = None) -> Progress:
    """Return a progress bar on stderr; without ``is_shown`` it is there on a terminal only."""
    shown_on = console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    is_off = not (shown_on.is_terminal if is_shown is None else is_shown)
    return Progress(*columns, console=shown_on, transient=True, disable=is_off)
