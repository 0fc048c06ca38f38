"""Lets stand what one person asked for and a second one has agreed to."""

from decimal import Decimal
from typing import Any, Required, TypedDict, Unpack

from services.decision.desk.approving import Open
from services.decision.desk.parts import Done
from services.decision.desk.people import Person
from services.decision.desk.settling import Settlement, settle
from services.decision.policy.model import Policy
from shared.events.catalogue import Decision
from shared.postgres import Connection


class _Agreed(TypedDict, total=False):
    """What is particular to one kind of approval, as in `Settlement`."""

    euros: Required[Decimal | None]
    forgiven: Required[Decimal | None]
    kind: str
    note: str | None
    more: dict[str, Any]


async def let_stand(
    tx: Connection, found: Open, second: Person, policy: Policy, **agreed: Unpack[_Agreed]
) -> Done:
    """Let the decision of an approval stand; whether it still may was checked before."""
    settlement = Settlement(
        row=found.held.row,
        case=found.file.case,
        decision=Decision.model_validate(found.body["decision"]),
        version=found.body["version"],
        request=found.body["request"],
        approved_by=second.id,
        **agreed,
    )
    return await settle(tx, settlement, policy, found.file.now)
