"""The text of a settings file, as editors of any system leave it."""

import codecs
import stat
from pathlib import Path

from vigie.errors import SettingsError
from vigie.wording.dialogue import spoken
from vigie.wording.words import mark

LARGEST_BYTES = 1_000_000
"""Every setting with its comment takes 25 kB."""
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_AS_UTF_8 = mark("save it as UTF-8 (Notepad: Save as, Encoding: UTF-8)")


def text_of(path: Path) -> str:
    """Return a settings file's text, without a byte order mark.

    Raises:
        OSError: it is not there, or cannot be read.
        SettingsError: it is no text file of a sane size in UTF-8; says why, without naming the file.
    """
    content = _content(path)
    if content.startswith(_UTF_16) or b"\0" in content[:2]:
        raise SettingsError(
            spoken(
                "is in UTF-16: {cure}, or `iconv -f UTF-16 -t UTF-8 {name} > NEW.toml`",
                cure=spoken(_AS_UTF_8),
                name=path.name,
            )
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            spoken(
                "is not in UTF-8: byte 0x{byte:02x} in line {line}; {cure}",
                byte=content[error.start],
                line=line,
                cure=spoken(_AS_UTF_8),
            )
        ) from error


def _content(path: Path) -> bytes:
    kind = path.stat().st_mode
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):  # a folder is refused in the system's words
        raise SettingsError(spoken("is no regular file: name a settings file (TOML)"))
    with path.open("rb") as file:
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise SettingsError(spoken("holds more than 1 MB, which no settings file does: name another one"))
    return content
