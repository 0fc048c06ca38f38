"""What every route of the desk asks of a request: its body as a form, its ids and parameters."""

from collections.abc import Collection
from typing import Final, TypeVar
from uuid import UUID

from pydantic import BaseModel
from starlette.requests import Request

from shared.http import problems
from shared.http.flaws import Flaw, Invalid, Unreadable
from shared.http.forms import read_form
from shared.http.requests import body_of, expect_type

AnyForm = TypeVar("AnyForm", bound=BaseModel)

_DIGITS: Final = 18
_LARGEST_PAGE: Final = 200
_PAGE: Final = 50


async def form_of(request: Request, kind: type[AnyForm]) -> AnyForm:
    """Read the body.

    Raises:
        ProblemError: 400, 413, 415 or 422, naming every field that is wrong.

    """
    expect_type(request, "application/json")
    read = read_form(kind, await body_of(request))
    if isinstance(read, Unreadable | Invalid):
        raise problems.of_body(read)
    return read[0]


def id_of(text: str, what: str) -> UUID:
    """Read the id in an address.

    Raises:
        ProblemError: 404, nothing can have this id.

    """
    try:
        return UUID(text)
    except ValueError:
        raise problems.not_found(what) from None


def number_of(text: str, what: str) -> int:
    """Read the number in an address.

    Raises:
        ProblemError: 404, nothing can have this number.

    """
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise problems.not_found(what)
    return int(text)


def query_of(request: Request, known: Collection[str]) -> dict[str, str]:
    """Return the parameters.

    Raises:
        ProblemError: 422, one is not known, stands twice or holds a NUL.

    """
    flaws = []
    for name in dict.fromkeys(request.query_params):
        if name not in known:
            choices = ", ".join(sorted(known)) or "none"
            flaws.append(Flaw(name[:80], f"is not a parameter; known are {choices}"))
        elif len(request.query_params.getlist(name)) > 1:
            flaws.append(Flaw(name, "stands twice; send it once"))
        elif "\0" in request.query_params[name]:
            flaws.append(Flaw(name, "holds a NUL; remove it"))
    if flaws:
        raise problems.invalid(*flaws)
    return dict(request.query_params)


def truth_of(query: dict[str, str], name: str) -> bool | None:
    """Read a parameter that is true or false; nothing where it is not sent.

    Raises:
        ProblemError: 422, it is neither.

    """
    text = query.get(name)
    if text is None:
        return None
    if text not in {"true", "false"}:
        raise problems.invalid(Flaw(name, "must be true or false"))
    return text == "true"


def choice_of(query: dict[str, str], name: str, choices: Collection[str]) -> str | None:
    """Read a parameter that is one of a few; nothing where it is not sent.

    Raises:
        ProblemError: 422, it is none of them.

    """
    text = query.get(name)
    if text is not None and text not in choices:
        raise problems.invalid(Flaw(name, f"must be one of {', '.join(choices)}"))
    return text


def limit_of(query: dict[str, str]) -> int:
    """Read how many are wanted.

    Raises:
        ProblemError: 422, it is not a number of a page.

    """
    text = query.get("limit", str(_PAGE))
    fine = text.isascii() and text.isdecimal() and len(text) <= len(str(_LARGEST_PAGE))
    if not fine or not 1 <= int(text) <= _LARGEST_PAGE:
        raise problems.invalid(Flaw("limit", f"must be a number from 1 to {_LARGEST_PAGE}"))
    return int(text)
