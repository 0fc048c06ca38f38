"""Writes every message in every language as one static page, for the bank's communication team.

Invariant: the page asks for nothing from anywhere and runs nothing: its policy allows one style,
named by its hash.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Final

from services.notifier.domain import Language
from services.notifier.messages.render import Message, Voice
from services.notifier.messages.samples import CASE, LINK, NAME, Sample

_NAMES: Final = {
    Language.EN: "English",
    Language.RU: "Русский",
    Language.UK: "Українська",
    Language.PL: "Polski",
}


def say(voice: Voice, sample: Sample, language: Language, name: str = NAME) -> Message:
    """Put an example into words, for the customer of the examples."""
    return voice.say(
        sample.content,
        case_id=CASE,
        name=name,
        language=language,
        jurisdiction=sample.jurisdiction,
        link=LINK,
        again_at=sample.again_at,
    )


def say_shortly(voice: Voice, sample: Sample, language: Language) -> str:
    """Put an example into the few words of an SMS."""
    return voice.say_shortly(
        sample.content,
        language=language,
        jurisdiction=sample.jurisdiction,
        link=LINK,
        again_at=sample.again_at,
    )


def page(voice: Voice, samples: Sequence[Sample]) -> str:
    """Return the page."""
    style = Path(__file__).with_name("gallery.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    contents = "\n".join(
        f'<li><a href="#{sample.name}">{_title(sample)}</a></li>' for sample in samples
    )
    sections = "\n".join(_section(voice, sample) for sample in samples)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>Messages to customers</title>\n<style>{style}</style>\n</head>\n<body>\n"
        "<header>\n<h1>Messages to customers</h1>\n"
        f"<p>{len(samples)} messages in {len(Language)} languages. The names, dates and sums are"
        " examples.</p>\n"
        f'<nav aria-label="Messages">\n<ul>\n{contents}\n</ul>\n</nav>\n</header>\n'
        f"<main>\n{sections}\n</main>\n</body>\n</html>\n"
    )


def _title(sample: Sample) -> str:
    return escape(sample.name.replace("_", " ").capitalize())


def _section(voice: Voice, sample: Sample) -> str:
    articles = "\n".join(_articles(voice, sample))
    return (
        f'<section id="{sample.name}" aria-labelledby="h-{sample.name}">\n'
        f'<h2 id="h-{sample.name}">{_title(sample)}</h2>\n'
        f'<div class="languages">\n{articles}\n</div>\n</section>'
    )


def _articles(voice: Voice, sample: Sample) -> Iterator[str]:
    for language in Language:
        message = say(voice, sample, language)
        # Inside the page a message's own headings stand below that of its language.
        body = message.body.replace('aria-level="2"', 'aria-level="4"')
        shortly = say_shortly(voice, sample, language)
        named = f"{sample.name}-{language}"
        yield (
            f'<article lang="{language}" aria-labelledby="{named}">\n'
            f'<h3 id="{named}"><span lang="{language}">{_NAMES[language]}</span>: '
            f"{escape(message.subject)}</h3>\n{body}\n"
            f'<p class="sms"><span lang="en">SMS:</span> {escape(shortly)}</p>\n</article>'
        )
