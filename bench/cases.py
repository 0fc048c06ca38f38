"""Cases to submit: the samples in their four languages, each time by another customer.

No two texts are alike, so that no cache anywhere answers for the work.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from deploy.local.processes import ROOT

_SAMPLES: Final = ROOT / "deploy" / "samples" / "cases.jsonl"


def samples(path: Path = _SAMPLES) -> list[dict[str, Any]]:
    """Return the shipped sample cases."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def bodies(first: int, count: int, of: Sequence[dict[str, Any]]) -> list[bytes]:
    """Return request bodies number `first` and following; a number always gives the same body."""
    return [_body(number, of[number % len(of)]) for number in range(first, first + count)]


def _body(number: int, sample: dict[str, Any]) -> bytes:
    customer = {
        **sample["customer"],
        "id": f"B-{number:08}",
        "contacts": {"email": f"customer{number}@example.com"},
    }
    text = f"{sample['text']}\n\nRef. {number:08}"
    return orjson.dumps({**sample, "customer": customer, "text": text})
