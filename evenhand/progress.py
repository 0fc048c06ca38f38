"""Shows cases on their way: bars on a terminal, a line per answer elsewhere."""

import sys
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evenhand import outcome
from evenhand.output import line
from evenhand.service import Json


class CaseProgress:
    """How many of the cases were handed in, answered, and their customers told."""

    def __init__(self, total: int, *, silent: bool) -> None:
        live = sys.stdout.isatty() and not silent
        self._lines = not (live or silent)
        self._bars = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            disable=not live,
        )
        self._handed_in = self._bars.add_task("handed in", total=total)
        self._answered = self._bars.add_task("answered", total=total)
        self._told = self._bars.add_task("told", total=total)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def handed_in(self) -> None:
        self._bars.advance(self._handed_in)

    def answered(self, case: Json) -> None:
        self._bars.advance(self._answered)
        if self._lines:
            told = ", ".join(f"{name} {value}" for name, value in outcome.answer(case).items())
            line(f"{case['customer']['id']}  {case['language']}  {case['category']}: {told}")

    def told(self) -> None:
        self._bars.advance(self._told)
