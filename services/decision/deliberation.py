"""How a deliberation is written down, and read again. Pure.

Invariant: the text depends on the case, what was known and the policy alone, so that the same
deliberation gives the same bytes for ever.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias, assert_never

import orjson
from pydantic import BaseModel, TypeAdapter

from services.decision.merits.answers import Answer
from services.decision.merits.known import Known
from services.decision.merits.outcome import Asked, Decided, Outcome, Referred, Verifying
from shared.events.catalogue import Decision, Queue

Kind: TypeAlias = Literal["decided", "referred", "verifying", "asked"]

_KIND: Final[dict[type[Outcome], Kind]] = {
    Decided: "decided",
    Referred: "referred",
    Verifying: "verifying",
    Asked: "asked",
}


@dataclass(frozen=True, slots=True)
class Thought:
    """What stands in the log of a deliberation, as far as later steps need it.

    `decision` is the answer or the proposal, `granted` (EUR) what it takes from a certificate;
    `queue` and `reason` say who sees the case otherwise.
    """

    kind: Kind
    decision: Decision | None
    granted: Decimal
    known: Known
    policy: str
    queue: Queue | None
    reason: str | None

    @property
    def was_asked(self) -> bool:
        """Say whether the customer has had the friendly question."""
        return self.known.asked or self.kind == "asked"


def answer_of(outcome: Outcome) -> Answer | None:
    """Return the answer, or the proposal of one."""
    match outcome:
        case Decided(answer=answer) | Verifying(answer=answer):
            return answer
        case Referred(proposal=proposal) | Asked(proposal=proposal):
            return proposal
        case _:
            assert_never(outcome)


def kind_of(outcome: Outcome) -> Kind:
    """Return the word that stands for this kind of outcome."""
    return _KIND[type(outcome)]


def body_of(outcome: Outcome, known: Known, policy: str) -> str:
    """Return the body of a `deliberated` entry; `policy` is the policy's hash."""
    return orjson.dumps(
        {"known": known, "outcome": _KIND[type(outcome)], "policy": policy, "said": outcome},
        default=_plain,
        option=orjson.OPT_SORT_KEYS,
    ).decode()


def _plain(value: object) -> Any:  # noqa: ANN401 - what orjson can write
    if isinstance(value, BaseModel):
        return orjson.Fragment(value.model_dump_json())
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in the log")


_QUEUE: Final = TypeAdapter(Queue | None)


def read(body: str) -> Thought:
    """Read the body of a `deliberated` entry."""
    told = orjson.loads(body)
    said = told["said"]
    answer = said.get("answer") or said.get("proposal")
    return Thought(
        told["outcome"],
        Decision.model_validate(answer["decision"]) if answer else None,
        Decimal(answer["granted"]) if answer else Decimal(0),
        Known.model_validate(told["known"]),
        told["policy"],
        _QUEUE.validate_python(said.get("queue") or said.get("told")),
        said.get("reason") or said.get("told_reason"),
    )
