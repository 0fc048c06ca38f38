"""What the deep tier reads: the customer's own lines for manner; facts and matter for fault.

Invariant: of what is read for fault nothing is tone, pressure or who the customer is: the facts in
plain English, and of the message only the words that fault may see.
"""

from collections.abc import Sequence

from services.classifier.tagging.facts import Facts
from services.classifier.tagging.message import Message
from services.classifier.tagging.turns import others

_LONGEST_NAME = 60
"""Characters of a name in the facts, such as an incident's, that are read."""


def own_lines(text: str) -> str:
    """Return the lines of a message that are the customer's own, one after the other."""
    return own_part(text, 0, len(text), others(text))


def own_part(text: str, begin: int, end: int, theirs: Sequence[tuple[int, int]]) -> str:
    """Return what stands in [begin, end) of a text, without these lines of others."""
    kept, at = [], begin
    for first, last in theirs:
        if first < end and last > at:
            kept.append(text[at : max(at, first)])
            at = last
    return "".join([*kept, text[at:end]])


def told(message: Message, facts: Facts, matter: str) -> str:
    """Return the text, facts first: a long message is cut at its end."""
    parts = [*_circumstances(message), *(_known(facts) or ["nothing known"])]
    return f"{'; '.join(parts)}. {matter}"


def _circumstances(message: Message) -> list[str]:
    category = (message.category or "other").replace("_", " ")[:_LONGEST_NAME]
    return [category, "claim"] if message.claim else [category]


def _known(facts: Facts) -> list[str]:
    said = []
    if facts.is_late is not None:
        said.append("paid late" if facts.is_late else "paid in time")
    elif facts.due_at and not facts.paid_at:
        said.append("not paid")
    if facts.is_promise_broken is not None:
        said.append("delivered late" if facts.is_promise_broken else "delivered in time")
    elif facts.promised_by:
        said.append("promised, not delivered")
    elif facts.delivered_at:
        said.append("delivered")
    if facts.terms_accepted is not None:
        said.append("terms accepted" if facts.terms_accepted else "terms not accepted")
    if facts.authorised is not None:
        said.append("authorised" if facts.authorised else "not authorised")
    if facts.rejected_by:
        said.append(f"rejected by {_plain(facts.rejected_by)}")
    if facts.incident:
        said.append(f"incident {_plain(facts.incident)}")
    return said


def _plain(name: str) -> str:
    return name.replace("_", " ")[:_LONGEST_NAME]
