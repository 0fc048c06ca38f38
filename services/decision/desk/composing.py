"""Puts a person's decision together from what they chose, and checks that it can be one. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Required, TypedDict, Unpack

from services.decision.desk import table
from services.decision.desk.cases import File
from services.decision.desk.certificates import Stake
from services.decision.desk.forms import ANALYSIS, DecideForm
from services.decision.desk.people import Person
from services.decision.merits.answers import Answer
from services.decision.policy.model import Policy, Severity, Situation
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind
from shared.events.base import Money
from shared.events.catalogue import Alternative, Decision
from shared.events.tags import Conduct, conduct
from shared.http import problems
from shared.http.flaws import Flaw

_GIVING: Final = frozenset({Disposition.UPHELD, Disposition.GOODWILL, Disposition.PARTLY_UPHELD})
_BY_GRACE: Final = frozenset({Disposition.GOODWILL, Disposition.PARTLY_UPHELD})
NOTED: Final = "decided_by_a_person"
"""The reason code of a decision whose reasons are for staff only."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A decision as a person wants it.

    `forgiven` (EUR) is the own slip in it; `table` (EUR) is what the policy would have granted or
    refused, which a second person's certificate must cover.
    """

    decision: Decision
    stake: Stake
    forgiven: Decimal | None
    table: Decimal | None


def compose(file: File, form: DecideForm, person: Person, policy: Policy) -> Composed:
    """Return the decision; one that confirms the proposal unchanged keeps the proposal's basis.

    Raises:
        ProblemError: 422, naming every field that cannot be.

    """
    proposal = file.proposal
    situation = form.situation or (proposal.situation if proposal else Situation.UNCLEAR)
    severity = proposal.severity if proposal else Severity.SLIGHT
    row = table.row_of(file.case, situation, severity, policy)
    remedies = _remedies(form, situation)
    if not form.reasons and form.note is None:
        raise problems.invalid(Flaw("reasons", "are required: codes, or a note for staff"))
    if proposal is not None and _confirms(form, remedies, proposal):
        return _confirmed(form, proposal, person)
    flaws = _flaws(form, row, policy)
    if proposal is not None and form.disposition is Disposition.DECLINED:
        flaws += _flaws_of_suspicion(form, proposal)
    if flaws:
        raise problems.invalid(*flaws)
    euros = table.euros(remedies, row, policy)
    by_grace = situation is Situation.OWN_SLIP and form.disposition in _BY_GRACE
    table_says = proposal.cost if proposal else _claimed(file, policy)
    declines = form.disposition is Disposition.DECLINED
    situations = (situation, proposal.situation) if proposal else (situation,)
    return Composed(
        _decision(file, form, person, row, remedies, policy),
        Stake(euros, table_says if declines else euros, situations),
        euros if by_grace else None,
        table_says,
    )


def _claimed(file: File, policy: Policy) -> Decimal | None:
    claim = file.case.claim
    return Decimal(0) if claim is None else policy.in_euros(claim)


def _flaws(form: DecideForm, row: table.Row, policy: Policy) -> list[Flaw]:
    flaws: list[Flaw] = []
    if form.disposition is Disposition.SERVICE_ENDED:
        flaws.append(Flaw("disposition", "needs two people and an analysis; use end-service"))
    if form.disposition in _GIVING and not form.remedies:
        flaws.append(Flaw("remedies", f"must not be empty where the answer is {form.disposition}"))
    kinds = [remedy.kind for remedy in form.remedies]
    if len(set(kinds)) != len(kinds):
        flaws.append(Flaw("remedies", "name a kind twice; add the sums up"))
    for number, remedy in enumerate(form.remedies):
        place = f"remedies.{number}"
        if remedy.kind not in row.kinds:
            choices = ", ".join(sorted(row.kinds))
            flaws.append(
                Flaw(f"{place}.kind", f"is not in the row {row.name}; choose from {choices}")
            )
        if remedy.money is not None:
            flaws += _flaws_of_money(
                f"{place}.money", remedy.kind, remedy.money.money(), form, policy
            )
    return flaws


def _flaws_of_suspicion(form: DecideForm, proposal: Answer) -> list[Flaw]:
    """Ask for a written report where an unauthorised payment is not refunded (PSD2 art. 73)."""
    if proposal.situation is not Situation.UNAUTHORISED_PAYMENT:
        return []
    if len((form.note or "").strip()) >= ANALYSIS:
        return []
    return [Flaw("note", f"must report the suspicion of fraud, in at least {ANALYSIS} characters")]


def _flaws_of_money(
    place: str, kind: RemedyKind, money: Money, form: DecideForm, policy: Policy
) -> list[Flaw]:
    flaws: list[Flaw] = []
    if not money.amount:
        flaws.append(Flaw(f"{place}.amount", "must be more than 0; leave the remedy out"))
    if kind in table.WORDS:
        flaws.append(Flaw(place, f"does not go with {kind}; leave it out"))
    if form.disposition is Disposition.DECLINED:
        flaws.append(Flaw(place, "does not go with declined; choose another answer"))
    if policy.in_euros(money) is None:
        known = ", ".join(sorted(policy.per_euro))
        flaws.append(Flaw(f"{place}.currency", f"has no rate; use one of {known}"))
    return flaws


def _remedies(form: DecideForm, situation: Situation) -> tuple[Remedy, ...]:
    by_grace = situation is Situation.OWN_SLIP or form.disposition is Disposition.GOODWILL
    return tuple(
        Remedy(
            kind=remedy.kind,
            money=remedy.money.money() if remedy.money else None,
            share="goodwill" if by_grace else "entitlement",
        )
        for remedy in form.remedies
    )


def _confirms(form: DecideForm, remedies: tuple[Remedy, ...], proposal: Answer) -> bool:
    """Say whether this is the proposal; a person names kind and sum, not the share."""
    proposed = proposal.decision
    return (
        form.disposition is proposed.disposition
        and (form.situation or proposal.situation) is proposal.situation
        and {_key(remedy) for remedy in remedies} == {_key(remedy) for remedy in proposed.remedies}
    )


def _key(remedy: Remedy) -> tuple[RemedyKind, Decimal | None, str | None]:
    money = remedy.money
    return (remedy.kind, money.amount, money.currency) if money else (remedy.kind, None, None)


def _confirmed(form: DecideForm, proposal: Answer, person: Person) -> Composed:
    proposed = proposal.decision
    more = tuple(code for code in form.reasons if code not in proposed.reasons)
    decision = proposed.model_copy(
        update={"decided_by": person.id, "reasons": proposed.reasons + more}
    )
    unknown = proposal.cost is None and proposed.disposition is not Disposition.DECLINED
    granted = None if unknown else proposal.granted
    stake = Stake(granted, proposal.cost, (proposal.situation,))
    return Composed(decision, stake, proposal.forgiven, proposal.cost)


def _decision(  # noqa: PLR0913, PLR0917 - the parts of a decision
    file: File,
    form: DecideForm,
    person: Person,
    row: table.Row,
    remedies: tuple[Remedy, ...],
    policy: Policy,
) -> Decision:
    return of_person(
        file,
        person,
        policy,
        disposition=form.disposition,
        basis=Basis.PERSON,
        remedies=remedies,
        reasons=form.reasons or (NOTED,),
        rule="person",
        row=row.name,
        alternatives=_set_aside(file.proposal),
    )


class _Chosen(TypedDict, total=False):
    """What a person's decision is made of, as in `Decision`; all else follows from the case."""

    disposition: Required[Disposition]
    basis: Required[Basis]
    rule: Required[str]
    reasons: Required[tuple[str, ...]]
    remedies: tuple[Remedy, ...]
    row: str
    alternatives: tuple[Alternative, ...]


def of_person(file: File, person: Person, policy: Policy, **chosen: Unpack[_Chosen]) -> Decision:
    """Return what a person decides of a case, with its evidence and the boundary it needs."""
    return Decision(
        policy=policy.hash,
        boundary=_needs_boundary(file),
        decided_by=person.id,
        evidence=file.case.tags.evidence,
        **chosen,
    )


def _set_aside(proposal: Answer | None) -> tuple[Alternative, ...]:
    if proposal is None:
        return ()
    proposed = proposal.decision
    return (
        Alternative(
            disposition=proposed.disposition, basis=proposed.basis, reason=proposed.reasons[0]
        ),
    )


def _needs_boundary(file: File) -> bool:
    """Say whether the answer states a boundary: by conduct, whoever decides."""
    tags = file.case.tags
    return conduct(tags.tone.value, tags.pressure.value, tags.fault.value) is Conduct.UNCONSTRUCTIVE
