"""``vigie mode``, ``vigie relay``, ``vigie acknowledge``: one order, its answer in words."""

import getpass
import json
import os
from typing import Any

from rich.console import Console

from vigie.cli.client import post, program
from vigie.config import Config
from vigie.errors import CommandRefused
from vigie.wording.words import describe_name, translator


def give(config: Config, url: str | None, body: dict[str, Any], *, as_json: bool) -> None:
    """Give an order and print what was decided and why.

    Raises:
        CommandRefused: it was refused.
        LinkError: nobody answers.
    """
    answer = post(program(config, url), "/api/v1/commands", {**body, "who": f"cli:{getpass.getuser()}"})
    if as_json:
        Console().print_json(json.dumps(answer))
    words = translator(language())
    reason = describe_name("reason", answer["reason"], words)
    if not answer["is_accepted"]:
        raise CommandRefused(reason)
    if not as_json:
        mode = describe_name("mode", answer["mode"], words)
        contacts = ", ".join(
            f"{name} {describe_name('contact', contact, words)}" for name, contact in answer["contacts"].items()
        )
        Console(highlight=False).print(f"{reason}: {mode}; {contacts}")


def language() -> str:
    """Return the two-letter language of the terminal."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return value[:2].lower()
    return "en"
