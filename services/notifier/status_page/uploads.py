"""Documents that customers add: what is taken, and under what name. Pure.

Invariant: a document is kept as what its first bytes show it to be, and only where its name and
what the browser said of it agree. Its name is a label to show, never a path.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a document: a photograph of a page is smaller."""
MOST: Final = 20
"""Documents of a case."""

_LONGEST_NAME: Final = 80
_ANYTHING: Final = frozenset({"", "application/octet-stream"})
_SPACES: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Kind:
    media_type: str
    endings: tuple[str, ...]
    also: tuple[str, ...]
    """What browsers call it, too."""
    shows: Callable[[bytes], bool]


def _is_heic(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in {b"heic", b"heix", b"mif1", b"heim", b"heis"}


_KINDS: Final = (
    _Kind("application/pdf", ("pdf",), (), lambda data: data.startswith(b"%PDF-")),
    _Kind("image/jpeg", ("jpg", "jpeg"), ("image/jpg",), lambda d: d.startswith(b"\xff\xd8\xff")),
    _Kind(
        "image/png",
        ("png",),
        (),
        lambda data: data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR",
    ),
    _Kind("image/heic", ("heic", "heif"), ("image/heif",), _is_heic),
)
ACCEPTED: Final = ",".join(
    name for kind in _KINDS for name in (kind.media_type, *(f".{end}" for end in kind.endings))
)
"""What a page tells the browser to offer."""


class Refusal(StrEnum):
    """Why a document is not taken."""

    NONE = "none"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    KIND = "kind"
    DIFFERS = "differs"
    TOO_MANY = "too_many"
    HARMFUL = "harmful"


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may be kept."""

    name: str
    media_type: str
    data: bytes


Checked: TypeAlias = Document | Refusal


def check(name: str, claimed: str, data: bytes) -> Checked:
    """Say whether a document is taken; `claimed` is the type that the browser gave."""
    if not data:
        return Refusal.EMPTY if name else Refusal.NONE
    if len(data) > LARGEST:
        return Refusal.TOO_LARGE
    kind = next((kind for kind in _KINDS if kind.shows(data)), None)
    if kind is None:
        return Refusal.KIND
    media_type = claimed.partition(";")[0].strip().lower()
    ending = name.rpartition(".")[2].strip().lower() if "." in name else kind.endings[0]
    if media_type not in _ANYTHING | {kind.media_type, *kind.also} or ending not in kind.endings:
        return Refusal.DIFFERS
    return Document(_named(name, kind.endings[0]), kind.media_type, data)


def _named(name: str, ending: str) -> str:
    """Return a name of one line without path, invisible or reordering letters, with its ending."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in last)
    seen = re.sub(r'[<>:"|?*%]', " ", seen)
    stem = seen.rpartition(".")[0] if "." in seen else seen
    stem = _SPACES.sub(" ", stem).strip(" .")[:_LONGEST_NAME].rstrip(" .")
    return f"{stem or 'document'}.{ending}"
