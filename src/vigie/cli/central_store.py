"""``vigie delivery``: how measurements reach the central store, and trying the way out."""

import json
from contextlib import closing
from datetime import UTC, datetime

from rich.table import Table

from vigie.assembly.files import files
from vigie.cli import screen
from vigie.clock import machine_utc_s
from vigie.config import Config
from vigie.delivery.answers import NotTakenNow, RefusedForGood
from vigie.delivery.sender import Sender
from vigie.delivery.wire import encode
from vigie.errors import CommandRefused, SettingsError, VigieError
from vigie.telemetry.delivery_log import Aside, DeliveryLog, DeliveryState
from vigie.telemetry.schema import KEYS_PER_MS
from vigie.wording.dialogue import spoken, technical
from vigie.wording.figures import decimal
from vigie.wording.words import mark

CLOCKS_AGREE_S = 5.0


def show(config: Config, *, as_json: bool) -> None:
    """Print how far delivery has come, what holds it up, and what was refused for good.

    Raises:
        JournalError: the journal cannot be read.
    """
    with closing(DeliveryLog(files(config).journal)) as log:
        state, asides = log.state(_now_ms()), log.asides()
    console = screen.console()
    if as_json:
        whole = {"configured_url": config.remote_write.url, **state._asdict(), "asides": [a._asdict() for a in asides]}
        console.print_json(json.dumps(whole))
        return
    lines = _lines(config, state)
    width = max(16, *map(len, lines))
    for name, text in lines.items():
        console.print(f"{name:{width}} {text}", soft_wrap=True)
    if asides:
        console.print()
        console.print(spoken("refused for good ({count}); `vigie delivery retry` sends it again:", count=len(asides)))
        console.print(_table(asides))


def _lines(config: Config, state: DeliveryState) -> dict[str, str]:
    """Return the lines of the report, name and text."""
    never, waiting = spoken("never"), state.waiting_periods
    return {
        spoken("store"): config.remote_write.url or spoken("none: set remote_write.url"),
        spoken("delivered up to"): (
            spoken("nothing yet") if state.delivered_utc_ms is None else _utc(state.delivered_utc_ms)
        ),
        spoken("waiting"): spoken("{count} periods, lag {seconds} s", count=waiting, seconds=decimal(state.lag_s, 1)),
        spoken("last taken"): never if state.last_ok_utc_ms is None else _utc(state.last_ok_utc_ms),
        spoken("trouble"): technical(state.last_error) if state.last_error else spoken("none"),
        spoken("lost"): spoken("{count} periods deleted before they were delivered", count=state.lost_periods),
        spoken("merged"): spoken("{count} periods that share another's millisecond", count=state.merged_periods),
        spoken("as of"): never if not state.updated_utc_ms else _utc(state.updated_utc_ms),
    }


def retry(config: Config, since: str | None) -> None:
    """Ask to send again what was refused for good, or everything since an instant; a running delivery does it.

    Raises:
        VigieError: ``since`` is no instant.
        JournalError: the journal cannot be written.
    """
    from_ms = None if since is None else _instant_ms(since)
    with closing(DeliveryLog(files(config).journal)) as log:
        if from_ms is None:
            asked = _stretches(log.want_again())
        else:
            log.begin()
            log.want_from(from_ms, config.remote_write.url, _now_ms())
            asked = spoken("everything since {instant}", instant=_utc(from_ms))
    if config.remote_write.url:
        screen.console().print(spoken("{what} will be sent again", what=asked))
    else:
        screen.console().print(
            spoken("{what} noted, but there is no store: nothing is sent until remote_write.url is set", what=asked)
        )


def _stretches(count: int) -> str:
    return spoken("1 stretch") if count == 1 else spoken("{count} stretches", count=count)


def forget(config: Config) -> None:
    """Give up what was refused for good.

    Raises:
        JournalError: the journal cannot be written.
    """
    with closing(DeliveryLog(files(config).journal)) as log:
        screen.console().print(
            spoken(
                "{what} given up; the journal has their measurements for journal.raw_days",
                what=_stretches(log.forget()),
            )
        )


def test(config: Config) -> None:
    """Send one request without samples and print what the store says.

    Raises:
        SettingsError: there is no address.
        CommandRefused: the store does not take it; the text says why and what to do.
    """
    trouble, ahead_s = probed(config)
    if trouble:
        raise CommandRefused(trouble)
    told = spoken("{url} takes measurements", url=config.remote_write.url)
    if abs(ahead_s) >= CLOCKS_AGREE_S:
        told += spoken("; its clock is {seconds} s off ours", seconds=f"{ahead_s:+.0f}")
    screen.console(soft_wrap=True).print(told)


def probed(config: Config) -> tuple[str, float]:
    """Return what the store says against a request without samples (empty: nothing), and how far its clock is ahead.

    Raises:
        SettingsError: there is no address.
    """
    if not config.remote_write.url:
        raise SettingsError(spoken("remote_write.url is empty: name the store's remote-write address"))
    with closing(Sender(config.remote_write)) as sender:
        try:
            sender.send(encode([]))
        except (NotTakenNow, RefusedForGood) as error:
            return str(error), 0.0
        store_s = sender.store_utc_s()
        return "", 0.0 if store_s is None else store_s - machine_utc_s()


def _instant_ms(text: str) -> int:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise VigieError(
            spoken("{text!r} is no instant like 2026-11-01 or 2026-11-01T12:00:00+01:00", text=text)
        ) from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return round(instant.timestamp() * 1000)


def _table(asides: list[Aside]) -> Table:
    heads = (mark("from"), mark("to"), mark("series"), mark("samples"), mark("status"), mark("the store's words"))
    since, until, series, samples, status, words = map(spoken, heads)
    table = screen.table(since, until, series, samples, status, words, whole=(since, until, samples))
    for aside in asides:
        cells = (
            _utc(aside.from_key // KEYS_PER_MS),
            _utc(aside.to_key // KEYS_PER_MS),
            aside.series or spoken("all"),
            str(aside.samples),
            spoken("is sent again") if aside.is_wanted else str(aside.status or spoken("not sent")),
            aside.words,
        )
        table.add_row(*cells)
    return table


def _now_ms() -> int:
    return round(machine_utc_s() * 1000)


def _utc(utc_ms: int) -> str:
    try:
        return datetime.fromtimestamp(utc_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{utc_ms} ms"
