"""Write every dashboard in every language, or say which files are not what they should be."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.dashboards.ageing import ageing
from tools.dashboards.charge import charge
from tools.dashboards.computer import computer
from tools.dashboards.cycle import cycle
from tools.dashboards.fleet import fleet
from tools.dashboards.general import general
from tools.dashboards.manual import manual
from tools.dashboards.observe import observe
from tools.dashboards.overview import overview
from tools.dashboards.panels import House
from tools.dashboards.protect import protect
from tools.dashboards.sheet import Sheet, written
from tools.dashboards.words import Words

from vigie.control.commands import Mode
from vigie.control.modes.table import SPECS
from vigie.wording.languages import LANGUAGE_CODES

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "grafana" / "dashboards"
OF_MODES: Mapping[Mode, Callable[[House], Sheet]] = {
    Mode.OBSERVE: observe,
    Mode.PROTECT: protect,
    Mode.CYCLE: cycle,
    Mode.MANUAL: manual,
}
"""The dashboards made for one mode; the others have the general one."""
SHEETS: tuple[Callable[[House], Sheet], ...] = (
    overview,
    *(OF_MODES.get(spec.mode) or general(spec) for spec in SPECS),
    charge,
    ageing,
    computer,
    fleet,
)


def files() -> dict[Path, str]:
    """Return the content of every dashboard file."""
    found = {}
    for language in LANGUAGE_CODES:
        words = Words(language)
        for make in SHEETS:
            sheet = make(House(words))
            found[FOLDER / language / f"vigie-{sheet.name}-{language}.json"] = written(sheet, words)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file differs")
    wanted = files()
    stale = [path for path in sorted(FOLDER.glob("*/*.json")) if path not in wanted]
    if parser.parse_args().check:
        wrong = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
        for path in (*wrong, *stale):
            print(f"{path.relative_to(FOLDER)} is not what tools/dashboards makes: run python -m tools.dashboards")
        return 1 if wrong or stale else 0
    for path in stale:
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"{len(wanted)} dashboards in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
