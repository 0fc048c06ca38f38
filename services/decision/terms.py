"""The times and limits of the policy that the hop keeps, in one place. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from services.decision.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Terms:
    """What is counted for how long, who answers within what, what a day may cost (EUR)."""

    memory: timedelta
    burst: timedelta
    story: timedelta
    first_within: timedelta
    background_within: timedelta
    question_within: timedelta
    per_day: Decimal


def terms_of(policy: Policy) -> Terms:
    """Take them from the policy."""
    return Terms(
        memory=timedelta(days=policy.trust.memory_days),
        burst=timedelta(days=policy.abuse.lately.days),
        story=timedelta(days=policy.abuse.same_story.days),
        first_within=policy.verification.first_within,
        background_within=policy.verification.background_within,
        question_within=policy.question.answer_within,
        per_day=policy.certificates.automatic.per_day,
    )
