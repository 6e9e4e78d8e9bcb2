"""``vigie mode``, ``vigie relay``, ``vigie acknowledge``: one order, its answer in words."""

import getpass
import json
from collections.abc import Callable
from typing import Any

from vigie.cli import screen
from vigie.cli.client import Program, get, post, program
from vigie.config import Config
from vigie.errors import CommandRefused
from vigie.units import SECONDS_PER_HOUR
from vigie.wording.alarms import title
from vigie.wording.dialogue import spoken, system_language
from vigie.wording.words import describe_name, translator


def give(config: Config, url: str | None, body: dict[str, Any], *, as_json: bool) -> None:
    """Give an order and print what was decided and why.

    Raises:
        CommandRefused: it was refused.
        LinkError: nobody answers.
    """
    answer = _answered(program(config, url), body, as_json=as_json)
    words = translator(system_language())
    reason = describe_name("reason", answer["reason"], words)
    if not as_json:
        screen.console().print(f"{reason}: {_contacts(answer, words)}")


def give_about_alarm(config: Config, url: str | None, body: dict[str, Any], *, as_json: bool) -> None:
    """Acknowledge, shelve or unshelve, and print which alarms that was about.

    Raises:
        CommandRefused: it was refused.
        LinkError: nobody answers.
    """
    asked = program(config, url)
    named = [body["alarm"]] if "alarm" in body else _asking(asked)
    answer = _answered(asked, body, as_json=as_json)
    if as_json:
        return
    words = translator(system_language())
    done = describe_name("reason", answer["reason"], words)
    if body["action"] == "shelve":
        done = spoken("shelved for {hours:g} h", hours=body["shelve_s"] / SECONDS_PER_HOUR)
    elif body["action"] == "unshelve":
        done = spoken("off its shelf")
    for name in named:
        screen.console().print(f"{title(name, words)} ({name}): {done}")


def _asking(asked: Program) -> list[str]:
    """Return the alarms that nobody has taken note of."""
    alarms = get(asked, "/api/v1/alarms", "alarms")["alarms"]
    return [alarm["alarm"] for alarm in alarms if alarm["standing"] in {"unacknowledged", "returned", "latched"}]


def _contacts(answer: dict[str, Any], words: Callable[[str], str]) -> str:
    contacts = (f"{name} {describe_name('contact', contact, words)}" for name, contact in answer["contacts"].items())
    return f"{describe_name('mode', answer['mode'], words)}; {', '.join(contacts)}"


def _answered(asked: Program, body: dict[str, Any], *, as_json: bool) -> dict[str, Any]:
    order = {**body, "who": f"cli:{getpass.getuser()}"}
    answer = post(asked, "/api/v1/commands", order, "is_accepted", "reason")
    if as_json:
        screen.console().print_json(json.dumps(answer))
    if not answer["is_accepted"]:
        raise CommandRefused(describe_name("reason", answer["reason"], translator(system_language())))
    return answer
