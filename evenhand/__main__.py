"""`evenhand`: the command line. Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted.

A command's module is imported when it is called, so that none waits for another's libraries.
"""

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Final

import typer

from evenhand.output import complain
from shared.errors import EvenhandError
from shared.settings import SettingsError

COMMANDS: Final = (
    "up",
    "demo",
    "submit",
    "case",
    "desk",
    "classify",
    "corrections",
    "policy",
    "sla",
    "log",
    "message",
    "notice",
    "dlq",
    "key",
    "migrate",
    "schema",
)
"""Each is a module of this package whose `app` holds the command, or the group of commands."""

_FAILED = 1
_WRONG_USE = 2


def build(names: Iterable[str]) -> typer.Typer:
    """Return the command line with these commands."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(evenhand)
    for name in names:
        app.add_typer(import_module(f"evenhand.{name}").app)
    return app


def evenhand() -> None:
    """Cases of a bank's customers, decided on their merits and never by a deadline."""


def main() -> None:
    """Run the command line."""
    named = sys.argv[1:2]
    try:
        build(named if named and named[0] in COMMANDS else COMMANDS)(prog_name="evenhand")
    except SettingsError as error:
        complain(str(error))
        sys.exit(_WRONG_USE)
    except EvenhandError as error:
        complain(str(error))
        sys.exit(_FAILED)


if __name__ == "__main__":
    main()
