"""Write the guide's drawings in both languages, or say which files are not what they should be."""

import argparse
import sys
from pathlib import Path

from tools.wiring.battery import charge_only, line
from tools.wiring.details import lamp, relay, thermometer
from tools.wiring.mains import mains

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "drawings"
SHEETS = (mains, line, charge_only, relay, lamp, thermometer)
LANGUAGES = ("en", "fr")


def files() -> dict[Path, str]:
    """Return the content of every drawing."""
    papers = [sheet(language) for language in LANGUAGES for sheet in SHEETS]
    return {FOLDER / f"{paper.name}.{paper.language}.svg": paper.svg() for paper in papers}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.wiring", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file differs")
    is_check = parser.parse_args().check
    stale = [path for path, text in files().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if is_check:
        for path in stale:
            print(f"{path.name} is not what tools/wiring draws: run python -m tools.wiring", file=sys.stderr)
        return bool(stale)
    FOLDER.mkdir(exist_ok=True)
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
