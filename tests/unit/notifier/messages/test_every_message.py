"""Every notice exists in every language, says what it must and nothing that it must not."""

from html.parser import HTMLParser
from itertools import product

import pytest
from typing_extensions import override

from services.notifier.domain import Boundary, FinalAnswer, Language
from services.notifier.messages.codes import REASONS
from services.notifier.messages.layout import PERSON
from services.notifier.messages.samples import samples
from shared.events.answer import Basis, Disposition
from shared.events.tags import Fault, Pressure, Tone
from tests.unit.notifier.messages.saying import CASE, LANGUAGES, LINK, TEXTS, say

FORBIDDEN = {"abusive", "rude", "leverage", "violence", "unconstructive", "None"}


class _Reader(HTMLParser):
    """Collects the visible text and notes what is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.language: str | None = None
        self.words: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.language = dict(attrs)["lang"]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        if "head" not in self.open:
            self.words += data.split()


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def _words(plain: str) -> list[str]:
    return [word for line in plain.splitlines() for word in line.removeprefix("- ").split()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_says_the_same_in_plain_text_and_in_html(language: Language) -> None:
    seen = set()
    for sample in samples():
        message = say(sample.content, language, jurisdiction=sample.jurisdiction)
        assert str(CASE) in message.plain
        assert "{" not in message.plain
        assert not any(word in message.plain for word in FORBIDDEN)
        page = _read(message.html)
        assert page.language == language
        assert page.words == _words(message.plain)
        assert "\n" not in message.subject
        seen.add(message.plain)
    # Two bases may give the same words only where the sentences are the same for both.
    assert len(seen) == len([sample for sample in samples() if sample.again_at is None])


def test_the_samples_show_every_disposition_basis_boundary_and_reason() -> None:
    answers = [s.content for s in samples() if isinstance(s.content, FinalAnswer)]
    assert {(a.disposition, a.basis) for a in answers} == set(product(Disposition, Basis))
    assert {a.boundary_for for a in answers if a.boundary} == set(Boundary)
    assert {code for a in answers for code in a.reasons} >= REASONS.keys() - {"staff_conduct"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_leads_to_the_case_and_to_a_person(language: Language) -> None:
    for sample in samples():
        linked = say(sample.content, language, link=LINK)
        assert f" {LINK}\n" in linked.plain
        assert f" {LINK}{PERSON}\n" in linked.plain
        assert linked.html.count(f'href="{LINK}') == 2
        assert TEXTS[language].reply in say(sample.content, language).plain
        assert TEXTS[language].reply not in linked.plain


def test_no_text_knows_the_words_of_our_tags() -> None:
    labels = {*Tone, *Pressure, *Fault} - {"none", "recourse", "shared", "customer", "upset"}
    for language in LANGUAGES:
        for sample in samples():
            assert not labels & set(_words(say(sample.content, language).plain.lower()))
