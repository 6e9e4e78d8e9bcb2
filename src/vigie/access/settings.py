"""What can be set about who may see and do what."""

from enum import IntEnum
from typing import Annotated, NamedTuple

from vigie.units import by_name, setting


class Login(IntEnum):
    """Whether people must say who they are."""

    REQUIRED = 0
    OFF = 1


class AccessSettings(NamedTuple):
    """Who may see and do what on the pages."""

    login: Annotated[
        Login,
        *by_name(Login),
        setting("required: users and passwords; off: whoever reaches the pages may do everything (web.host 127.0.0.1)"),
    ] = Login.REQUIRED
    local_network_views: Annotated[
        bool, setting("true: whoever is on the local network sees the pages without a login, and can change nothing")
    ] = False
    idle_hours: Annotated[float, setting("A login not used for so long ends", unit="h", ge=0.1, le=8760)] = 12.0
    longest_days: Annotated[float, setting("A login ends after this in any case", unit="d", ge=0.01, le=3650)] = 30.0
    confirm_minutes: Annotated[
        float,
        setting("Manual mode, contacts and users want a password typed within this time", unit="min", ge=1, le=525_600),
    ] = 5.0
