"""A secret that a person put into a file by hand."""

from pathlib import Path

_UNSEEN = dict.fromkeys(map(ord, "\u00a0\u2007\u202f\u200b\u200c\u200d\u2060\ufeff"))
"""What comes along when a password is copied from a web page or saved by an editor: no-break and zero-width spaces,
and the mark of the byte order. No password that a person types has them."""


def secret_line(file: str) -> str:
    """Return the first line of a file, without what nobody sees.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is not text.
    """
    return cleaned(Path(file).read_text(encoding="utf-8").partition("\n")[0])


def cleaned(line: str) -> str:
    r"""Return a secret without unseen characters and without spaces at its ends.

    >>> cleaned("\ufeffabcd\u00a0efgh ijkl\r")
    'abcdefgh ijkl'
    """
    return line.translate(_UNSEEN).strip()
