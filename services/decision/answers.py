"""Puts answers together: what is owed or given, with its row, cost, reasons and alternatives."""

from dataclasses import dataclass
from decimal import Decimal

from services.decision.entitlement import HelpOwed, Owed, PartlyOwed, Unsettled
from services.decision.goodwill import Given, History, Refused, is_within_the_year
from services.decision.matter import Matter, has_facts
from services.decision.policy.model import Policy, Situation
from services.decision.remedies import Package, claimed_euros, package
from services.decision.trust import Scales, weigh
from shared.events.answer import Basis, Disposition
from shared.events.case import Category
from shared.events.catalogue import Alternative, Decision
from shared.events.tags import Conduct, Evidence


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision with what it costs and what was weighed."""

    decision: Decision
    cost: Decimal | None
    scales: Scales | None = None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The rules have no answer of their own for this case."""

    reason: str


@dataclass(frozen=True, slots=True)
class Maker:
    """Puts an answer together from what is owed or given."""

    matter: Matter
    evidence: tuple[Evidence, ...]
    how: Conduct
    policy: Policy

    def owed(self, owed: Owed) -> Answer:
        goods = package(self.matter, owed.situation, self.policy, "entitlement")
        scales = None
        if not owed.shown:
            euros = goods.cost or Decimal(0)
            # A message that only accuses is tagged unclear, so what is tagged can be checked.
            scales = weigh(euros, checkable=True, policy=self.policy.trust)
        return self._answer(
            Disposition.UPHELD,
            Basis.ENTITLEMENT if owed.shown else Basis.TRUST,
            goods,
            (owed.reason,) if owed.shown else (owed.reason, "trusted"),
            f"entitlement.{owed.situation}",
            scales=scales,
        )

    def partly(self, owed: PartlyOwed) -> Answer:
        goods = package(
            self.matter, owed.situation, self.policy, "entitlement", self.policy.shared_part
        )
        return self._answer(
            Disposition.PARTLY_UPHELD, Basis.ENTITLEMENT, goods, (owed.reason,), "shared_fault"
        )

    def help(self, owed: HelpOwed) -> Answer:
        goods = package(self.matter, owed.situation, self.policy, "entitlement")
        if self.how is Conduct.CONSTRUCTIVE:
            return self._answer(
                Disposition.GOODWILL, Basis.GOODWILL, goods, (owed.reason,), "third_party.help"
            )
        return self._answer(
            Disposition.DECLINED,
            Basis.CONTRACT,
            goods,
            (owed.reason,),
            "third_party.help",
            (
                Alternative(
                    disposition=Disposition.GOODWILL, basis=Basis.GOODWILL, reason="conduct"
                ),
            ),
        )

    def own_slip(self, given: Given | Refused, history: History) -> Answer:
        if isinstance(given, Refused):
            return self.declined(Situation.OWN_SLIP, given.reason, "goodwill.own_slip")
        goods = package(self.matter, Situation.OWN_SLIP, self.policy, "goodwill")
        if goods.cost is not None and not is_within_the_year(goods.cost, history, self.policy):
            return self.declined(Situation.OWN_SLIP, "own_slip_repeated", "goodwill.own_slip")
        return self._answer(
            Disposition.GOODWILL,
            Basis.GOODWILL,
            goods,
            (given.reason,),
            "goodwill.own_slip",
            (
                Alternative(
                    disposition=Disposition.DECLINED, basis=Basis.CONTRACT, reason="own_slip"
                ),
            ),
        )

    def declined(self, situation: Situation, reason: str, rule: str) -> Answer:
        """Decline by contract; what is refused must fit the certificate as what is granted does."""
        name, _ = self.policy.row(situation, self.matter.category)
        goods = Package(name, (), claimed_euros(self.matter, self.policy))
        if situation is Situation.LAWFUL_CHANGE:
            filled = package(self.matter, situation, self.policy, "entitlement")
            goods = Package(name, filled.remedies, goods.cost)
        alternatives = (
            Alternative(disposition=Disposition.GOODWILL, basis=Basis.GOODWILL, reason=reason),
        )
        return self._answer(
            Disposition.DECLINED, Basis.CONTRACT, goods, (reason,), rule, alternatives
        )

    def unsettled(self, owed: Unsettled) -> Answer | NoAnswer:
        matter = self.matter
        if self._is_question_or_thanks():
            if not has_facts(matter):
                return NoAnswer("question_without_facts")
            goods = package(matter, Situation.INFORMATION, self.policy, "entitlement")
            return self._answer(
                Disposition.UPHELD, Basis.ENTITLEMENT, goods, ("information",), "information"
            )
        if matter.claim is None or matter.claim.amount == 0:
            return NoAnswer(owed.reason)
        goods = package(matter, Situation.UNCLEAR, self.policy, "entitlement")
        if goods.cost is None:
            return NoAnswer("currency_without_a_rate")
        scales = weigh(goods.cost, checkable=has_facts(matter), policy=self.policy.trust)
        if not has_facts(matter):
            return NoAnswer("ask_the_customer" if scales.trust_now else owed.reason)
        return self._answer(
            Disposition.UPHELD, Basis.TRUST, goods, ("trusted",), "trust.unclear", scales=scales
        )

    def _is_question_or_thanks(self) -> bool:
        category = self.matter.category
        return category is Category.INFORMATION or (
            category is Category.OTHER and self.matter.claim is None
        )

    def _answer(  # noqa: PLR0913, PLR0917 - the parts of a decision
        self,
        disposition: Disposition,
        basis: Basis,
        goods: Package,
        reasons: tuple[str, ...],
        rule: str,
        alternatives: tuple[Alternative, ...] = (),
        *,
        scales: Scales | None = None,
    ) -> Answer:
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
        )
        return Answer(decision, goods.cost, scales)
