"""Numbers that stand for every number: the real code runs on them, and z3 knows every way it takes.

A comparison of such a number forks the run, once for each side that is possible. What code does
with digits and not with numbers (`str`, `hash`, `Decimal(n)`) fails loudly: nothing is ever made
concrete behind the proof's back. Arithmetic is exact, where `Decimal` keeps 28 digits.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, Final, Generic, TypeVar

import z3
from typing_extensions import override

Result = TypeVar("Result")
_PATIENCE: Final = 5_000_000
"""Steps of z3 for one formula (the same on every machine, as seconds would not be)."""


@dataclass(frozen=True, slots=True)
class Path(Generic[Result]):
    """One way through the code: when it is taken, and what comes of it."""

    when: tuple[Any, ...]
    result: Result


class _Run:
    """One run of the code: which side of each comparison it takes."""

    def __init__(self, taken: list[bool], given: Sequence[Any]) -> None:
        self.taken = taken
        self.when: list[Any] = []
        self.turns: list[list[bool]] = []
        self._asked = 0
        self._solver = z3.Solver()
        self._solver.set("rlimit", _PATIENCE)
        self._solver.add(*given)

    def side(self, condition: Any) -> bool:  # noqa: ANN401 - z3 has no types
        """Take the side that was asked for, or any that is possible, and remember the other."""
        known = self._asked < len(self.taken)
        if known:
            side = self.taken[self._asked]
        else:
            side = self._is_possible(condition)
            if side and self._is_possible(z3.Not(condition)):
                self.turns.append([*self.taken, False])
            self.taken = [*self.taken, side]
        self._asked += 1
        held = condition if side else z3.Not(condition)
        self.when.append(held)
        self._solver.add(held)
        return side

    def _is_possible(self, condition: Any) -> bool:  # noqa: ANN401 - z3 has no types
        return bool(self._solver.check(condition) != z3.unsat)


_running: list[_Run] = []


def paths(run: Callable[[], Result], given: Sequence[Any]) -> Iterator[Path[Result]]:
    """Go through every way that `run` can take where `given` holds."""
    open_: list[list[bool]] = [[]]
    while open_:
        one = _Run(open_.pop(), given)
        _running.append(one)
        try:
            result = run()
        finally:
            _running.pop()
        open_ += one.turns
        yield Path((*given, *one.when), result)


class UndecidedError(Exception):
    """z3 could neither prove nor refute a formula in time."""


def met(formulas: Iterable[Any]) -> Any:  # noqa: ANN401 - z3 has no types
    """Return a model of these formulas, or nothing where there is none.

    Raises:
        UndecidedError: z3 gave up.

    """
    solver = z3.Solver()
    solver.set("rlimit", _PATIENCE)
    solver.add(*formulas)
    answer = solver.check()
    if answer == z3.unknown:
        raise UndecidedError(f"z3 gave up: {solver.reason_unknown()}")
    return solver.model() if answer == z3.sat else None


class Truth:
    """A comparison; asking whether it holds forks the run."""

    __slots__ = ("z3",)

    def __init__(self, formula: Any) -> None:  # noqa: ANN401 - z3 has no types
        self.z3 = formula

    def __bool__(self) -> bool:
        return _running[-1].side(self.z3)


class Number:
    """A rational number that stands for all of those that the path allows."""

    __slots__ = ("z3",)
    __hash__ = None  # type: ignore[assignment]  # two such numbers may be equal or not

    def __init__(self, formula: Any) -> None:  # noqa: ANN401 - z3 has no types
        self.z3 = formula

    def __add__(self, other: object) -> "Number":
        return Number(self.z3 + exact(other))

    def __sub__(self, other: object) -> "Number":
        return Number(self.z3 - exact(other))

    def __rsub__(self, other: object) -> "Number":
        return Number(exact(other) - self.z3)

    def __mul__(self, other: object) -> "Number":
        return Number(self.z3 * exact(other))

    def __truediv__(self, other: object) -> "Number":
        return Number(self.z3 / exact(other))

    def __rtruediv__(self, other: object) -> "Number":
        return Number(exact(other) / self.z3)

    def __lt__(self, other: object) -> Truth:
        return Truth(self.z3 < exact(other))

    def __le__(self, other: object) -> Truth:
        return Truth(self.z3 <= exact(other))

    def __gt__(self, other: object) -> Truth:
        return Truth(self.z3 > exact(other))

    def __ge__(self, other: object) -> Truth:
        return Truth(self.z3 >= exact(other))

    @override
    def __eq__(self, other: object) -> Truth:  # type: ignore[override]  # it forks, as all do
        return Truth(self.z3 == exact(other))

    def __bool__(self) -> bool:
        return bool(Truth(self.z3 != 0))

    __radd__ = __add__
    __rmul__ = __mul__

    def quantize(self, exponent: Decimal, rounding: str = ROUND_HALF_UP) -> "Number":
        """Round as `Decimal` does, for the one way of rounding that money here knows."""
        if rounding != ROUND_HALF_UP:
            raise NotImplementedError(rounding)
        unit = exact(exponent)
        return Number(z3.ToReal(z3.ToInt(self.z3 / unit + exact(Decimal("0.5")))) * unit)


def exact(value: object) -> Any:  # noqa: ANN401 - z3 has no types
    """Return a number as z3 knows it, without rounding."""
    if isinstance(value, Number):
        return value.z3
    if isinstance(value, Decimal | int):
        whole = Fraction(value)
        return z3.RealVal(f"{whole.numerator}/{whole.denominator}")
    raise TypeError(f"{value!r} is no exact number")
