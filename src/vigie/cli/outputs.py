"""Files that commands write: none in the place of what is read, none in the place of another one unless asked for."""

from collections.abc import Sequence
from pathlib import Path

from vigie.errors import VigieError


def refuse_loss(option: str, output: Path, inputs: Sequence[Path], *, may_replace: bool) -> None:
    """Refuse to write ``output`` where something would be lost.

    Args:
        option: of the command line, for the message.
        output: the file that is about to be written.
        inputs: what the command reads.
        may_replace: whether ``--force`` was given.

    Raises:
        VigieError: it is one of the inputs, or a file that is there already.
    """
    if not output.exists():
        return
    if any(one.exists() and output.samefile(one) for one in inputs):
        raise VigieError(f"{option} {output} is what this command reads: name another file")
    if not may_replace:
        raise VigieError(f"{option} {output} is there already: name another file, or replace it with --force")
