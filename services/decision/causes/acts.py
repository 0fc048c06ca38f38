"""What people do with causes. Each act and its entry in the decision log are one transaction.

The log comes before the cases of a cause, here as in the hop: both wait for its end first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from services.decision import log
from services.decision.causes import store
from services.decision.causes.store import Held
from services.decision.causes.suggest import title_of
from services.decision.log import Entry
from shared.postgres import Connection


@dataclass(frozen=True, slots=True)
class Done:
    """It was stored and logged; `number` counts the customers that were new to it."""

    cause: Held
    number: int = 0


@dataclass(frozen=True, slots=True)
class Unknown:
    """There is no such cause."""


@dataclass(frozen=True, slots=True)
class OwnerMissing:
    """A confirmed cause needs somebody who removes it."""


@dataclass(frozen=True, slots=True)
class NotConfirmed:
    """Only a confirmed cause can be removed."""

    cause: Held


Confirmed: TypeAlias = Done | Unknown | OwnerMissing
Removed: TypeAlias = Done | Unknown | NotConfirmed


async def confirm(  # noqa: PLR0913 - what a person may correct
    tx: Connection,
    key: str,
    who: str,
    now: datetime,
    *,
    name: str | None = None,
    title: str | None = None,
    owner: str | None = None,
) -> Confirmed:
    """Confirm a cause, perhaps under another name, which then counts for later cases, too."""
    held = await store.hold(tx, key)
    if held is None:
        return Unknown()
    if (owner or held.owner) is None:
        return OwnerMissing()
    named = held if name in {None, held.key} else await _named(tx, held, name or held.key)
    cause = Held(named.key, title or named.title, "confirmed", owner or held.owner)
    said = {"title": cause.title, "owner": cause.owner, "was": held.key}
    await _log(tx, "cause_confirmed", cause, who, now, said)
    if cause.key != held.key:
        await store.rename(tx, held.key, cause.key, now)
    await store.confirm(tx, cause, who, now)
    return Done(cause)


async def _named(tx: Connection, held: Held, name: str) -> Held:
    """Return the cause of another name: one that is known, or what this one becomes."""
    found = await store.hold(tx, name)
    if found is None:
        return replace(held, key=name, title=title_of(name))
    return replace(held, key=name) if found.key == held.key else found


async def name_affected(
    tx: Connection, key: str, customers: Sequence[str], who: str, now: datetime
) -> Done | Unknown:
    """Name customers whom a cause affected, whether or not they complained."""
    held = await store.hold(tx, key)
    if held is None:
        return Unknown()
    await _log(tx, "cause_affected", held, who, now, {"customers": sorted(set(customers))})
    number = await store.name_affected(tx, held.key, customers, who, now)
    return Done(held, number)


async def mark_redressed(
    tx: Connection, key: str, customers: Sequence[str], who: str, now: datetime
) -> Done | Unknown:
    """Mark customers to whom it was made good; the sweep does not list them any more."""
    held = await store.hold(tx, key)
    if held is None:
        return Unknown()
    await _log(tx, "cause_redressed", held, who, now, {"customers": sorted(set(customers))})
    number = await store.mark_redressed(tx, held.key, customers, who, now)
    return Done(held, number)


async def remove(tx: Connection, key: str, who: str, now: datetime, note: str) -> Removed:
    """State that a cause was removed, and what was done."""
    held = await store.hold(tx, key)
    if held is None:
        return Unknown()
    if held.state != "confirmed":
        return NotConfirmed(held)
    kept = log.canonical({"note": note})
    await _log(tx, "cause_removed", held, who, now, {"owner": held.owner}, kept)
    await store.remove(tx, held.key, who, now)
    return Done(replace(held, state="removed"))


async def _log(  # noqa: PLR0913, PLR0917 - the parts of an entry
    tx: Connection,
    kind: str,
    cause: Held,
    who: str,
    now: datetime,
    said: dict[str, Any],
    note: str | None = None,
) -> None:
    # A person's own words stand where they can be erased.
    body = log.canonical({"cause": cause.key, **said})
    await log.append(tx, [Entry(None, kind, who, now, body, note)])
