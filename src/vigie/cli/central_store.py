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
from vigie.telemetry.delivery_log import Aside, DeliveryLog
from vigie.telemetry.schema import KEYS_PER_MS
from vigie.wording.dialogue import spoken

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
    lines = {
        "store": config.remote_write.url or "none: set remote_write.url",
        "delivered up to": "nothing yet" if state.delivered_utc_ms is None else _utc(state.delivered_utc_ms),
        "waiting": f"{state.waiting_periods} periods, lag {state.lag_s:.1f} s",
        "last taken": "never" if state.last_ok_utc_ms is None else _utc(state.last_ok_utc_ms),
        "trouble": state.last_error or "none",
        "lost": f"{state.lost_periods} periods deleted before they were delivered",
        "merged": f"{state.merged_periods} periods that share another's millisecond",
        "as of": "never" if not state.updated_utc_ms else _utc(state.updated_utc_ms),
    }
    for name, text in lines.items():
        console.print(f"{name:16} {text}", soft_wrap=True)
    if asides:
        console.print(f"\nrefused for good ({len(asides)}); `vigie delivery retry` sends it again:")
        console.print(_table(asides))


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
            asked = f"everything since {_utc(from_ms)}"
    if config.remote_write.url:
        screen.console().print(f"{asked} will be sent again")
    else:
        screen.console().print(f"{asked} noted, but there is no store: nothing is sent until remote_write.url is set")


def _stretches(count: int) -> str:
    return "1 stretch" if count == 1 else f"{count} stretches"


def forget(config: Config) -> None:
    """Give up what was refused for good.

    Raises:
        JournalError: the journal cannot be written.
    """
    with closing(DeliveryLog(files(config).journal)) as log:
        screen.console().print(
            f"{_stretches(log.forget())} given up; the journal has their measurements for journal.raw_days"
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
    clock = f"; its clock is {ahead_s:+.0f} s off ours" if abs(ahead_s) >= CLOCKS_AGREE_S else ""
    screen.console(soft_wrap=True).print(f"{config.remote_write.url} takes measurements{clock}")


def probed(config: Config) -> tuple[str, float]:
    """Return what the store says against a request without samples (empty: nothing), and how far its clock is ahead.

    Raises:
        SettingsError: there is no address.
    """
    if not config.remote_write.url:
        raise SettingsError("remote_write.url is empty: name the store's remote-write address")
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
    table = screen.table(
        "from", "to", "series", "samples", "status", "the store's words", whole=("from", "to", "samples")
    )
    for aside in asides:
        cells = (
            _utc(aside.from_key // KEYS_PER_MS),
            _utc(aside.to_key // KEYS_PER_MS),
            aside.series or "all",
            str(aside.samples),
            "is sent again" if aside.is_wanted else str(aside.status or "not sent"),
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
