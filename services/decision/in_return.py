"""What the policy gives for a delay that the bank announces, in the money of the case. Pure."""

from collections.abc import Callable

from services.decision.policy.model import Policy
from services.decision.timing.rows import Offer, Offers, Origin
from shared.events.answer import Remedy, RemedyKind
from shared.events.base import Money


def offers(policy: Callable[[], Policy]) -> Offers:
    """Return what looks it up in the policy that is active at that moment."""

    def offer(origin: Origin) -> Offer | None:
        return offer_of(policy(), origin)

    return offer


def offer_of(policy: Policy, origin: Origin) -> Offer | None:
    """Return what is given; nothing in a currency in which the policy names no sum."""
    if policy.delay is None or not policy.delay.times:
        return None
    currency = origin.currency or policy.currency_of.get(origin.jurisdiction or "") or "EUR"
    amount = policy.delay.sums.get(currency)
    if not amount:
        return None
    money = Money(amount=amount, currency=currency)
    euros = policy.in_euros(money)
    if euros is None:
        return None
    remedy = Remedy(kind=RemedyKind.CREDIT, money=money, share="goodwill")
    return Offer(
        remedy.model_dump(mode="json"),
        euros,
        policy.delay.times,
        policy.certificates.automatic.per_day,
        policy.hash,
    )
