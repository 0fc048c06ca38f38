"""Puts answers together: what is owed or given, with its row, cost, reasons and alternatives."""

from dataclasses import dataclass, replace
from decimal import Decimal

from services.decision.entitlement import Contradicted, HelpOwed, NotOwed, Owed, PartlyOwed
from services.decision.goodwill import Given, History, Refused, goodwill, is_within_the_year
from services.decision.matter import Matter, has_facts, named_claim
from services.decision.policy.model import Policy, Situation
from services.decision.remedies import Package, Share, claimed_euros, package, parts
from services.decision.trust import Scales, weigh
from shared.events.answer import Basis, Disposition
from shared.events.case import Category
from shared.events.catalogue import Alternative, Decision
from shared.events.tags import Conduct, Evidence


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision with what it costs and what was weighed.

    `cost` (EUR) is what must fit a certificate: the amount claimed, granted or refused, else what
    the remedies cost; nothing where the policy knows no rate. `forgiven` (EUR) is the own slip in
    it, which counts for 12 months. `proven`: the bank's facts alone settle who erred. `doubt`: why
    a person must confirm it, whatever it costs.
    """

    decision: Decision
    cost: Decimal | None
    forgiven: Decimal | None = None
    scales: Scales | None = None
    proven: bool = False
    doubt: str | None = None


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
        goods = self._package(owed.situation)
        answer = self._answer(
            Disposition.UPHELD,
            Basis.ENTITLEMENT if owed.shown else Basis.TRUST,
            goods,
            (owed.reason,) if owed.shown else (owed.reason, "trusted"),
            f"entitlement.{owed.situation}",
        )
        unknown = (
            owed.situation is Situation.UNAUTHORISED_PAYMENT and named_claim(self.matter) is None
        )
        return replace(
            answer,
            scales=None if owed.shown else self._weigh(goods),
            proven=owed.shown,
            doubt="amount_unknown" if unknown else None,
        )

    def contradicted(self, found: Contradicted) -> Answer:
        """Propose what the bank's facts show; a person settles what contradicts them."""
        answer = self.owed(Owed(found.situation, found.reason, shown=True))
        return replace(answer, doubt="facts_contradict")

    def partly(self, owed: PartlyOwed, history: History) -> Answer:
        """Make good the company's part; forgive the customer's part where goodwill is open.

        What counts as its cost does not depend on conduct, so the way of what is owed cannot.
        """
        ours, theirs = parts(self.matter, self.policy)
        goods = package(self.matter, owed.situation, self.policy, "entitlement", ours)
        extra = package(self.matter, Situation.OWN_SLIP, self.policy, "goodwill", theirs)
        given = self._forgiven(extra, history)
        refused = (
            ()
            if isinstance(given, Given)
            else (
                Alternative(
                    disposition=Disposition.GOODWILL, basis=Basis.GOODWILL, reason=given.reason
                ),
            )
        )
        whole = Package(
            goods.row,
            goods.remedies + (extra.remedies if isinstance(given, Given) else ()),
            None if goods.cost is None or extra.cost is None else goods.cost + extra.cost,
        )
        answer = self._answer(
            Disposition.PARTLY_UPHELD,
            Basis.ENTITLEMENT if owed.shown else Basis.TRUST,
            whole,
            (owed.reason,) if owed.shown else (owed.reason, "trusted"),
            "shared_fault",
            refused,
        )
        return replace(
            answer,
            scales=None if owed.shown else self._weigh(whole),
            forgiven=extra.cost if isinstance(given, Given) else None,
        )

    def help(self, owed: HelpOwed) -> Answer:
        """Give the help that is owed; waive the bank's own follow-on fees by conduct."""
        constructive = self.how is Conduct.CONSTRUCTIVE
        goods = self._package(owed.situation, constructive=constructive)
        if constructive:
            return self._answer(
                Disposition.GOODWILL, Basis.GOODWILL, goods, (owed.reason,), "third_party.help"
            )
        alternative = Alternative(
            disposition=Disposition.GOODWILL, basis=Basis.GOODWILL, reason="conduct"
        )
        return self._declined(goods, owed.reason, "third_party.help", alternative)

    def own_slip(self, history: History) -> Answer:
        goods = self._package(Situation.OWN_SLIP, share="goodwill")
        given = self._forgiven(goods, history)
        if isinstance(given, Refused):
            nothing = Package(goods.row, (), Decimal(0))
            alternative = Alternative(
                disposition=Disposition.GOODWILL, basis=Basis.GOODWILL, reason=given.reason
            )
            return self._declined(nothing, given.reason, "goodwill.own_slip", alternative)
        alternative = Alternative(
            disposition=Disposition.DECLINED, basis=Basis.CONTRACT, reason="own_slip"
        )
        answer = self._answer(
            Disposition.GOODWILL,
            Basis.GOODWILL,
            goods,
            (given.reason,),
            "goodwill.own_slip",
            (alternative,),
        )
        return replace(answer, forgiven=goods.cost)

    def lawful_change(self, found: NotOwed) -> Answer:
        """Decline by contract, with the change explained and a way out of the product."""
        goods = self._package(found.situation)
        alternative = Alternative(
            disposition=Disposition.GOODWILL, basis=Basis.GOODWILL, reason=found.reason
        )
        answer = self._declined(goods, found.reason, f"entitlement.{found.situation}", alternative)
        return replace(answer, doubt=found.doubt)

    def unsettled(self, reason: str) -> Answer | NoAnswer:
        """Answer a question from the facts, trust a small claim that can be checked."""
        if named_claim(self.matter) is None:
            return self._information(reason)
        if self.matter.category is Category.INFORMATION:
            return NoAnswer(reason)
        goods = self._package(Situation.UNCLEAR)
        if goods.cost is None:
            return NoAnswer("currency_without_a_rate")
        checkable = has_facts(self.matter)
        scales = weigh(goods.cost, checkable=checkable, policy=self.policy.trust)
        if not checkable:
            return NoAnswer("ask_the_customer" if scales.trust_now else reason)
        answer = self._answer(Disposition.UPHELD, Basis.TRUST, goods, ("trusted",), "trust.unclear")
        return replace(answer, scales=scales)

    def apologised(self, found: Answer | NoAnswer) -> Answer:
        """Add the apology for how an employee behaved; with no other answer it is the proposal."""
        sorry = self._package(Situation.STAFF_CONDUCT)
        if isinstance(found, NoAnswer):
            answer = self._answer(
                Disposition.GOODWILL, Basis.GOODWILL, sorry, ("staff_conduct",), "staff_conduct"
            )
            return replace(answer, doubt=found.reason)
        there = {remedy.kind for remedy in found.decision.remedies}
        more = tuple(remedy for remedy in sorry.remedies if remedy.kind not in there)
        decision = found.decision.model_copy(update={"remedies": found.decision.remedies + more})
        return replace(found, decision=decision)

    def _information(self, reason: str) -> Answer | NoAnswer:
        if self.matter.category is not Category.INFORMATION:
            return NoAnswer(reason)
        if not has_facts(self.matter):
            return NoAnswer("question_without_facts")
        return self._answer(
            Disposition.UPHELD,
            Basis.ENTITLEMENT,
            self._package(Situation.INFORMATION),
            ("information",),
            "information",
        )

    def _forgiven(self, goods: Package, history: History) -> Given | Refused:
        given = goodwill(self.matter, self.how, history, self.policy)
        if isinstance(given, Refused) or goods.cost is None:
            return given
        fits = is_within_the_year(goods.cost, history, self.policy)
        return given if fits else Refused("own_slip_repeated")

    def _package(
        self,
        situation: Situation,
        *,
        share: Share = "entitlement",
        constructive: bool = True,
    ) -> Package:
        claim = named_claim(self.matter)
        return package(self.matter, situation, self.policy, share, claim, constructive=constructive)

    def _weigh(self, goods: Package) -> Scales:
        # A message that only accuses is tagged unclear, so what is tagged can be checked.
        return weigh(goods.cost or Decimal(0), checkable=True, policy=self.policy.trust)

    def _declined(self, goods: Package, reason: str, rule: str, alternative: Alternative) -> Answer:
        """Decline by contract: what is refused must fit the certificate as what is given does."""
        refused = claimed_euros(self.matter, self.policy)
        cost = None if refused is None or goods.cost is None else max(goods.cost, refused)
        return self._answer(
            Disposition.DECLINED,
            Basis.CONTRACT,
            replace(goods, cost=cost),
            (reason,),
            rule,
            (alternative,),
        )

    def _answer(  # noqa: PLR0913, PLR0917 - the parts of a decision
        self,
        disposition: Disposition,
        basis: Basis,
        goods: Package,
        reasons: tuple[str, ...],
        rule: str,
        alternatives: tuple[Alternative, ...] = (),
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
        return Answer(decision, goods.cost)
