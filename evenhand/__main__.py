"""`evenhand`: the command line. Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted.

A command's module is imported when it is called, so that none waits for another's libraries.
"""

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typing_extensions import override

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


class _Plain(TyperGroup):
    """The group of all commands; what is wrong with an option it says in its own words."""

    @override
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")  # pydantic's, for a choice
            raise


def build(names: Iterable[str]) -> typer.Typer:
    """Return the command line with these commands."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        cls=_Plain,
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
