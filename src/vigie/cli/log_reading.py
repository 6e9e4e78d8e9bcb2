"""What `vigie import` and `vigie replay` let a person say about another program's log: the same options for both."""

from enum import IntEnum
from typing import NamedTuple, TypeVar

from vigie.cli.exports import zone_named
from vigie.cli.options import ONE_OF
from vigie.config import Config
from vigie.errors import VigieError
from vigie.logfile.reading import ClockSet, DateOrder, Decimal, ReadingSettings
from vigie.plant.recorded_settings import Sign
from vigie.wording.dialogue import spoken

_Kind = TypeVar("_Kind", bound=IntEnum)


class Said(NamedTuple):
    """The options as they were typed; what was not is empty."""

    columns: str = ""
    timezone: str = ""
    dates: str = ""
    decimal: str = ""
    start: str = ""
    clock: str = ""
    accept_loss: bool = False
    positive_current: str = ""


def choice(columns: str) -> dict[str, str]:
    """Return what ``--columns`` names: quantity -> column.

    Raises:
        VigieError: it is not written as KEY=NAME,...
    """
    pairs = [part.partition("=") for part in columns.split(",") if part.strip()]
    for key, sign, value in pairs:
        if not sign or not value.strip():
            raise VigieError(spoken("--columns {key}: write it as time=NAME,battery_v=NAME", key=key))
    return {key.strip(): value.strip() for key, _, value in pairs}


def laid_over(settings: ReadingSettings, said: Said) -> ReadingSettings:
    """Return settings with the options over them.

    Raises:
        VigieError: an option has a value it does not know.
    """
    if said.timezone:
        zone_named(said.timezone)
    return ReadingSettings(
        said.timezone or settings.timezone,
        _named(DateOrder, "--dates", said.dates, settings.dates),
        _named(Decimal, "--decimal", said.decimal, settings.decimal),
        _named(ClockSet, "--clock", said.clock, settings.clock),
        said.start or settings.start,
        said.accept_loss or settings.accept_loss,
    )


def sign(said: Said, otherwise: Sign) -> Sign:
    """Return what a positive current means.

    Raises:
        VigieError: the option has a value it does not know.
    """
    return _named(Sign, "--positive-current", said.positive_current, otherwise)


def over(config: Config, said: Said) -> Config:
    """Return a configuration whose recording is read as the options say.

    Raises:
        VigieError: an option has a value it does not know.
    """
    recorded = config.recorded
    columns = recorded.columns._replace(positive_current=sign(said, recorded.columns.positive_current))
    return config._replace(recorded=recorded._replace(columns=columns, reading=laid_over(recorded.reading, said)))


def _named(kind: type[_Kind], option: str, value: str, otherwise: _Kind) -> _Kind:
    if not value:
        return otherwise
    names = {member.name.lower(): member for member in kind}
    if value not in names:
        raise VigieError(f"{option} {value}: {spoken(ONE_OF, names=', '.join(names))}")
    return names[value]
