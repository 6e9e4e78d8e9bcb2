"""Which fast tests run which line: measured once, kept while neither the code nor the tests change."""

import hashlib
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from coverage import CoverageData

_LINES_OF_A_STATEMENT = 8
TESTS = ("tests/unit", "tests/property", "tests/conformance")


class SeenBy:
    """The tests that run a line of a file."""

    def __init__(self, data: CoverageData, root: Path) -> None:
        self._data = data
        self._root = root
        self._lines: dict[Path, dict[int, set[str]]] = {}

    def tests(self, path: Path, line: int) -> list[str]:
        """Return the tests that run a line, or the start of the statement it is in; none when nobody runs it."""
        if path not in self._lines:
            lines: dict[int, set[str]] = defaultdict(set)
            for number, contexts in self._data.contexts_by_lineno(path.as_posix()).items():
                lines[number] = set(filter(None, map(self._node, contexts)))
            self._lines[path] = lines
        found = self._lines[path]
        return sorted(
            next((found[above] for above in range(line, line - _LINES_OF_A_STATEMENT, -1) if found[above]), ())
        )

    def _node(self, context: str) -> str:
        """Return a test as pytest names it: ``tests.test_a.TestB.test_c`` is ``tests/test_a.py::TestB::test_c``."""
        parts = context.split(".")
        for length in range(len(parts), 0, -1):
            file = "/".join(parts[:length]) + ".py"
            if (self._root / file).is_file():
                return "::".join((file, *parts[length:]))
        return ""


def measured(root: Path, kept: Path, packages: Sequence[str], *, only_near: bool) -> SeenBy:
    """Run the fast tests, or only those ``near`` the packages, and note which lines each of them runs.

    What was noted for the same files is taken.

    Raises:
        subprocess.CalledProcessError: they do not pass as they are.
    """
    kept.mkdir(parents=True, exist_ok=True)
    tests = [f"tests/unit/{package}" for package in packages] if only_near else TESTS
    kind = f"near-{'-'.join(packages)}" if only_near else "all"
    file = kept / f"{kind}-{_fingerprint(root)}.coverage"
    if not file.exists():
        settings = kept / "coverage.ini"
        settings.write_text(
            f"[run]\ndynamic_context = test_function\nrelative_files = true\ndata_file = {file}.unfinished\ninclude =\n"
            + "".join(f"    src/vigie/{package}/*\n" for package in packages)
        )
        run = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}"]
        subprocess.run([*run, "-m", "pytest", "-p", "no:xdist", "--timeout=600", *tests], cwd=root, check=True)
        Path(f"{file}.unfinished").rename(file)
    data = CoverageData(str(file))
    data.read()
    return SeenBy(data, root)


def _fingerprint(root: Path) -> str:
    digest = hashlib.sha256()
    for folder in ("src/vigie", "tests"):
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
