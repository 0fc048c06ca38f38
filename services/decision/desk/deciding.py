"""A person decides a case: within the certificate at once, otherwise with a second person.

Granting inside one's limits needs nobody else. Reducing or refusing beyond the table, worsening an
answer that stands, and sums from the policy's bound on need a second person, whoever asks.
"""

import hashlib
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from services.decision import log
from services.decision.desk import certificates
from services.decision.desk.agreeing import let_stand
from services.decision.desk.approving import Ask, Open, ask
from services.decision.desk.cases import File, expect, expect_holder, hold, moved_on, open_file
from services.decision.desk.certificates import Stake
from services.decision.desk.composing import Composed, compose
from services.decision.desk.forms import DecideForm
from services.decision.desk.parts import Done
from services.decision.desk.people import Person
from services.decision.desk.settling import Settlement, settle
from services.decision.merits.authority import Beyond, NeedsSecond, needs_second
from services.decision.merits.betters import is_worse
from services.decision.policy.model import Policy, Role, Situation
from shared.http.problems import ProblemError
from shared.postgres import Connection

_EARLIER = """
SELECT kind, body FROM decision_log
 WHERE case_id = $1 AND actor = $2 AND kind IN ('decided', 'approval_asked')
 ORDER BY position DESC
"""


async def decide(
    tx: Connection, person: Person, case_id: UUID, form: DecideForm, policy: Policy
) -> Done:
    """Decide a case; the same request again by the same person has the same answer.

    Raises:
        ProblemError: 404; 409, it moved on or is not with this person; 422; or 403, it is beyond
            this person's certificate.

    """
    held = await hold(tx, case_id)
    request = digest_of(form.model_dump())
    if held.row.version != form.version:
        repeated = await _repeated(tx, case_id, person, request)
        if repeated is None:
            raise moved_on(held.row.version)
        return repeated
    expect(held, form.version)
    expect_holder(held, person.id)
    file = await open_file(tx, held, policy)
    wanted = compose(file, form, person, policy)
    stake = wanted.stake
    found = await certificates.authority_of(tx, person, stake, policy, held.now)
    if isinstance(found, Beyond):
        raise certificates.beyond(found, stake, person, policy)
    why = found.reason if isinstance(found, NeedsSecond) else second_of(file, wanted, policy)
    if why is None:
        return await settle(tx, _settlement(file, wanted, form, request, policy), policy, held.now)
    return await ask(
        tx,
        file,
        Ask(
            kind="decision",
            person=person,
            why=why,
            euros=_at_stake(wanted),
            request=request,
            version=form.version,
            note=form.note,
            body={
                "decision": wanted.decision.model_dump(mode="json"),
                "situations": stake.situations,
                "grants": _text(stake.grants),
                "reaches": _text(stake.reaches),
                "spends": _text(spent_by(file, stake.grants, policy)),
                "forgiven": _text(wanted.forgiven),
            },
        ),
    )


async def carry(tx: Connection, found: Open, second: Person, policy: Policy) -> Done:
    """Let a decision stand that a second person has agreed to.

    Raises:
        ProblemError: 403, it is beyond the second person's certificate; 409, the certificate of
            the first was spent meanwhile.

    """
    body = found.body
    stake = Stake(
        _number(body["grants"]),
        _number(body["reaches"]),
        tuple(Situation(each) for each in body["situations"]),
    )
    if not certificates.covers(second.role, found.row["euros"], stake.situations, policy):
        raise ProblemError(403, "This is beyond your certificate; a person with a higher one can.")
    first = Person(found.row["asked_by"], Role(body["role"]))
    authority = await certificates.authority_of(tx, first, stake, policy, found.file.now)
    if isinstance(authority, Beyond):
        raise ProblemError(409, f"The certificate of {first.id} was spent meanwhile.")
    return await let_stand(
        tx,
        found,
        second,
        policy,
        euros=_number(body["spends"]),
        forgiven=_number(body["forgiven"]),
        note=body["note"],
        more={"situation": stake.situations[0]},
    )


def second_of(file: File, wanted: Composed, policy: Policy) -> str | None:
    """Return why a second person must agree, apart from the sum; nothing if none must."""
    if file.decision is not None and is_worse(wanted.decision, file.decision, policy):
        return "worsens_the_answer_that_stands"
    proposal = file.proposal.decision if file.proposal else None
    return needs_second(proposal, wanted.decision, policy)


def spent_by(file: File, euros: Decimal | None, policy: Policy) -> Decimal | None:
    """Return what a decision spends: what it grants beyond what was granted already (EUR)."""
    if euros is None or file.decision is None:
        return euros
    sums = [
        policy.in_euros(remedy.money) or Decimal(0)
        for remedy in file.decision.remedies
        if remedy.money
    ]
    return max(Decimal(0), euros - sum(sums, Decimal(0)))


def digest_of(request: object) -> str:
    """Return what tells a repeated request from another."""
    return hashlib.sha256(log.canonical(request).encode()).hexdigest()


def _settlement(
    file: File, wanted: Composed, form: DecideForm, request: str, policy: Policy
) -> Settlement:
    return Settlement(
        row=file.row,
        case=file.case,
        decision=wanted.decision,
        euros=spent_by(file, wanted.stake.grants, policy),
        forgiven=wanted.forgiven,
        version=form.version,
        request=request,
        note=form.note,
        more={"situation": wanted.stake.situations[0]},
    )


def _at_stake(wanted: Composed) -> Decimal | None:
    """Return what the second person's certificate must cover: the grant, or what is kept back."""
    if wanted.stake.reaches is None:
        return None
    return max(wanted.stake.reaches, wanted.table or Decimal(0))


async def _repeated(tx: Connection, case_id: UUID, person: Person, request: str) -> Done | None:
    for entry in await tx.fetch(_EARLIER, case_id, person.id):
        body: dict[str, Any] = orjson.loads(entry["body"])
        if body.get("request") == request:
            return Done(body["answer"], 200 if entry["kind"] == "decided" else 202)
    return None


def _text(euros: Decimal | None) -> str | None:
    return None if euros is None else str(euros)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
