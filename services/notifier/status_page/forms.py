"""Reads what a page's forms send, in the two ways of HTML. Strict, and bounded before it is read.

Invariant: whatever the bytes are, reading them costs no more than their length and raises nothing
but `UnreadableError`.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

_MOST_FIELDS: Final = 10
_LONGEST_HEAD: Final = 2048
_READ_WITHIN: Final = 60.0
_DISCARD: Final = 32 * 1024 * 1024
_BOUNDARY: Final = re.compile(r'boundary="?([0-9A-Za-z\'()+_,./:=? -]{1,70})"?\s*$')
_PARAMETER: Final = re.compile(r'; ?(name|filename)="([^"]*)"')
_ESCAPES: Final = {"%22": '"', "%0D": " ", "%0A": " "}


class UnreadableError(ValueError):
    """The body is not what a form of ours sends."""


class TooLargeError(ValueError):
    """The body is larger than this form may be; all of it was read, so that the answer is seen."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as a form sends it: what the browser says of it is not yet believed."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each once."""

    fields: Mapping[str, str]
    files: Mapping[str, File] = field(default_factory=dict)


async def body_of(request: Request, most: int) -> bytes:
    """Read a body of at most `most` bytes.

    Most browsers show an answer only when they have sent all: what is too much is read and dropped,
    up to a limit of its own.

    Raises:
        TooLargeError: it is larger.
        UnreadableError: it broke off, or came too slowly.

    """
    body = bytearray()
    size = 0
    try:
        async with asyncio.timeout(_READ_WITHIN):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= most:
                    body += chunk
                elif size > _DISCARD:
                    break
    except (TimeoutError, ClientDisconnect) as error:
        raise UnreadableError("the body did not arrive") from error
    if size > most:
        raise TooLargeError
    return bytes(body)


def read(content_type: str, body: bytes) -> Form:
    """Read a form.

    Raises:
        UnreadableError: it is neither kind of form, or has more fields than any of ours.

    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return _read_encoded(body)
    if kind == "multipart/form-data" and (found := _BOUNDARY.search(content_type)):
        return _read_parts(b"--" + found[1].encode(), body)
    raise UnreadableError("not a form")


def _read_encoded(body: bytes) -> Form:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=_MOST_FIELDS,
            errors="strict",
        )
    except ValueError as error:  # not ASCII, not UTF-8, or too many fields
        raise UnreadableError("not an encoded form") from error
    return Form(dict(pairs))


def _read_parts(delimiter: bytes, body: bytes) -> Form:
    """Read `multipart/form-data` (RFC 7578) as browsers write it."""
    first, *parts = (b"\r\n" + body).split(b"\r\n" + delimiter, _MOST_FIELDS + 2)
    if first or not parts or not parts[-1].startswith(b"--") or len(parts) > _MOST_FIELDS + 1:
        raise UnreadableError("not a form of parts")
    fields: dict[str, str] = {}
    files: dict[str, File] = {}
    for part in parts[:-1]:
        head, _, data = part.partition(b"\r\n\r\n")
        names, media_type = _head(head)
        name = names.get("name", "")
        if "filename" in names:
            files[name] = File(names["filename"], media_type, data)
            continue
        try:
            fields[name] = data.decode()
        except UnicodeDecodeError as error:
            raise UnreadableError("a field is not UTF-8") from error
    return Form(fields, files)


def _head(head: bytes) -> tuple[dict[str, str], str]:
    if len(head) > _LONGEST_HEAD or not head.startswith(b"\r\n"):
        raise UnreadableError("a part has no head")
    try:
        lines = [line.partition(":") for line in head[2:].decode().split("\r\n")]
    except UnicodeDecodeError as error:
        raise UnreadableError("a head is not UTF-8") from error
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    disposition = headers.get("content-disposition", "")
    if not disposition.startswith("form-data;"):
        raise UnreadableError("a part is not of a form")
    names = {name: _unescaped(value) for name, value in _PARAMETER.findall(disposition)}
    return names, headers.get("content-type", "")


def _unescaped(value: str) -> str:
    for escape, letter in _ESCAPES.items():
        value = value.replace(escape, letter)
    return value
