"""Puts an answer together: row, cost, scales, cause. What to answer is the rulings' matter."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypedDict, Unpack

from services.decision.merits.answers import Answer, PolicyDisposition
from services.decision.merits.entitlement import Owed, PartlyOwed
from services.decision.merits.known import Checked, Known
from services.decision.merits.matter import Matter, named_claim
from services.decision.merits.particulars import particulars
from services.decision.merits.remedies import Package, Share, claimed_euros, package
from services.decision.merits.root_cause import root_cause
from services.decision.merits.severity import severity
from services.decision.merits.trust import Scales, weigh
from services.decision.policy.model import Matrix, Policy, Situation
from shared.events.answer import Basis, Disposition, RemedyKind
from shared.events.base import Money
from shared.events.catalogue import Alternative, Decision
from shared.events.fault import Fault
from shared.events.tags import Conduct, Evidence

_ZERO: Final = Decimal(0)


class _Rest(TypedDict, total=False):
    """What only some answers say of themselves."""

    cost: Decimal | None
    granted: Decimal
    forgiven: Decimal | None
    scales: Scales | None
    proven: bool
    doubt: str | None
    checkable: bool
    waived: Decimal


NOT_SHOWN: Final = Alternative(
    disposition=Disposition.DECLINED, basis=Basis.CONTRACT, reason="not_shown_by_facts"
)


@dataclass(frozen=True, slots=True)
class Maker:
    """Puts an answer together from what is owed or given; `sure`: conduct is more than a guess."""

    matter: Matter
    evidence: tuple[Evidence, ...]
    how: Conduct
    sure: bool
    policy: Policy
    matrix: Matrix
    known: Known

    def package(
        self,
        situation: Situation,
        *,
        share: Share = "entitlement",
        constructive: bool = True,
    ) -> Package:
        """Fill the row for a situation with all that is claimed."""
        return self.filled(situation, share, named_claim(self.matter), constructive=constructive)

    def filled(
        self,
        situation: Situation,
        share: Share,
        pays: Money | None,
        *,
        constructive: bool = True,
        there: frozenset[RemedyKind] = frozenset(),
    ) -> Package:
        """Fill the row for a situation with a sum to pay, or with none, without what is `there`."""
        at_stake = severity(self.matter, situation, self.policy)
        name, row = self.matrix.row(situation, self.matter.category, at_stake)
        blamed = self.matter.fault is Fault.COMPANY
        specs = [
            spec
            for spec in row.remedies
            if (constructive or not spec.goodwill)
            and (pays is not None or not spec.if_claimed)
            and (blamed or not spec.if_company)
            and not (there and spec.kind in there)
        ]
        return package(self.matter, (name, row), specs, at_stake, self.policy, share, pays)

    def weigh(self, goods: Package, *, checkable: bool) -> Scales:
        """Weigh believing against checking."""
        history = self.known.history
        return weigh(goods.cost or _ZERO, history, self.policy, checkable=checkable)

    def shown_or_trusted(
        self,
        disposition: PolicyDisposition,
        goods: Package,
        owed: Owed | PartlyOwed,
        rule: str,
        alternatives: tuple[Alternative, ...] = (),
        **rest: Unpack[_Rest],
    ) -> Answer:
        """Uphold what the facts show or a check confirmed, else what is trusted."""
        verified = not owed.shown and self.known.checked is Checked.VERIFIED
        shown = owed.shown or verified
        how = () if owed.shown else ("verified",) if verified else ("trusted",)
        rest["scales"] = None if shown else self.weigh(goods, checkable=True)
        rest["proven"] = owed.proven or verified
        rest["checkable"] = True
        return self.answer(
            disposition,
            Basis.ENTITLEMENT if shown else Basis.TRUST,
            goods,
            (owed.reason, *how),
            rule,
            owed.situation,
            alternatives if shown else (*alternatives, NOT_SHOWN),
            **rest,
        )

    def declined(  # noqa: PLR0913 - the parts of a decision
        self,
        goods: Package,
        reason: str,
        rule: str,
        alternative: Alternative,
        situation: Situation,
        *,
        doubt: str | None = None,
    ) -> Answer:
        """Decline by contract: what is refused must fit the certificate as what is given does."""
        refused = claimed_euros(self.matter, self.policy)
        return self.answer(
            Disposition.DECLINED,
            Basis.CONTRACT,
            goods,
            (reason,),
            rule,
            situation,
            (alternative,),
            cost=None if refused is None or goods.cost is None else max(goods.cost, refused),
            granted=goods.cost or _ZERO,
            doubt=doubt,
        )

    def answer(  # noqa: PLR0913, PLR0917 - the parts of a decision
        self,
        disposition: PolicyDisposition,
        basis: Basis,
        goods: Package,
        reasons: tuple[str, ...],
        rule: str,
        situation: Situation,
        alternatives: tuple[Alternative, ...] = (),
        **rest: Unpack[_Rest],
    ) -> Answer:
        """Put the answer together."""
        slip = situation is Situation.OWN_SLIP or disposition is Disposition.PARTLY_UPHELD
        decision = Decision(
            disposition=disposition,
            basis=basis,
            remedies=goods.remedies,
            reasons=reasons,
            rule=rule,
            row=goods.row,
            policy=self.policy.hash,
            boundary=self.how is Conduct.UNCONSTRUCTIVE,
            evidence=self.evidence,
            alternatives=alternatives,
            options=goods.options,
            particulars=particulars(self.matter, self.known, self.policy, slip=slip),
        )
        rest.setdefault("cost", goods.cost)
        rest.setdefault("granted", goods.cost or _ZERO)
        return Answer(
            decision,
            situation=situation,
            severity=goods.severity,
            cause=root_cause(self.matter, situation),
            over=goods.over,
            **rest,
        )
