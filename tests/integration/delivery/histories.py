"""Journals with everything in them that delivery has to carry."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tests.integration.telemetry.samples import START_MS, lost_channel, measurement, record
from vigie.control.commands import Mains, Mode, Phase
from vigie.control.signals import Contact, Contacts, Status, Temperature
from vigie.telemetry.journal import JournalSettings
from vigie.telemetry.records import PeriodRecord
from vigie.telemetry.store import Store


def eventful(second: float) -> PeriodRecord:
    """A period of a site where channels, thermometers and the mains come and go."""
    number = int(second)
    image = measurement(second, 12.5 + number % 97 / 100, is_valid=number % 11 not in (3, 4))
    if number % 13 == 5:
        image = image._replace(temperature=Temperature(22.0, Status.FAILED))
    if number % 17 < 3:
        image = image._replace(charge=lost_channel())
    if number % 19 == 7:
        image = image._replace(load=image.load._replace(good=1, bus_spread_v=float("nan")))
    contacts = Contacts(*(Contact(number >> bit & 1) for bit in range(4)))
    return record(second)._replace(
        measurement=image._replace(contacts=contacts),
        mode=Mode(number // 5 % len(Mode)),
        phase=Phase(number // 3 % len(Phase)),
        mains=Mains(number // 7 % len(Mains)),
        commanded=Contacts(*contacts[::-1]),
    )


def write(path: Path, seconds: Sequence[float], batch: int = 10) -> int:
    """Write eventful periods to a journal; return the instant (ms) after the last of them."""
    records = [eventful(second) for second in seconds]
    with closing(Store(path, JournalSettings())) as store:
        for at in range(0, len(records), batch):
            store.write(records[at : at + batch], [], False)
    return START_MS + round(max(seconds) * 1000) + 1
