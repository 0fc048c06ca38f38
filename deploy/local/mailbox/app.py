"""What the catcher caught, as pages for people and JSON for tests.

Invariant: a mail's HTML is only ever shown in a sandboxed frame of its own, without scripts and
without requests to anywhere.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

import orjson
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from deploy.local.mailbox.box import Mailbox
from deploy.local.mailbox.letters import (
    CASE_HEADER,
    NOTICE_HEADER,
    Letter,
    first_of,
    read,
    read_headers,
)
from deploy.local.web import PageHeaders, page_templates

HERE = Path(__file__).parent
PAGE_SIZE = 50
DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
LARGEST_ID = 2**53
HTML_HEADERS = {
    "Content-Security-Policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        "style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'"
    )
}
HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
NEW_WINDOW = '<base target="_blank">'
SHOWN_HEADERS = (
    "Date",
    "Reply-To",
    "Auto-Submitted",
    "Content-Language",
    "List-Unsubscribe",
    CASE_HEADER,
    NOTICE_HEADER,
)

Endpoint = Callable[[Request], Awaitable[Response]]


def build(mailbox: Mailbox) -> Starlette:
    return Starlette(
        routes=[*_api_routes(mailbox), *_page_routes(mailbox)],
        middleware=[Middleware(PageHeaders)],
    )


def _json(content: object, code: int = 200) -> Response:
    return Response(orjson.dumps(content), code, media_type="application/json")


def _number(parameters: QueryParams, name: str, default: int, largest: int) -> int:
    text = parameters.get(name) or str(default)
    if not text.isdecimal() or int(text) > largest:
        raise HTTPException(400, f"{name} must be a whole number from 0 to {largest}")
    return int(text)


def _letter(mailbox: Mailbox, request: Request) -> Letter:
    letter = mailbox.letter(request.path_params["letter_id"])
    if letter is None:
        raise HTTPException(404, "There is no such mail: it never came, or it was dropped.")
    return letter


def _summary(letter: Letter, headers: tuple[tuple[str, str], ...]) -> dict[str, object]:
    wanted = {name.lower(): name for name in SHOWN_HEADERS}
    return {
        "id": letter.id,
        "message_id": letter.indexed.message_id,
        "from": letter.sender,
        "to": letter.recipient,
        "subject": first_of(headers, "subject"),
        "received_at": letter.received.isoformat(),
        "case": letter.indexed.case,
        "notice": letter.indexed.notice,
        "size": letter.size,
        "headers": {
            wanted[name.lower()]: value for name, value in headers if name.lower() in wanted
        },
    }


def _api_routes(mailbox: Mailbox) -> list[Route]:
    async def messages(request: Request) -> Response:
        parameters = request.query_params
        letters = mailbox.since(
            _number(parameters, "after", 0, LARGEST_ID),
            _number(parameters, "limit", DEFAULT_LIMIT, MAX_LIMIT),
            to=parameters.get("to", ""),
            case=parameters.get("case", ""),
        )
        found = [_summary(letter, read_headers(mailbox.raw(letter))) for letter in letters]
        return _json({"messages": found, "next_after": letters[-1].id if letters else None})

    async def message(request: Request) -> Response:
        letter = _letter(mailbox, request)
        content = read(mailbox.raw(letter))
        return _json(
            {
                **_summary(letter, content.headers),
                "all_headers": content.headers,
                "plain": content.plain,
                "html": content.html,
                "attachments": content.attachments,
            }
        )

    async def counts(_: Request) -> Response:
        return _json(asdict(mailbox.counts))

    async def clear(_: Request) -> Response:
        mailbox.clear()
        return Response(status_code=204)

    async def health(_: Request) -> Response:
        return _json({"status": "ok"})

    return [
        Route("/healthz", health),
        Route("/api/counts", counts),
        Route("/api/messages", messages),
        Route("/api/messages", clear, methods=["DELETE"]),
        Route("/api/messages/{letter_id:int}", message),
    ]


def _page_routes(mailbox: Mailbox) -> list[Route]:
    templates = page_templates(HERE / "templates")

    async def listing(request: Request) -> Response:
        parameters = request.query_params
        to, case = parameters.get("to", "").strip(), parameters.get("case", "").strip()
        page = max(1, _number(parameters, "page", 1, LARGEST_ID))
        letters = mailbox.newest((page - 1) * PAGE_SIZE, PAGE_SIZE + 1, to=to, case=case)
        rows = [
            (letter, first_of(read_headers(mailbox.raw(letter)), "subject"))
            for letter in letters[:PAGE_SIZE]
        ]
        text = templates.get_template("letters.html").render(
            rows=rows,
            counts=mailbox.counts,
            kept=mailbox.kept,
            to=to,
            case=case,
            page=page,
            more=len(letters) > PAGE_SIZE,
        )
        return HTMLResponse(text)

    async def one(request: Request) -> Response:
        letter = _letter(mailbox, request)
        text = templates.get_template("letter.html").render(
            letter=letter, content=read(mailbox.raw(letter))
        )
        return HTMLResponse(text)

    async def html_part(request: Request) -> Response:
        html = read(mailbox.raw(_letter(mailbox, request))).html
        # Links of the mail open beside the page: the frame itself may load nothing.
        head = HEAD.search(html)
        at = head.end() if head else 0
        return HTMLResponse(html[:at] + NEW_WINDOW + html[at:], headers=HTML_HEADERS)

    async def source(request: Request) -> Response:
        raw = mailbox.raw(_letter(mailbox, request))
        return Response(raw, media_type="text/plain; charset=utf-8")

    async def style(_: Request) -> Response:
        return FileResponse(HERE / "templates" / "style.css", media_type="text/css")

    return [
        Route("/", listing),
        Route("/mail/{letter_id:int}", one),
        Route("/mail/{letter_id:int}/html", html_part),
        Route("/mail/{letter_id:int}/source", source),
        Route("/style.css", style),
    ]
