"""One mutant on trial: the tests that can see it run in a process of their own, with its module exchanged."""

import ast
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

import pytest

MEMORY_BYTES = 4 << 30
"""What a mutant that collects without end may take."""


class Trial:
    """The tests under way on one mutant."""

    def __init__(self, tree: ast.Module, path: Path, root: Path, tests: Sequence[str]) -> None:
        self._began_s = time.monotonic()
        self._process = os.fork()
        if self._process == 0:
            os._exit(_run(tree, path, root, tests))
        self.ends = os.pidfd_open(self._process)
        """Readable when it is over."""

    def outlasts(self, limit_s: float) -> bool:
        """Return whether it has taken longer."""
        return time.monotonic() - self._began_s > limit_s

    def survives(self) -> bool:
        """Return whether all tests passed; what still runs is killed, and did not pass."""
        if not select.select([self.ends], [], [], 0)[0]:
            os.killpg(self._process, signal.SIGKILL)
        os.close(self.ends)
        return os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1]) == 0


def _run(tree: ast.Module, path: Path, root: Path, tests: Sequence[str]) -> int:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    module = ".".join(path.relative_to("src").with_suffix("").parts)
    sys.meta_path.insert(0, _Mutated(module, str(root / path), compile(tree, str(root / path), "exec")))
    try:
        return int(pytest.main(["-x", "-q", "-p", "no:xdist", "-p", "no:randomly", *tests]))
    except BaseException:  # whatever a mutant does to its process, it was noticed
        return 1


class _Mutated(MetaPathFinder):
    """Gives one module other code than its file holds."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        self.name, self.path, self.code = name, path, code

    def find_spec(self, name: str, _path: object, _target: ModuleType | None = None) -> ModuleSpec | None:
        """Find the mutant under its module's name, and nothing else."""
        if name != self.name:
            return None
        return spec_from_file_location(name, self.path, loader=_Loader(name, self.path, self.code))


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self.mutated = code

    def get_code(self, _name: str) -> CodeType:
        """Return the mutant's code instead of that of the file."""
        return self.mutated
