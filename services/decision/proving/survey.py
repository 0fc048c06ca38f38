"""Every kind of case is decided: each has an answer, and each answer is fair to its neighbours.

The survey keeps one case for each kind of answer that it met, and for each row the one that least
keeps from the policy's own answer; the proofs over all pasts and all amounts start from these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice, product
from typing import Final, NamedTuple, TypeAlias

from services.decision.merits.known import Checked, Known
from services.decision.merits.outcome import Outcome, Referred
from services.decision.policy.model import Policy
from services.decision.proving.manners import told_otherwise
from services.decision.proving.outcomes import Decider, answer_of
from services.decision.proving.pasts import walks, worse_pasts
from services.decision.proving.problems import Kind, Problem, place_of, shown
from services.decision.proving.space import (
    FACTS,
    FLAGS,
    HARDLY,
    MANNERS,
    SURE,
    SURELY,
    UNSURE,
    Context,
    Stuff,
)
from shared.events.answer import Disposition
from shared.events.base import Money
from shared.events.case import Category
from shared.events.tags import Fault

_CLAIMS: Final = 4
"""Claims of each kind of case; which ones goes round."""
_CHECKS: Final = (
    Known(),
    *(Known(checked=checked) for checked in Checked if checked is not Checked.NOT_YET),
    Known(asked=True),
)
Found: TypeAlias = Iterator[tuple[Outcome, Problem | None]]
_Obstacles: TypeAlias = tuple[bool, bool, int, bool]


class AnswerKind(NamedTuple):
    """What answers have in common whose amounts are proved together."""

    row: str
    rule: str
    proven: bool
    checkable: bool

    @property
    def way(self) -> tuple[str, bool, bool]:
        """Return what decides how the past is looked at, whatever the row."""
        return self.rule.partition(".")[0], self.proven, self.checkable


@dataclass(slots=True)
class Survey:
    """What was looked at, and what came of it."""

    policy: Policy
    decide: Decider
    contexts: tuple[Context, ...]
    claims: tuple[Money | None, ...]
    facts: Sequence[str] = FACTS
    cases: int = 0
    problems: dict[tuple[Kind, str], Problem] = field(default_factory=dict)
    kinds: dict[AnswerKind, Stuff] = field(default_factory=dict)
    freest: dict[str, tuple[_Obstacles, Stuff]] = field(default_factory=dict)
    """By row, the case that least keeps from the policy's own answer."""
    answering: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Look at everything."""
        self._flags()
        self._categories()
        self._pasts()

    def _flags(self) -> None:
        """Look at facts x fault x flags x manner; category, claim, place and check go round."""
        turns = cycle(product(self.claims, self.contexts, _CHECKS, Category))
        halves = cycle((SURELY, HARDLY))
        for facts, fault in product(self.facts, Fault):
            next(turns), next(halves)  # so that no flag keeps to its category and sureness
            for flags in FLAGS:
                claim, context, known, category = next(turns)
                sure = UNSURE if claim is None else SURE
                stuff = Stuff(facts, fault, category, flags, claim, context, sure)
                manners = MANNERS if len(flags) <= 1 else next(halves)
                self._look(stuff, told_otherwise(stuff, known, self.policy, self.decide, manners))

    def _categories(self) -> None:
        """Look at facts x fault x category: in every manner, polite at every claim and place."""
        turns, manners = cycle(self.claims), cycle((SURELY, HARDLY))
        for context, facts, fault, category in product(self.contexts, self.facts, Fault, Category):
            first = context == self.contexts[0]
            if first:
                told = Stuff(facts, fault, category, (), next(turns), context)
                ways = told_otherwise(told, Known(), self.policy, self.decide, next(manners))
                self._look(told, ways)
            for claim in islice(turns, _CLAIMS if first else 1):
                stuff = Stuff(facts, fault, category, (), claim, context)
                self._look(stuff, told_otherwise(stuff, Known(), self.policy, self.decide, ()))

    def _pasts(self) -> None:
        """Look at facts x fault x category; the ways in which a past grows worse go round."""
        turns = cycle(product(self.claims, walks(self.policy)))
        for facts, fault, category in product(self.facts, Fault, Category):
            claim, walk = next(turns)
            stuff = Stuff(facts, fault, category, (), claim, self.contexts[0])
            self._look(stuff, worse_pasts(stuff, self.policy, self.decide, walk))

    def _look(self, stuff: Stuff, found: Found) -> None:
        try:
            for outcome, problem in found:
                self.cases += 1
                self._keep(stuff, outcome)
                if problem is not None:
                    self._add(problem)
        except Exception as error:  # noqa: BLE001 - whatever it is, this case has no answer
            text = f"there is no answer: {type(error).__name__}: {error}"
            self._add(Problem(Kind.INCOMPLETE, "decide", text, shown(stuff.told(), Known())))

    def _keep(self, stuff: Stuff, outcome: Outcome) -> None:
        answer = answer_of(outcome)
        if answer is None:
            self.kinds.setdefault(AnswerKind("", "no_answer", proven=False, checkable=False), stuff)
            return
        decision = answer.decision
        if decision.disposition is Disposition.SERVICE_ENDED:
            text = "the policy ends a customer's service; only two people may"
            self._add(
                Problem(Kind.SERVICE_ENDED, place_of(answer), text, shown(stuff.told(), Known()))
            )
        key = AnswerKind(decision.row or "", decision.rule, answer.proven, answer.checkable)
        self.kinds.setdefault(key, stuff)
        obstacles = _obstacles(stuff, outcome, self.policy)
        held = self.freest.get(key.row)
        if held is None or obstacles < held[0]:
            self.freest[key.row] = obstacles, stuff
        self.answering.add(key.row)

    def _add(self, problem: Problem) -> None:
        self.problems.setdefault((problem.kind, problem.place), problem)


def _obstacles(stuff: Stuff, outcome: Outcome, policy: Policy) -> _Obstacles:
    """Rank the cases of a row by what keeps them from the policy's own answer.

    Of a case that a person has whatever is claimed, nothing is proved by looking at every claim.
    Where others hold what is claimed, part of what must hold says nothing.
    """
    return (
        isinstance(outcome, Referred),
        stuff.fault_confidence < SURE,
        len(stuff.flags),
        stuff.category in policy.principal,
    )
