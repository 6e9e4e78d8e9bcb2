"""New files that a person names: none where a folder was meant, none in the place of what is read or of another one."""

from collections.abc import Sequence
from pathlib import Path

from vigie.errors import VigieError
from vigie.wording.dialogue import spoken


def new_file(what: str, path: Path, suffixes: Sequence[str], name_in_folder: str = "") -> Path:
    """Return where to write; a folder gets ``name_in_folder`` where the file has a name of its own.

    Args:
        what: goes to the file, marked for the catalogues: "the backup", "the settings".
        path: as it was typed.
        suffixes: one of these ends the file's name.
        name_in_folder: name of the file if ``path`` is a folder; empty when the person must name it.

    Raises:
        VigieError: a folder is missing, or was named where a file is needed; or the suffix is none of these.
    """
    if path.is_dir():
        if not name_in_folder:
            raise VigieError(
                spoken(
                    "{path} is a folder: name a file in it for {what}, such as {example}",
                    path=path,
                    what=spoken(what),
                    example=path / f"name{suffixes[0]}",
                )
            )
        return path / name_in_folder
    if not path.parent.is_dir():
        raise VigieError(
            spoken(
                "{folder} is no folder: make or mount it first, or name another place for {what}",
                folder=path.parent,
                what=spoken(what),
            )
        )
    if not path.name.lower().endswith(tuple(suffixes)):
        looks_like_folder = not path.suffix and not path.exists()
        told = spoken(
            "{path}: the file for {what} must end in {suffixes}",
            path=path,
            what=spoken(what),
            suffixes=spoken(" or ").join(suffixes),
        )
        advice = spoken("; if {path} is to be a folder, make or mount it first", path=path) if looks_like_folder else ""
        raise VigieError(told + advice)
    return path


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
        raise VigieError(spoken("{file} is what this command reads: name another file", file=f"{option} {output}"))
    if not may_replace:
        raise VigieError(
            spoken("{file} is there already: name another file, or replace it with --force", file=f"{option} {output}")
        )
