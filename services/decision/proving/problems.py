"""What a proof can find: a kind, a place in the policy, and a case that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from services.decision.merits.answers import Answer
from services.decision.merits.known import Known
from shared.events.catalogue import CaseClassified


class Kind(StrEnum):
    """Which promise the policy breaks."""

    INCOMPLETE = "incomplete"
    """A case, or a cell of a matrix, has no answer."""
    OVERLAP = "overlap"
    """Two rows of equal rank answer one cell."""
    MASKED_ROW = "masked_row"
    """A row can never answer."""
    MASKED_MATRIX = "masked_matrix"
    """A matrix can never apply."""
    IDLE_OVERRIDE = "idle_override"
    """A matrix overrides a row and changes nothing, or removes what is not there."""
    TONE = "tone"
    """How something is said changes what is owed."""
    PAST_HELPS = "past_helps"
    """More goodwill, contradictions or bursts in the past give a better answer."""
    PAST_COSTS = "past_costs"
    """The past touches what is owed."""
    LARGER_CLAIM = "larger_claim"
    """A larger claim is answered automatically where a smaller one needs a person."""
    BEYOND_CERTIFICATE = "beyond_certificate"
    """Something is granted, or declined, beyond the certificate of who decides."""
    AUTHORITY = "authority"
    """Certificates contradict each other or cover nothing."""
    TRUST = "trust"
    """A claim is trusted though checking it is cheaper, or the reverse."""
    GOODWILL_SUM = "goodwill_sum"
    """A sequence of cases gets more goodwill than the policy allows in 12 months."""
    SERVICE_ENDED = "service_ended"
    """The policy would end a customer's service without people."""
    CURRENCY = "currency"
    """A currency lacks a rate, a limit or an extra."""
    UNPROVED = "unproved"
    """z3 gave up, or the code does otherwise on plain numbers than on those of the proof."""
    GAP = "gap"
    """On some day no matrix is in force."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken promise.

    `place` is where to look in the policy, as in `matrices.default.rows.own_slip`; `case` is a
    concrete counter-example: the fields of a classified case that matter, with what is `known`.
    """

    kind: Kind
    place: str
    text: str
    case: Mapping[str, Any] = field(default_factory=dict)


def place_of(answer: Answer | None) -> str:
    """Return where an answer comes from: its rule and its row, if it has them."""
    if answer is None:
        return "decide"
    decision = answer.decision
    return decision.rule if decision.row is None else f"{decision.rule}: {decision.row}"


def shown(case: CaseClassified, known: Known) -> dict[str, Any]:
    """Return a case as a counter-example: everything that a decision could depend on."""
    whole = case.model_dump(
        mode="json",
        include={"category", "product", "claim", "facts", "received_at", "jurisdiction", "tags"},
        exclude={"tags": {"evidence", "model", "language"}},
        exclude_none=True,
        exclude_defaults=True,
    )
    return {**whole, "known": known.model_dump(mode="json", exclude_defaults=True)}
