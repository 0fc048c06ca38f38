"""Corrections as training cases: the form that `make train` reads, without saying whose they are.

Invariants: personal data in texts is covered, as on every other way out of the service; cases and
customers have numbers of this export only. Only what a person named teaches. Pure.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from services.classifier.masking import masked
from services.classifier.tagging.weights import LANGUAGES
from shared.events.catalogue import ClassificationCorrected
from shared.events.tags import Flag, Labels

AUTHOR: Final = "desk"
"""Who wrote these cases, as training tells authors apart."""


def lines(corrections: Iterable[ClassificationCorrected]) -> Iterator[str]:
    """Yield one labelled case a line, given corrections oldest first.

    Of one message the newest word on each target counts. Messages in a language that the tagger
    does not read are left out.
    """
    joined: dict[tuple[UUID, int], tuple[ClassificationCorrected, set[str], Labels]] = {}
    for each in corrections:
        key = (each.case_id, each.sequence)
        _, named, labels = joined.pop(key, (each, set(), each.before))
        newest: dict[str, object] = {
            target: getattr(each.corrected, target) for target in each.named
        }
        joined[key] = (each, named | set(each.named), labels.model_copy(update=newest))
    customers: dict[str, int] = {}
    for number, (newest_of, named, labels) in enumerate(joined.values(), 1):
        if newest_of.language in LANGUAGES:
            group = customers.setdefault(newest_of.customer_id, len(customers) + 1)
            yield json.dumps(_case(number, group, newest_of, named, labels), ensure_ascii=False)


def _case(
    number: int, group: int, told: ClassificationCorrected, named: set[str], labels: Labels
) -> dict[str, Any]:
    teaches = [target for target in ("tone", "pressure", "fault") if target in named]
    return {
        "id": f"{AUTHOR}-{number}",
        "group": f"{AUTHOR}-customer-{group}",
        "author": AUTHOR,
        "lang": told.language,
        "category": told.category,
        "text": masked(told.text, (told.customer_id,)),
        "facts": _facts(told),
        "claim": told.claim.model_dump(mode="json") if told.claim else None,
        "gold": labels.model_dump(mode="json"),
        "teaches": [*teaches, *(Flag if "flags" in named else ())],
    }


def _facts(told: ClassificationCorrected) -> dict[str, Any]:
    """Return the known facts; what the bank keeps under names of its own stays there."""
    known = told.facts.model_dump(mode="json", exclude={"other"}, exclude_none=True)
    return {
        name: masked(value, (told.customer_id,)) if name in {"rejected_by", "incident"} else value
        for name, value in known.items()
    }
