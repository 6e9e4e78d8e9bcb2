"""How this process takes memory from the machine."""

import contextlib
import ctypes
import importlib
import logging
import sys
from collections.abc import Collection
from types import ModuleType

_M_ARENA_MAX = -8


def share_one_heap() -> None:
    """Let all threads allocate from one heap; call it before threads start.

    glibc otherwise keeps a heap per thread, which costs a process of many threads megabytes it never uses. With another
    C library nothing happens.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Give the machine back what is free between what is used: 3 MB after the first pages, more after an export.

    It takes a few milliseconds. With another C library than glibc nothing happens.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def keep_out_the_unneeded(needed: Collection[str] = ()) -> None:
    """Make `import` say "not installed" for what libraries of ours load when it is there and our processes never use.

    Coloured tracebacks, HTTP long polling, greenlets: 9 MB in each process. asyncio and the debugger, which they import
    whether they are there or not, are put off until somebody asks for something in them: 3 MB. Call it before anything
    else is imported, in a process of one's own only; it names what it does need.
    """
    for name in {"rich", "requests", "greenlet"} - set(needed):
        sys.modules[name] = None  # type: ignore[assignment]
    for name in ("asyncio", "pdb"):
        sys.modules.setdefault(name, _PutOff(name))
    logging.logAsyncioTasks = False  # type: ignore[attr-defined]  # or every record would ask for it


def keep_out_tls() -> None:
    """Make `import ssl` give a stand-in, and hashes those of Python itself: libssl and libcrypto are 4 MB.

    For a process that asks nobody over https, and before anything else is imported. prometheus_client needs names in
    `ssl` for the defaults of parameters that we do not use, and urllib's class for https, which it never calls. The
    names are None, so that whoever encrypts after all fails there, and sends nothing in the open; so does
    `urllib.request.urlopen` whatever the address.
    """
    sys.modules.setdefault("ssl", _StandIn("ssl"))
    for name in ("_ssl", "_hashlib"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


class _StandIn(ModuleType):
    """Stands for a module of which only the names are needed."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):  # what the import machinery asks of every module
            raise AttributeError(name)


class _PutOff(ModuleType):
    """Stands for a module until the first look at what is in it."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # what the import machinery asks of every module
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)
