"""A copy of the tree to grow something in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("src", "tests", "tools", "docs", "deploy", "pyproject.toml", "babel.cfg", "Makefile", "CONTRIBUTING.md")
LEFT = shutil.ignore_patterns("screenshots", "drawings", "*.egg-info", "*-pytest-*.pyc")


def recipe(name: str) -> str:
    """Return one recipe of CONTRIBUTING.md ("Add a page")."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.split(f"### {name}\n")[1].split("\n### ")[0].split("\n## ")[0]


class Tree:
    """A copy of what a recipe may change, under a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in COPIED:
            source, target = ROOT / name, root / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=LEFT)
            else:
                shutil.copy(source, target)

    def replace(self, path: str, before: str, after: str) -> None:
        """Put ``after`` in the place of the only ``before`` in a file."""
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{path}: {before!r} stands there {text.count(before)} times"
        file.write_text(text.replace(before, after), encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        """Write a new file."""
        (self.root / path).write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run this Python in the copy, with the copy's modules."""
        paths = os.pathsep.join([str(self.root / "src"), str(self.root)])
        environment = {**os.environ, "PYTHONPATH": paths}
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )

    def told(self, *arguments: str) -> str:
        """Run what must succeed; return what it wrote."""
        ran = self.run(*arguments)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def refusal(self, *arguments: str) -> str:
        """Run what must fail; return what it said."""
        ran = self.run(*arguments)
        assert ran.returncode != 0, f"nothing refused it: {ran.stdout}"
        return ran.stdout + ran.stderr

    def tests(self, *which: str) -> tuple[str, ...]:
        """Return the arguments that run some tests of the copy."""
        return ("-m", "pytest", "-x", "-p", "no:randomly", "-p", "no:xdist", *which)

    def types(self, *paths: str) -> tuple[str, ...]:
        """Return the arguments that check the types of some files of the copy."""
        return ("-m", "mypy", "--cache-dir", str(self.root / ".types"), "--follow-imports=silent", *paths)

    def translate(self, words: Mapping[str, Mapping[str, str]]) -> None:
        """Bring the catalogues in step, and translate ``words``: by language, what each English text is."""
        self.told("tools/translations.py")
        for language, texts in words.items():
            path = self.root / f"src/vigie/translations/{language}/LC_MESSAGES/vigie.po"
            with path.open("rb") as file:
                catalogue = read_po(file)
            for english, text in texts.items():
                catalogue[english].string = text
            with path.open("wb") as file:
                write_po(file, catalogue, width=0)
        self.told("tools/translations.py")
