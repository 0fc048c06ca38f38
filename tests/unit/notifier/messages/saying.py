"""What the shipped texts say of a notice."""

from uuid import UUID

from services.notifier.domain import Content, FinalAnswer, Language
from services.notifier.messages import catalogue
from services.notifier.messages.render import Message, Voice
from shared.events.answer import Basis, Disposition, Remedy

CASE = UUID("5f0c6a9e-0000-4000-8000-000000000001")
TEXTS = catalogue.load()
VOICE = Voice(TEXTS)
LINK = "https://cases.bank.example/s/token"
LANGUAGES = list(Language)


def say(
    content: Content,
    language: Language,
    name: str | None = "Anna Nowak",
    jurisdiction: str | None = None,
    link: str | None = None,
) -> Message:
    return VOICE.say(
        content, case_id=CASE, name=name, language=language, jurisdiction=jurisdiction, link=link
    )


def answer_of(  # noqa: PLR0913 - the parts of an answer
    disposition: Disposition = Disposition.UPHELD,
    basis: Basis = Basis.ENTITLEMENT,
    *,
    remedies: tuple[Remedy, ...] = (),
    reasons: tuple[str, ...] = (),
    boundary: bool = False,
    recourse: bool = True,
) -> FinalAnswer:
    return FinalAnswer(
        disposition=disposition,
        basis=basis,
        remedies=remedies,
        reasons=reasons,
        boundary=boundary,
        recourse=recourse,
    )
