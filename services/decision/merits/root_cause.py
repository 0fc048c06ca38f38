"""Suggests the root cause of a company's fault: a key that cases with the same cause share.

From facts alone, and never with personal data in it: what does not look like the name of an outage
is left out.
"""

import re
from typing import Final

from services.decision.merits.matter import Matter
from services.decision.policy.matrix import Situation
from shared.events.fault import Fault

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_OURS: Final = frozenset(
    {
        Situation.BROKEN_PROMISE,
        Situation.WRONG_FEE,
        Situation.COMPANY_ERROR,
        Situation.IMPOSED_CHANGE,
        Situation.STAFF_CONDUCT,
    }
)


def root_cause(matter: Matter, situation: Situation) -> str | None:
    """Return the key of the cause; nothing where the company did not err."""
    if situation is Situation.MALFUNCTION:
        name = matter.facts.incident or ""
        return f"{situation}:{name if _NAME.fullmatch(name) else matter.category}"
    if situation in _OURS:
        return f"{situation}:{matter.category}"
    blamed = matter.fault in {Fault.COMPANY, Fault.SHARED}
    if situation is Situation.UNAUTHORISED_PAYMENT and blamed:
        return f"{situation}:{matter.category}"
    return None
