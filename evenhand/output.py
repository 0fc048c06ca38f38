"""What the command line prints: one JSON value a line for machines, tables for people.

Every line is flushed, so that the next program of a pipe sees it at once.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Final, TypeAlias

import orjson
import typer
from rich import box
from rich.console import Console
from rich.table import Table

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON value a line.")]

_WIDE: Final = 200


def example(*lines: str) -> str:
    """Return the closing part of a command's help, kept as it is written."""
    return "\n".join(("\b", "Example:", *(f"  {line}" for line in lines)))


def line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def emit(value: object) -> None:
    """Print one JSON value on its line."""
    try:
        written = orjson.dumps(value, default=str).decode()
    except orjson.JSONEncodeError:  # a number of more than 64 bits, or half of a surrogate pair
        written = json.dumps(value, default=str, separators=(",", ":"))
    line(written)


def complain(text: str) -> None:
    """Say on stderr what went wrong."""
    sys.stderr.write(f"evenhand: {text}\n")
    sys.stderr.flush()


def terminal() -> Console:
    """Return the screen; wide and plain where the output is not one."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDE, no_color=True)


def is_coloured(screen: Console) -> bool:
    """Tell whether colour can be seen: not in a pipe, and not where somebody wants none."""
    return screen.is_terminal and not screen.no_color


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> Table:
    """Lay out rows; nothing is shown as a dash."""
    shown = Table(*columns, title=title or None, title_justify="left", box=box.SIMPLE_HEAD)
    for row in rows:
        shown.add_row(*("-" if cell in (None, "") else str(cell) for cell in row))
    return shown
