"""The small faults that are put into the product's code, one at a time: as many as there are places for them."""

import ast
import copy
import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Mutant(NamedTuple):
    """One fault: where it is and what stands there instead."""

    path: Path
    number: int
    """Among those of its file."""
    line: int
    within: str
    """The function, with its class."""
    before: str
    after: str

    @property
    def key(self) -> str:
        """Return what a listed survivor is found by; it outlives changes elsewhere in the file."""
        return f"{self.path.as_posix()} {self.within}: {self.before} -> {self.after}"


def mutants(path: Path, root: Path) -> list[Mutant]:
    """Return every mutant of one module; statements outside functions are left as they are."""
    return [
        Mutant(path, number, node.lineno, within, _shown(node), _shown(other))
        for number, (within, node, other) in enumerate(_places(_parsed(path, root)))
    ]


def mutated(mutant: Mutant, root: Path) -> ast.Module:
    """Return a mutant's module."""
    tree = _parsed(mutant.path, root)
    _, old, new = next(itertools.islice(_places(tree), mutant.number, None))
    return ast.fix_missing_locations(_Replacing(old, new).visit(tree))  # type: ignore[return-value]


def sample(paths: Sequence[Path], root: Path, many: int, seed: int) -> list[Mutant]:
    """Return so many of the mutants of some modules, or all; the same for the same seed and code."""
    every = [mutant for path in paths for mutant in mutants(path, root)]
    return every if many >= len(every) else random.Random(seed).sample(every, many)  # noqa: S311 - no secret


def _parsed(path: Path, root: Path) -> ast.Module:
    return ast.parse((root / path).read_text(encoding="utf-8"))


def _places(tree: ast.Module) -> Iterator[tuple[str, ast.expr | ast.stmt, ast.AST]]:
    for within, function in _functions(tree, ""):
        for node in _inside(function):
            for other in _others(node):
                yield within, node, other


def _functions(node: ast.AST, within: str) -> Iterator[tuple[str, _Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Function):
            yield f"{within}{child.name}", child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{within}{child.name}.")


def _inside(function: _Function) -> Iterator[ast.expr | ast.stmt]:
    """Yield what is run when the function is called: neither its defaults, annotations nor the texts it raises."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Raise | ast.Assert) or _is_docstring(node) or _is_log(node):
            continue
        if isinstance(node, ast.expr | ast.stmt):
            yield node
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.AnnAssign):
            children.remove(node.annotation)
        if isinstance(node, _Function):
            children = list(node.body)
        waiting += children


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_log(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and ast.unparse(node).startswith(("log.", "self._log."))


def _others(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in a node's place."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            if type(operator) in _OTHER:
                other = copy.deepcopy(node)
                other.ops[place] = _OTHER[type(operator)]()  # type: ignore[call-overload]
                yield other
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign):
        if type(node.op) in _OTHER:
            other = copy.deepcopy(node)
            other.op = _OTHER[type(node.op)]()  # type: ignore[assignment]
            yield other
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        yield ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()


def _shown(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())


class _Replacing(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """Put the new one in the old one's place, on its line."""
        if node is self.old:
            return ast.copy_location(self.new, node)
        return super().generic_visit(node)  # type: ignore[no-any-return]
