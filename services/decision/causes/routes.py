"""Causes over HTTP: those that repeat lead; people confirm, sweep and remove them."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar, assert_never

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from services.decision.causes import acts, listing, sweep
from services.decision.causes.acts import Confirmed, Done, NotConfirmed, OwnerMissing, Unknown
from services.decision.causes.showing import cause_json, swept_json
from services.decision.causes.store import State
from services.decision.policy.model import Policy
from shared import clock
from shared.http import problems
from shared.http.answers import answer
from shared.http.docs import as_openapi_3_0
from shared.http.fields import plain
from shared.http.flaws import Flaw, Invalid, Unreadable
from shared.http.forms import Form, read_form
from shared.http.problems import ProblemError
from shared.http.requests import body_of, caller_of, expect_type
from shared.keys import Authenticate, Caller, DeskRole
from shared.postgres import Connection, Pool

_PEOPLE: Final[tuple[DeskRole, ...]] = ("clerk", "senior", "head", "executive")
_READERS: Final[tuple[DeskRole, ...]] = (*_PEOPLE, "auditor")
_STATES: Final[tuple[State, ...]] = ("suggested", "confirmed", "removed")
_PAGE: Final = 100
_LARGEST_PAGE: Final = 500

Line = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(plain)]


class ConfirmForm(Form):
    """Confirms a cause; what is left out stays as it is."""

    key: Line | None = None
    title: Line | None = None
    owner: Line | None = None


class CustomersForm(Form):
    """Names customers by their opaque ids."""

    customers: Annotated[tuple[Line, ...], Field(min_length=1, max_length=1000)]


class RemoveForm(Form):
    """Says what was done, so that the cause is gone."""

    note: Line


AnyForm = TypeVar("AnyForm", bound=BaseModel)

_Act = Callable[..., Awaitable[Response]]
_Naming = Callable[
    [Connection, str, Sequence[str], str, datetime], Awaitable[Confirmed | NotConfirmed]
]
_CONNECT: Final = 3.0


def routes(
    pool: Pool,
    authenticate: Sequence[Authenticate],
    policy: Callable[[], Policy],
) -> APIRouter:
    """Return the routes of causes; `policy` returns the active one."""
    router = APIRouter(prefix="/v1/desk/causes", tags=["desk: causes"])
    desk = _Causes(pool, authenticate, policy)

    def add(path: str, act: _Act, form: type[Form] | None = None) -> None:
        router.add_api_route(
            path,
            act,
            methods=["GET" if form is None else "POST"],
            response_class=Response,
            openapi_extra=_described(form),
        )

    add("", desk.listed)
    # An incident's own name may hold a slash.
    add("/{key:path}/sweep", desk.sweep)
    add("/{key:path}/confirm", desk.confirm, ConfirmForm)
    add("/{key:path}/affected", desk.affected, CustomersForm)
    add("/{key:path}/redressed", desk.redressed, CustomersForm)
    add("/{key:path}/remove", desk.remove, RemoveForm)
    return router


def _described(form: type[Form] | None) -> dict[str, Any]:
    """Describe a route for the OpenAPI document."""
    described: dict[str, Any] = {"security": [{"apiKey": []}]}
    if form is not None:
        schema = as_openapi_3_0(form.model_json_schema())
        content = {"application/json": {"schema": schema}}
        described["requestBody"] = {"required": True, "content": content}
    return described


class _Causes:
    """The acts of a request, each authenticated, in one transaction."""

    def __init__(
        self,
        pool: Pool,
        authenticate: Sequence[Authenticate],
        policy: Callable[[], Policy],
    ) -> None:
        self._pool = pool
        self._authenticate = authenticate
        self._policy = policy

    async def listed(self, request: Request) -> Response:
        """List causes: those that came back or go on lead, with counts, cost, owner and trend."""
        await caller_of(self._authenticate, request, *_READERS)
        state, most = _filter_of(dict(request.query_params))
        async with self._pool.acquire(timeout=_CONNECT) as connection:
            causes = await listing.listed(connection, clock.now(), state=state, most=most)
        return answer({"causes": [cause_json(cause) for cause in causes]})

    async def sweep(self, key: str, request: Request) -> Response:
        """List look-alike cases that were answered less well, and customers who said nothing."""
        await caller_of(self._authenticate, request, *_READERS)
        key = _key_of(key)
        most = _limit_of(dict(request.query_params), {"limit"})
        async with self._pool.acquire(timeout=_CONNECT) as connection:
            cause = await listing.find(connection, key, clock.now())
            if cause is None:
                raise problems.not_found("cause")
            swept = await sweep.sweep(connection, cause, self._policy(), most)
        return answer(swept_json(cause, swept))

    async def confirm(self, key: str, request: Request) -> Response:
        """Confirm a cause, perhaps under another name; it needs an owner who removes it."""
        caller = await caller_of(self._authenticate, request, *_PEOPLE)
        key, form = _key_of(key), await _form_of(request, ConfirmForm)
        async with self._pool.acquire(timeout=_CONNECT) as connection, connection.transaction():
            done = await acts.confirm(
                connection,
                key,
                caller.subject,
                clock.now(),
                name=form.key,
                title=form.title,
                owner=form.owner,
            )
        return _told(done)

    async def affected(self, key: str, request: Request) -> Response:
        """Name customers whom the cause affected; the bank's own systems may do so, too."""
        caller = await caller_of(self._authenticate, request, *_PEOPLE, "bank")
        return await self._of_customers(key, request, acts.name_affected, caller)

    async def redressed(self, key: str, request: Request) -> Response:
        """Mark customers to whom it was made good."""
        caller = await caller_of(self._authenticate, request, *_PEOPLE)
        return await self._of_customers(key, request, acts.mark_redressed, caller)

    async def _of_customers(
        self, key: str, request: Request, act: _Naming, caller: Caller
    ) -> Response:
        key, form = _key_of(key), await _form_of(request, CustomersForm)
        async with self._pool.acquire(timeout=_CONNECT) as connection, connection.transaction():
            done = await act(connection, key, form.customers, caller.subject, clock.now())
        return _told(done)

    async def remove(self, key: str, request: Request) -> Response:
        """State that the cause was removed; later cases then show that it came back."""
        caller = await caller_of(self._authenticate, request, *_PEOPLE)
        key, form = _key_of(key), await _form_of(request, RemoveForm)
        async with self._pool.acquire(timeout=_CONNECT) as connection, connection.transaction():
            done = await acts.remove(connection, key, caller.subject, clock.now(), form.note)
        return _told(done)


def _told(done: Confirmed | NotConfirmed) -> Response:
    match done:
        case Done(cause=cause, number=number):
            told = {"key": cause.key, "title": cause.title, "state": cause.state}
            return answer({**told, "owner": cause.owner, "customers": number})
        case Unknown():
            raise problems.not_found("cause")
        case OwnerMissing():
            raise problems.invalid(Flaw("owner", "is required: name who removes the cause"))
        case NotConfirmed(cause=cause):
            detail = f"The cause is {cause.state}; confirm it before it is removed."
            raise ProblemError(409, detail)
        case _:
            assert_never(done)


def _key_of(text: str) -> str:
    """Return the name in an address.

    Raises:
        ProblemError: 404, no cause can have this name.

    """
    if not text.isprintable():
        raise problems.not_found("cause")
    return text


async def _form_of(request: Request, kind: type[AnyForm]) -> AnyForm:
    expect_type(request, "application/json")
    read = read_form(kind, await body_of(request))
    if isinstance(read, Unreadable | Invalid):
        raise problems.of_body(read)
    return read[0]


def _filter_of(query: dict[str, str]) -> tuple[State | None, int]:
    most = _limit_of(query, {"limit", "state"})
    asked = query.get("state")
    if asked is None:
        return None, most
    for state in _STATES:
        if state == asked:
            return state, most
    raise problems.invalid(Flaw("state", f"must be one of {', '.join(_STATES)}"))


def _limit_of(query: dict[str, str], known: set[str]) -> int:
    for name in query.keys() - known:
        flaw = f"is not a parameter; known are {', '.join(sorted(known))}"
        raise problems.invalid(Flaw(name[:80], flaw))
    limit = query.get("limit", str(_PAGE))
    if not (limit.isascii() and limit.isdecimal() and len(limit) <= len(str(_LARGEST_PAGE))):
        limit = "0"
    if not 1 <= int(limit) <= _LARGEST_PAGE:
        raise problems.invalid(Flaw("limit", f"must be a number from 1 to {_LARGEST_PAGE}"))
    return int(limit)
