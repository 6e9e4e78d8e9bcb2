"""A mode as CONTRIBUTING's recipe adds one, in a copy of the tree: the files and the lines that a person writes."""

import shutil
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
NAP = '''"""Nap: rest above one voltage, charge again below another."""

from typing import Annotated, NamedTuple

from vigie.control.commands import Mode, Phase
from vigie.control.modes.spec import Crossing, ModeSpec, Phases, Threshold
from vigie.control.modes.wish import ModeInputs, Wish, charge_and_rest
from vigie.units import setting


class NapSettings(NamedTuple):
    """Thresholds of nap."""

    doze_above_v: Annotated[float, setting("Mean battery voltage above which R2 opens", unit="V", ge=12, le=15)] = 13.1
    wake_below_v: Annotated[float, setting("Mean battery voltage below which R2 closes", unit="V", ge=11, le=14)] = 12.5


def wish(seen: ModeInputs, settings: NapSettings) -> Wish:
    """Return the wish for this period."""
    return charge_and_rest(seen.phase, seen.battery_v, settings.doze_above_v, settings.wake_below_v)


SPEC = ModeSpec(
    Mode.NAP,
    client_name="au_na",
    wish=wish,
    phases=Phases(
        first=Phase.CHARGE,
        first_at_rest=Phase.REST,
        resumed=Phase.CHARGE,
        resumed_at_rest=Phase.REST,
        discharges=False,
        after_drill=Phase.CHARGE,
        after_rest=Phase.CHARGE,
    ),
    decides_by_readings=True,
    is_resumed=True,
    is_by_hand=False,
    settings=NapSettings,
    thresholds=(
        Threshold("doze_above_v", Crossing.RISING, "R2 opens above"),
        Threshold("wake_below_v", Crossing.FALLING, "R2 closes below"),
    ),
)
'''
WORDS = """        case Mode.NAP:
            return ModeWords(
                mark("Nap"),
                mark("The battery dozes."),
                mark("Start mode Nap?"),
                mark("R2 will open above %(doze_above_v)s V."),
                {
                    "doze_above_v": ThresholdWords(mark("nap: doze above"), mark("nap never dozes")),
                    "wake_below_v": ThresholdWords(mark("nap: wake below"), mark("nap would doze too deep")),
                },
            )
"""
TRANSLATED = {
    "Nap": "{}-Nap",
    "The battery dozes.": "{}: it dozes.",
    "nap: doze above": "{}: doze above",
    "nap: wake below": "{}: wake below",
}
"""What a person would write into the catalogues, as far as it is looked at here."""
CONTROL, WORDING = "src/vigie/control", "src/vigie/wording"
NUMBER = "number"
SETTINGS = "settings"
SPEC = "spec"
WISH = "wish"
SAID = "words"
PARTS = {
    NUMBER: (f"{CONTROL}/commands.py", "    MAINTAIN = 4\n", "    MAINTAIN = 4\n    NAP = 5\n"),
    SETTINGS: (
        f"{CONTROL}/modes/table.py",
        "    manual: ManualSettings\n",
        "    manual: ManualSettings\n    nap: NapSettings\n",
    ),
    SPEC: (
        f"{CONTROL}/modes/table.py",
        "        spec = manual.SPEC\n",
        "        spec = manual.SPEC\n    elif mode == Mode.NAP:\n        spec = nap.SPEC\n",
    ),
    WISH: (
        f"{CONTROL}/modes/table.py",
        "        found = manual.wish(seen)\n",
        "        found = manual.wish(seen)\n    elif mode == Mode.NAP:\n        found = nap.wish(seen, settings.nap)\n",
    ),
    SAID: (f"{WORDING}/modes.py", "        case _:\n", f"{WORDS}        case _:\n"),
}
"""Each part of a mode beside its own file: where it goes, before what, and how."""
IMPORTS = (
    ("import cycle, maintain, manual, observe, protect\n", "import cycle, maintain, manual, nap, observe, protect\n"),
    (
        "from vigie.control.modes.protect import ProtectSettings\n",
        "from vigie.control.modes.nap import NapSettings\nfrom vigie.control.modes.protect import ProtectSettings\n",
    ),
)


def copy_of_the_tree(folder: Path, *parts: str) -> Path:
    """Copy the named parts of the tree; return the folder."""
    for part in parts:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    return folder


def add_nap(tree: Path, *, forgotten: tuple[str, ...] = ()) -> None:
    """Add the mode to a tree, but for what is forgotten."""
    (tree / CONTROL / "modes" / "nap.py").write_text(NAP, encoding="utf-8")
    for old, new in IMPORTS:
        _replace(tree / CONTROL / "modes" / "table.py", old, new)
    for part, (file, old, new) in PARTS.items():
        if part not in forgotten:
            _replace(tree / file, old, new)


def translate_nap(tree: Path) -> None:
    """Put the translations into the catalogues and compile them."""
    for language in ("fr", "de"):
        folder = tree / "src/vigie/translations" / language / "LC_MESSAGES"
        with (folder / "vigie.po").open("rb") as file:
            catalogue = read_po(file)
        for message, translation in TRANSLATED.items():
            catalogue.add(message, translation.format(language))
        with (folder / "vigie.po").open("wb") as file:
            write_po(file, catalogue, width=0)
        with (folder / "vigie.mo").open("wb") as file:
            write_mo(file, catalogue)


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file}: {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")
