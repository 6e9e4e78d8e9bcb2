"""The door put together: users and sessions in the data folder."""

from pathlib import Path

from vigie.access.door import Door
from vigie.access.settings import Login
from vigie.assembly.files import files
from vigie.config import Config


def open_door(config: Config) -> Door | None:
    """Return the door, None where the settings switch the login off. No file is touched before its first use.

    Raises:
        VigieError: the data folder cannot be made.
    """
    if config.access.login == Login.OFF:
        return None
    return Door(config.access, users_path(config))


def users_path(config: Config) -> Path:
    """Return where the users are kept.

    Raises:
        VigieError: the data folder cannot be made.
    """
    return files(config).directory / "users.sqlite"


def first_password(config: Config) -> str | None:
    """Make the user ``admin`` when there is nobody yet, and return the password to be told once.

    Raises:
        AccessError: the file of users cannot be used.
        VigieError: the data folder cannot be made.
    """
    door = open_door(config)
    if door is None:
        return None
    try:
        return door.users.make_first()
    finally:
        door.close()
