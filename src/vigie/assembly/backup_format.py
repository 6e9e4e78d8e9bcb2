"""What a backup file is: a gzip-compressed tar whose first member tells what the others are.

``manifest.json``, then ``data/<name>`` for each file of the data folder, then ``settings.toml``. Nothing else is in
it, and nothing else is taken from it.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vigie.errors import VigieError

FORMAT = 1
MANIFEST = "manifest.json"
SETTINGS = "settings.toml"
DATABASES = ("journal.sqlite", "users.sqlite")
PLAIN_FILES = ("link.token", "twin.json", "emulated-lines.bin")
DATA = "data/"
MEMBERS = frozenset({SETTINGS, *(DATA + name for name in (*DATABASES, *PLAIN_FILES))})
"""Every name a backup may hold besides the manifest."""
LARGEST_MANIFEST_BYTES = 65_536
LARGEST_PLAIN_BYTES = 16_777_216

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Entry(BaseModel):
    """One file of a backup."""

    model_config = _STRICT

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    schema_version: int | None = None
    """Of a database: its ``user_version``."""


class Manifest(BaseModel):
    """What a backup holds, and where it comes from."""

    model_config = _STRICT

    format: int
    version: str
    """Of the program that made it."""
    created_utc: str
    site: str
    battery: str
    periods: str
    """``all``, or ``last_day`` when single periods older than a day were left out."""
    files: dict[str, Entry]

    def told(self) -> dict[str, Any]:
        """Return what a person or a program wants to know of it."""
        return self.model_dump() | {"bytes": sum(entry.bytes for entry in self.files.values())}


def parsed_manifest(text: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        VigieError: it is none, of a later format, or names files that a backup cannot hold.
    """
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise VigieError(f"its {MANIFEST} cannot be used: {where} {fault['msg']}") from error
    if manifest.format != FORMAT:
        raise VigieError(
            f"it has format {manifest.format}, this program knows {FORMAT}: use Vigie {manifest.version} or later"
        )
    foreign = sorted(set(manifest.files) - MEMBERS)
    if foreign:
        raise VigieError(f"its {MANIFEST} names a file that no backup holds: {foreign[0]!r}")
    return manifest
