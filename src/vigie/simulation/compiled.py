"""The only door to numba: the functions of ``control`` and ``battery``, compiled from outside.

They stay plain Python for the Pi; the laboratory runs the very same source as machine code, with bit for bit the same
results. What decides imports no numba and knows nothing of this module.
"""

import importlib
import inspect
import operator
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, ParamSpec, TypeVar, assert_never, cast

import numba
from numba import types
from numba.extending import overload, register_jitable

from vigie import battery, control

P = ParamSpec("P")
R = TypeVar("R")


@cache
def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return ``function`` as machine code; the first call with new argument types compiles it (seconds).

    ``function`` is one of ``control`` or ``battery``, or a loop over them. Called from a compiled loop, a period costs
    nanoseconds; called from Python, the conversion of its nested tuples costs more than it saves.

    Arguments keep one type: status bits are ``int``, not :class:`Status`, and the sweeps of a period are a tuple whose
    length is part of the type. Passed around in compiled code, NamedTuples need every field given.

    Raises:
        numba.core.errors.TypingError: on the first call, when the function uses what numba cannot compile.
    """
    _register_plain_functions()
    return cast("Callable[P, R]", numba.njit(function))


def plain_functions(package: ModuleType) -> Iterator[FunctionType]:
    """Yield every plain function defined in the modules of ``package``, those of sub-packages too."""
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        for function in vars(module).values():
            if inspect.isfunction(function) and function.__module__ == module.__name__:
                yield function


@cache
def _register_plain_functions() -> None:
    for package in (battery, control):
        for function in plain_functions(package):
            register_jitable(function)
    overload(int, strict=False)(_int_of_enum)  # strict would compare the annotations too
    overload(operator.getitem, strict=False)(_item_by_enum)
    overload(assert_never, strict=False)(_end_of_branches)


# Two things an IntEnum does in Python and not yet in numba. An overload that returns None leaves the call to others.


def _int_of_enum(member: Any) -> Callable[..., Any] | None:  # noqa: ANN401 - a numba type
    if isinstance(member, types.IntEnumMember):
        return lambda member: member.value
    return None


def _item_by_enum(items: Any, index: Any) -> Callable[..., Any] | None:  # noqa: ANN401 - numba types
    if isinstance(items, types.UniTuple | types.NamedUniTuple) and isinstance(index, types.IntEnumMember):
        return lambda items, index: items[index.value]
    return None


def _end_of_branches(_: Any) -> Callable[..., Any]:  # noqa: ANN401 - a numba type
    def fail(_: Any) -> None:  # noqa: ANN401 - whatever the type checker has ruled out
        raise AssertionError("a member without a branch")

    return fail
