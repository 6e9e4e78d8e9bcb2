"""Keep the catalogues in step with the program: extract the messages, update each language, compile.

``python tools/translations.py`` does all three; what it leaves empty or fuzzy in a .po is for a person to translate.
``python tools/translations.py --add de`` begins a language.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "src/vigie/translations"
DOMAIN = "vigie"


def pybabel(*arguments: str) -> None:
    """Run one pybabel command in the root of the tree."""
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", "-q", *arguments], check=True, cwd=ROOT)


def extract(template: Path) -> None:
    """Write the messages of the Python files and the page templates to ``template``."""
    pybabel(
        "extract", "-F", "babel.cfg", "-k", "mark", "-k", "spoken", "-k", "lazy_gettext", "--no-location",
        "--sort-output", "--no-wrap", "-o", str(template), ".",
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--add", metavar="CODE", help="begin a language, for instance de")
    new_language = parser.parse_args().add
    with tempfile.TemporaryDirectory() as scratch:
        template = Path(scratch) / "vigie.pot"
        extract(template)
        source = ["-i", str(template), "-d", str(CATALOGUES), "-D", DOMAIN, "--no-wrap"]
        if new_language:
            pybabel("init", *source, "-l", new_language)
        pybabel("update", *source, "--ignore-obsolete", "--no-fuzzy-matching")
    pybabel("compile", "-d", str(CATALOGUES), "-D", DOMAIN)


if __name__ == "__main__":
    main()
