"""The first user's password, told once on the terminal that starts the program."""

import sys

from rich.console import Console
from rich.panel import Panel

from vigie.access.users import FIRST
from vigie.assembly.access import first_password
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
    text = (
        f"Log in as [bold]{FIRST}[/bold] with the password [bold]{password}[/bold]\n"
        "It is shown this once, and another one must be chosen at the first login.\n"
        f"Lost it? `vigie user passwd {FIRST}`"
    )
    Console(stderr=True, highlight=False).print(Panel(text, title="First login", expand=False, padding=(1, 3)))
