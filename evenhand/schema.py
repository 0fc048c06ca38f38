"""`evenhand schema`: the contracts of the events, as JSON Schemas and AsyncAPI."""

from typing import Annotated

import typer

from evenhand.output import AsJson, complain, emit, example, line
from shared.errors import EvenhandError
from shared.events import schema as contracts

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog=example(
        "evenhand schema asyncapi.json",
        "evenhand schema evenhand.case.decided.v1 > decided.json",
        "evenhand schema --check",
    )
)
def schema(
    name: Annotated[
        str | None, typer.Argument(help="A document or a topic; without it, the list of names.")
    ] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Are the files up to date?")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the files anew.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the contracts of the events.

    JSON Schemas and AsyncAPI; or checks or writes the files in docs/contracts.
    """
    if (name is not None) + check + write > 1:
        raise typer.BadParameter("give a name, --check or --write, and only one of them")
    if check:
        _check(as_json=as_json)
    elif write:
        contracts.write()
    elif name is not None:
        line(_document(name).rstrip("\n"))
    elif as_json:
        emit(list(contracts.documents()))
    else:
        for known in contracts.documents():
            line(known)


def _check(*, as_json: bool) -> None:
    problems = contracts.check()
    if as_json:
        emit({"ok": not problems, "problems": problems})
    else:
        for problem in problems:
            complain(problem)
    if problems:
        raise typer.Exit(1)


def _document(name: str) -> str:
    documents = contracts.documents()
    for key in (name, f"{name}.schema.json"):
        if key in documents:
            return documents[key]
    raise EvenhandError(f"no contract is called {name}; `evenhand schema` lists them")
