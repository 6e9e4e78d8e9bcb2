"""``vigie mail``: a test message to the receivers, and what is on its way to them."""

import json
from datetime import UTC, datetime

from vigie.cli import screen
from vigie.cli.client import get, post, program
from vigie.config import Config
from vigie.errors import CommandRefused
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

_STATES = {
    "waiting": mark("waiting"),
    "sent": mark("sent"),
    "refused": mark("refused"),
    "expired": mark("given up"),
    "folded": mark("in a summary"),
}
"""What has become of a message, in words."""
_TEST_TIMEOUT_S = 120.0
"""A mail server may take its time, and there may be several receivers."""


def test(config: Config, url: str | None, receiver: str | None, *, as_json: bool) -> None:
    """Have the web process hand over a test message to one receiver or to all, and print how it went.

    Raises:
        CommandRefused: a receiver's message was not taken, or nobody is told; the text says why.
        LinkError: nobody answers.
    """
    body = {} if receiver is None else {"receiver": receiver}
    answer = post(program(config, url), "/api/v1/mail/test", body, "results", timeout_s=_TEST_TIMEOUT_S)
    if as_json:
        screen.console().print_json(json.dumps(answer))
    console = screen.console()
    failed = [result for result in answer["results"] if not result["is_sent"]]
    if not as_json:
        for result in answer["results"]:
            if result["is_sent"]:
                console.print(spoken("{receiver}: handed over", receiver=result["receiver"]))
    if failed:
        raise CommandRefused("\n".join(f"{result['receiver']}: {result['error']}" for result in failed))


def show(config: Config, url: str | None, *, as_json: bool) -> None:
    """Print the messages of the last days and how it stands with each.

    Raises:
        LinkError: nobody answers.
    """
    answer = get(program(config, url), "/api/v1/mail", "is_configured")
    if as_json:
        screen.console().print_json(json.dumps(answer))
        return
    console = screen.console()
    if not answer["is_configured"]:
        console.print(spoken("no messages are set up: set mail.host and a [[mail.receivers]]"))
        return
    console.print(
        spoken("waiting {waiting}, refused or given up {refused}", waiting=answer["waiting"], refused=answer["refused"])
    )
    heads = (mark("made"), mark("receiver"), mark("subject"), mark("state"), mark("tries"), mark("last error"))
    made, receiver, subject, state, tries, error = map(spoken, heads)
    table = screen.table(made, receiver, subject, state, tries, error, whole=(made, state, tries))
    for message in answer["messages"]:
        cells = (
            message["receiver"],
            message["subject"],
            spoken(_STATES.get(message["state"], message["state"])),
            str(message["tries"]),
            message["last_error"],
        )
        table.add_row(_utc(message["created_utc_ms"]), *cells)
    console.print(table)


def _utc(utc_ms: int) -> str:
    return datetime.fromtimestamp(utc_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
