"""The first user's password, told once on the terminal that starts the program."""

import sys

from rich.panel import Panel
from rich.text import Text

from vigie.access.users import FIRST
from vigie.assembly.access import first_password
from vigie.cli import screen
from vigie.config import Config
from vigie.errors import AccessError


def announce(config: Config) -> None:
    """Make the user ``admin`` where there is nobody yet, and print the password.

    A file that cannot be used is told and keeps people out; it does not keep the program from watching the battery.

    Raises:
        VigieError: the data folder cannot be made.
    """
    try:
        password = first_password(config)
    except AccessError as error:
        sys.stderr.write(f"nobody can log in: {error}\n")
        return
    if password is None:
        return
    text = Text.assemble(
        "Log in as ",
        (FIRST, "bold"),
        " with the password ",
        (password, "bold"),
        "\nIt is shown this once, and another one must be chosen at the first login.\n"
        f"Lost it? `vigie user passwd {FIRST}`",
    )
    screen.console(stderr=True).print(Panel(text, title="First login", expand=False, padding=(1, 3)))
