"""The first user's password, told once on the terminal that starts the program."""

import sys

from rich.panel import Panel
from rich.text import Text

from vigie.access.users import FIRST
from vigie.assembly.access import first_password
from vigie.cli import screen
from vigie.config import Config
from vigie.errors import AccessError
from vigie.wording.dialogue import spoken, system_language
from vigie.wording.words import mark, translator


def announce(config: Config) -> None:
    """Make the user ``admin`` where there is nobody yet, and print the password.

    A file that cannot be used is told and keeps people out; it does not keep the program from watching the battery.

    Raises:
        VigieError: the data folder cannot be made.
    """
    try:
        password = first_password(config)
    except AccessError as error:
        sys.stderr.write(spoken("nobody can log in: {why}", why=error) + "\n")
        return
    if password is None:
        return
    words = translator(system_language())
    text = Text.assemble(
        words(mark("Log in as")), " ", (FIRST, "bold"), " ", words(mark("with the password")), " ", (password, "bold"),
        "\n", words(mark("It is shown this once, and another one must be chosen at the first login.")),
        "\n", words(mark("Lost it? {command}")).format(command=f"`vigie user passwd {FIRST}`"),
    )  # fmt: skip
    title = words(mark("First login"))
    screen.console(stderr=True).print(Panel(text, title=title, expand=False, padding=(1, 3)))
