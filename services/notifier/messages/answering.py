"""Puts a final answer together, block by block: for messages and status page. Pure.

Invariant: where the bank erred it says sorry first and names the cause; whom else the customer can
turn to stands in every answer whose decision says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from services.notifier.domain import FinalAnswer, Language
from services.notifier.messages import figures, wording
from services.notifier.messages.answer_texts import FinalAnswerTexts
from services.notifier.messages.codes import OURS, REASONS
from shared.events.answer import Basis, Disposition, Remedy, RemedyKind

_STAFF: Final = "staff_conduct"
_SHARED: Final = "shared_fault"
_LAWFUL_CHANGE: Final = "lawful_change_of_terms"
_ENQUIRY: Final = "information"
_MONEY: Final = frozenset({RemedyKind.REFUND, RemedyKind.CREDIT, RemedyKind.FEE_WAIVER})
_WORDS: Final = frozenset({RemedyKind.APOLOGY, RemedyKind.EXPLANATION, RemedyKind.LETTER})
_OWED: Final = frozenset({Basis.ENTITLEMENT, Basis.TRUST})
_RIGHTS: Final = {
    "promise_broken": "promise",
    "unauthorised_payment": "law",
    "imposed_change": "law",
    "wrong_fee": "agreed",
    "malfunction": "agreed",
    "company_at_fault": "agreed",
    "shared_fault": "agreed",
}
"""On what the right of an entitlement rests, by the reason that comes first."""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list under a heading."""

    heading: str
    items: tuple[str, ...]


Block: TypeAlias = str | Bullets


@dataclass(frozen=True, slots=True)
class Answering:
    """One answer, for one reader."""

    content: FinalAnswer
    texts: FinalAnswerTexts
    language: Language
    place: str

    def blocks(self) -> Iterator[Block]:
        """Return what is said, in its order."""
        yield from self.opening()
        yield from self._changes()
        yield from self._remedies()
        yield from self._reasons()
        yield from self._explanations()
        if self.content.boundary:
            yield wording.boundary(self.content, self.texts)
        if self.content.automatic:
            automatic = self.texts.automatic
            yield f"{automatic.said} {automatic.right(self.place)}"
        else:
            yield self.texts.review
        if self.content.recourse:
            lines = wording.bodies(self.texts, self.language, self.place)
            yield Bullets(self.texts.recourse.heading, lines)

    def opening(self) -> Iterator[str]:
        """Say sorry where the bank erred, then the answer and on what it rests."""
        content, texts = self.content, self.texts
        if content.taken_back:
            yield from self._taken_back()
            return
        first = self._said_first()
        if first is not None:
            sorry = f"{texts.sorry} " if first in OURS else ""
            yield f"{sorry}{self._reason(first)}"
        if content.revision:
            yield texts.corrected
        yield self.verdict()

    def _taken_back(self) -> Iterator[str]:
        words, earlier = self.texts.taken_back, self.content.earlier
        answered = earlier.answered_at if earlier else None
        if answered is None:
            yield words.granted_before
        else:
            yield words.granted.format(date=wording.day(answered, self.language, self.place))
        codes = earlier.reasons if earlier else ()
        yield (
            next((words.checked[code] for code in codes if code in words.checked), None)
            or (words.checked["other"])
        )
        yield words.people
        if earlier and any(remedy.kind in _MONEY for remedy in earlier.remedies):
            yield words.money
        yield words.wrong

    def verdict(self) -> str:
        """Say the answer and on what it rests."""
        content, texts = self.content, self.texts
        if self._is_enquiry():
            return texts.enquiry
        if self._refuses():
            why = texts.refused[content.basis]
        elif content.basis is Basis.ENTITLEMENT:
            right = next((_RIGHTS[code] for code in content.reasons if code in _RIGHTS), None)
            why = getattr(texts.rights, right) if right else texts.granted[content.basis]
        else:
            why = texts.granted[content.basis]
        return f"{texts.answer[content.disposition]} {why}"

    def _changes(self) -> Iterator[Block]:
        """Say what a later answer changes against the earlier one."""
        earlier = self.content.earlier
        if earlier is None:
            return
        words, now = self.texts.changes, self.content
        then, ever = set(earlier.remedies), set(now.remedies)
        added = [one for one in now.remedies if one not in then]
        dropped = [one for one in earlier.remedies if one not in ever]
        items = [
            *(words.added.format(remedy=said) for said in self._sentences(added)),
            *(words.dropped.format(remedy=said) for said in self._sentences(dropped)),
        ]
        if now.taken_back:
            if items:
                yield Bullets(words.heading, tuple(items))
            return
        if earlier.disposition is not now.disposition:
            items.insert(0, words.earlier[earlier.disposition])
        if not items:
            items.append(words.same)
        elif then & ever:
            items.append(words.stands)
        yield Bullets(words.heading, tuple(items))

    def _remedies(self) -> Iterator[Block]:
        content, texts = self.content, self.texts
        given = [remedy for remedy in content.remedies if not self._is_said_elsewhere(remedy)]
        extra = self._extra(given)
        if said := self._sentences([remedy for remedy in given if remedy not in extra]):
            yield Bullets(texts.remedies_heading, said)
        if said := self._sentences(extra):
            yield Bullets(texts.extra_heading, said)
        if content.paid_by is not None and not self._refuses():
            yield texts.paid_by.format(date=wording.day_of(content.paid_by, self.language))
        if options := self._sentences(content.options):
            yield Bullets(texts.options_heading, options)

    def _extra(self, given: list[Remedy]) -> list[Remedy]:
        """Return what nobody has a right to beside what is owed.

        The matrix gives the little extra as a credit, where it makes the loss good otherwise.
        """
        good = [remedy for remedy in given if remedy.kind not in _WORDS]
        extra = [
            remedy
            for remedy in good
            if remedy.share == "goodwill" or remedy.kind is RemedyKind.CREDIT
        ]
        beside = self.content.basis in _OWED and len(extra) < len(good)
        return extra if beside else []

    def _reasons(self) -> Iterator[Block]:
        first = self._said_first()
        codes = [code for code in self.content.reasons if code in REASONS and code != first]
        if self.content.basis is Basis.TRUST and not self._refuses():
            # That we believe it is said already, and what we have not checked we do not assert.
            codes = [code for code in codes if code not in {*OURS, _SHARED, "trusted"}]
        if self._is_enquiry():
            codes = []
        if codes:
            yield Bullets(self.texts.reasons_heading, tuple(map(self._reason, codes)))

    def _explanations(self) -> Iterator[Block]:
        """Explain what needs more than a sentence."""
        content, texts = self.content, self.texts
        if self._is_enquiry():
            shown = figures.records(content.particulars, texts, self.language, self.place)
            if shown:
                yield Bullets(texts.records_heading, shown)
        if content.basis is Basis.TRUST and not self._refuses():
            checked = texts.on_trust.checked
            yield (
                next((checked[code] for code in content.reasons if code in checked), None)
                or (checked["other"])
            )
            yield texts.on_trust.stays
        if _LAWFUL_CHANGE in content.reasons:
            yield from texts.change
        if content.disposition is Disposition.SERVICE_ENDED:
            yield from texts.service_ended

    def _said_first(self) -> str | None:
        """Return the reason that stands at the beginning, with the apology."""
        content = self.content
        if self._refuses() or content.basis is Basis.TRUST:
            return None
        return next((code for code in content.reasons if code in {*OURS, _STAFF, _SHARED}), None)

    def _is_said_elsewhere(self, remedy: Remedy) -> bool:
        kind, content = remedy.kind, self.content
        if kind is RemedyKind.APOLOGY:
            return self._said_first() is not None
        if kind is RemedyKind.EXPLANATION:
            return self._is_enquiry() or _LAWFUL_CHANGE in content.reasons
        return kind is RemedyKind.LETTER and content.disposition is Disposition.SERVICE_ENDED

    def _is_enquiry(self) -> bool:
        return _ENQUIRY in self.content.reasons and not self._refuses()

    def _refuses(self) -> bool:
        return self.content.disposition in wording.REFUSALS

    def _sentences(self, remedies: "list[Remedy] | tuple[Remedy, ...]") -> tuple[str, ...]:
        reasons = self.content.reasons
        undone = "imposed_change" in reasons
        return wording.sentences(
            remedies, self.texts, self.language, change=undone, in_part=_SHARED in reasons
        )

    def _reason(self, code: str) -> str:
        return figures.reason(code, self.content, self.texts, self.language, self.place)
