"""Values that are not decided yet: the real control asks about them, and every answer is followed to its end.

An :class:`Undecided` stands for one quantity whose possible values are listed. When the code under proof compares it
and some of the values still possible answer yes and others no, the path forks: each answer is taken once, and the
values that would have answered otherwise are struck out. What comes out are the leaves of the decision tree that the
code really has, each with the set of all values that lead to it. No comparison is foreseen by hand; one with a
threshold that the listed values do not straddle is an error.
"""

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class NotForeseenError(AssertionError):
    """The control asks something the exploration does not vary; the proof would have a hole."""


class Unasked:
    """Stands where the control is known to look at nothing, and says so when it does."""

    def __init__(self, name: str) -> None:
        self.name = name

    def _asked(self, *_: object) -> Any:
        raise NotForeseenError(f"the control now looks at {self.name}: give it classes in tests/proof")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __add__ = __radd__ = _asked
    __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = __abs__ = __float__ = __int__ = __and__ = __rand__ = _asked
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<{self.name}>"


class Draw:
    """The values still possible in each group, and the answers given on the way here."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.possible: list[int] = []
        self.said: dict[Any, Any] = {}
        """What was found on this path and holds to its end."""
        self.known: Iterator[Any] = iter(())
        """Answers on the way to the last fork, which is taken the other way now: they need no second thought."""
        self._answers: list[Any] = []
        self._ways: list[tuple[int, Any, list[int]]] = []
        """The ways not yet taken: how many answers came before, the answer there, and what is possible then."""
        self._masks: list[int] = []
        self._number_of: dict[int, int] = {}

    def group(self, members: int) -> int:
        """Add a group of quantities that are listed together; return its number."""
        self.sizes.append(members)
        self.possible.append((1 << members) - 1)
        return len(self.sizes) - 1

    def everything(self) -> tuple[int, ...]:
        """Return the masks of all members of all groups."""
        return tuple((1 << size) - 1 for size in self.sizes)

    def answer(self, group: int, mask: int) -> bool:
        """Answer a question that the members in ``mask`` answer with yes; where some would and some not, yes first."""
        possible = self.possible[group]
        yes = possible & mask
        if yes and yes != possible:
            otherwise = self.possible.copy()
            otherwise[group] ^= yes
            self._ways.append((len(self._answers), False, otherwise))
            self.possible[group] = yes
        self._answers.append(bool(yes))
        return bool(yes)

    def one_of(self, ways: list["Way"]) -> tuple[Any]:
        """Take one after the other the known ways that are still possible; return the outcome in a tuple."""
        around, before = self.possible, len(self._answers)
        taken = None
        for limits, outcome in ways:  # the innermost loop of the proof
            for group, mask in limits:
                if not around[group] & mask:
                    break
            else:
                within = around.copy()
                for group, mask in limits:
                    within[group] &= mask
                if taken is None:
                    self.possible, taken = within, (outcome,)
                else:
                    self._ways.append((before, (outcome,), within))
        assert taken is not None
        self._answers.append(taken)
        return taken

    def paths(self, run: Callable[[], Any], within: Iterable[int]) -> list["Path"]:
        """Run to the end of every path; return what was possible there and what came out."""
        around = self.possible, self.said, self.known, self._answers, self._ways
        self.possible, self.known, self._answers, self._ways = list(within), iter(()), [], []
        outcomes = []
        while True:
            self.said = {}
            result = run()
            outcomes.append((tuple(self.possible), result))
            if not self._ways:
                break
            before, answer, self.possible = self._ways.pop()
            self._answers[before:] = [answer]
            self.known = iter(self._answers.copy())
        self.possible, self.said, self.known, self._answers, self._ways = around
        return outcomes

    def joined(self, paths: list["Path"]) -> list["Path"]:
        """Return the same outcomes for the same values in fewer paths.

        Two with the same outcome that differ in the values of one group are one: every value of either leads there.
        """
        outcomes = list(dict.fromkeys(outcome for _, outcome in paths))
        number_of = {outcome: number for number, outcome in enumerate(outcomes)}
        rows = [(*map(self._numbered, masks), number_of[outcome]) for masks, outcome in paths]
        before = len(rows) + 1
        while len(rows) < before:
            before = len(rows)
            for group in range(len(self.sizes)):
                rows = self._joined_in(group, rows)
        return [(tuple(self._masks[number] for number in row[:-1]), outcomes[row[-1]]) for row in rows]

    def _joined_in(self, group: int, rows: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        """Return rows of numbers, for masks and an outcome, with those made one that differ in a group only."""
        found: dict[tuple[int, ...], int] = {}
        for row in rows:
            others, mask = row[:group] + row[group + 1 :], row[group]
            known = found.get(others)
            found[others] = mask if known is None else self._numbered(self._masks[known] | self._masks[mask])
        if len(found) == len(rows):
            return rows
        return [(*others[:group], mask, *others[group:]) for others, mask in found.items()]

    def _numbered(self, mask: int) -> int:
        """Return the number of a mask: there are few, each a kilobyte, which takes its time to compare."""
        number = self._number_of.setdefault(mask, len(self._masks))
        if number == len(self._masks):
            self._masks.append(mask)
        return number

    def _limited(self, paths: list["Path"]) -> list["Way"]:
        """Return paths with the groups in which they leave something out."""
        whole = self.everything()
        return [
            (tuple((group, mask) for group, mask in enumerate(masks) if mask != whole[group]), outcome)
            for masks, outcome in paths
        ]

    def summarised(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that follows the paths of a pure one only once, and then takes their outcomes.

        Where a question in it has no influence on what it returns, the paths that it parted are one again.
        """
        outcomes: dict[tuple[Any, ...], list[Way]] = {}

        def answered(*args: Any) -> Any:
            answer = next(self.known, None)
            if answer is None:
                if args not in outcomes:
                    paths = self.paths(lambda: function(*args), self.everything())
                    outcomes[args] = self._limited(self.joined(paths))
                answer = self.one_of(outcomes[args])
            return answer[0]

        return answered


Path = tuple[tuple[int, ...], Any]
"""The values possible in each group at the end, and what came out."""
Limits = tuple[tuple[int, int], ...]
"""A group and the values possible in it, for each group in which not all are."""
Way = tuple[Limits, Any]


COMPUTED: frozenset[float] = frozenset()
"""Cuts of what the control computes from listed quantities: judged by the values themselves."""


class Undecided:
    """One quantity of a group: ``values[i]`` is its value in the group's member ``i``.

    ``cuts`` are the thresholds that the values are known to straddle; None for what has no threshold (flags, enums).
    """

    __slots__ = ("_derived", "_masks", "cuts", "draw", "group", "name", "values")

    def __init__(
        self, draw: Draw, group: int, name: str, values: tuple[Any, ...], cuts: frozenset[float] | None
    ) -> None:
        self.draw = draw
        self.group = group
        self.name = name
        self.values = values
        self.cuts = cuts
        self._masks: dict[tuple[Any, Any], int] = {}
        self._derived: dict[tuple[Any, Any], Undecided] = {}

    def _ask(self, compare: Callable[[Any, Any], bool], other: Any) -> bool:
        known = next(self.draw.known, None)
        if known is not None:
            return known
        mask = self._masks.get((compare, other))
        if mask is None:
            mask = self._masks[compare, other] = self._mask(compare, other)
        return self.draw.answer(self.group, mask)

    def _mask(self, compare: Callable[[Any, Any], bool], other: Any) -> int:
        others = (other,) * len(self.values)
        if isinstance(other, Undecided):
            self._check_partner(other)
            others = other.values
        elif self.cuts is not None and not self._straddles(float(other), self.cuts):
            raise NotForeseenError(f"the control compares {self.name} with {other}: add this threshold to its cuts")
        pairs = zip(self.values, others, strict=True)
        return sum(1 << index for index, (a, b) in enumerate(pairs) if compare(a, b))

    def _straddles(self, threshold: float, cuts: frozenset[float]) -> bool:
        if cuts == COMPUTED:
            is_never_under = threshold <= 0.0 and all(value >= 0.0 for value in self.values)  # an age
            is_under = is_never_under or any(value < threshold for value in self.values)
            return is_under and any(value >= threshold for value in self.values)
        return threshold in cuts

    def _check_partner(self, other: "Undecided") -> None:
        if other.group != self.group:
            raise NotForeseenError(f"the control compares {self.name} with {other.name}: list them together")

    def __lt__(self, other: Any) -> bool:
        return self._ask(operator.lt, other)

    def __le__(self, other: Any) -> bool:
        return self._ask(operator.le, other)

    def __gt__(self, other: Any) -> bool:
        return self._ask(operator.gt, other)

    def __ge__(self, other: Any) -> bool:
        return self._ask(operator.ge, other)

    def __eq__(self, other: Any) -> bool:
        return self._ask(operator.eq, other)

    def __ne__(self, other: Any) -> bool:
        return self._ask(operator.ne, other)

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return self._ask(operator.eq, True)

    def _with(self, compute: Callable[[Any, Any], Any], other: Any, sign: str) -> "Undecided":
        key = (compute, id(other) if isinstance(other, Undecided) else other)
        if key in self._derived:
            return self._derived[key]
        if isinstance(other, Undecided):
            self._check_partner(other)
            values = tuple(compute(a, b) for a, b in zip(self.values, other.values, strict=True))
            name = f"({self.name} {sign} {other.name})"
        else:
            values = tuple(compute(value, other) for value in self.values)
            name = f"({self.name} {sign} {other:g})"
        made = Undecided(self.draw, self.group, name, values, COMPUTED)
        self._derived[key] = made
        return made

    def __add__(self, other: Any) -> "Undecided":
        return self._with(operator.add, other, "+")

    def __sub__(self, other: Any) -> "Undecided":
        return self._with(operator.sub, other, "-")

    def __rsub__(self, other: Any) -> "Undecided":
        return self._with(lambda a, b: b - a, other, "from")

    def __mul__(self, other: Any) -> "Undecided":
        return self._with(operator.mul, other, "*")

    __radd__ = __add__
    __rmul__ = __mul__

    def __float__(self) -> float:
        raise NotForeseenError(f"the control computes with {self.name} in a way that cannot be followed")

    def __repr__(self) -> str:
        return f"<{self.name}>"


class AllOf:
    """True when every part is; asked one after the other, once on a path."""

    def __init__(self, draw: Draw, *parts: Any) -> None:
        self.draw = draw
        self.parts = parts

    def __bool__(self) -> bool:
        said = self.draw.said
        if self not in said:
            said[self] = all(self.parts)
        return bool(said[self])
