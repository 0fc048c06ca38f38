"""By which ways a customer is reached. Pure.

People are told by one way at a time: by the contact that they prefer, and by the next one where
that fails for good. A webhook belongs to another system, which is told beside them.
"""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from services.notifier.domain import (
    Channel,
    Outgoing,
    Plan,
    Planned,
    Recipient,
    Unreachable,
    language_of,
    notice_id,
)

PERSONAL: Final = (Channel.EMAIL, Channel.SMS)
"""Ways to a person, in their order where the customer prefers none."""
_PREFERRED: Final = {"email": Channel.EMAIL, "phone": Channel.SMS}
_SEPARATORS: Final = str.maketrans("", "", " \u00a0-.()/")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


def phone_of(text: str | None) -> str | None:
    """Return a phone number as E.164 writes it; nothing where it is not an international one."""
    number = (text or "").translate(_SEPARATORS)
    return number if _E164.fullmatch(number) else None


def ways_to(recipient: Recipient, offered: Collection[Channel]) -> list[Channel]:
    """Return the ways to a person that may work, in the order in which they are tried."""
    has = {Channel.EMAIL: bool(recipient.email), Channel.SMS: phone_of(recipient.phone) is not None}
    ways = [
        way for way in PERSONAL if has[way] and way in offered and way not in recipient.unusable
    ]
    first = _PREFERRED.get(recipient.preferred or "")
    return sorted(ways, key=lambda way: way is not first)


def address(
    plan: Plan, recipient: Recipient, offered: Collection[Channel]
) -> list[Planned] | Unreachable:
    """Decide by which of the offered channels a plan reaches its recipient."""
    language = language_of(recipient.language, plan.language)
    channels = ways_to(recipient, offered)[:1]
    if recipient.webhook:
        channels.append(Channel.WEBHOOK)
    if not channels:
        why = _why_unreachable(recipient)
        return Unreachable(notice_id(plan, "none"), plan, language, why)
    return [Planned(notice_id(plan, channel), plan, channel, language) for channel in channels]


def _why_unreachable(recipient: Recipient) -> str | None:
    if recipient.unusable:
        return "every contact has failed"
    if recipient.phone and phone_of(recipient.phone) is None:
        return "the phone number is not an international one (E.164)"
    return "there is no SMS gateway" if recipient.phone else None


def fall_back(
    notice: Outgoing, failed: Collection[str], offered: Collection[Channel]
) -> Planned | None:
    """Return the same notice by the next way to its person; `failed` are contacts that will not do.

    What an operator sends again goes by one way only: they see how it went and choose.
    """
    if notice.channel not in PERSONAL or notice.again_at is not None:
        return None
    everything = replace(notice.recipient, unusable=frozenset())
    order = ways_to(everything, {*offered, notice.channel})
    place = order.index(notice.channel) if notice.channel in order else -1
    for way in order[place + 1 :]:
        if way not in {*notice.recipient.unusable, *failed}:
            return Planned(notice_id(notice.plan, way), notice.plan, way, notice.language)
    return None
