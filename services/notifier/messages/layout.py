"""How blocks of text are laid out: plain, and as HTML that needs no style sheet. Pure."""

from dataclasses import dataclass
from html import escape
from typing import Final, assert_never

from services.notifier.domain import Language
from services.notifier.messages.answering import Block, Bullets
from services.notifier.messages.texts import Texts

PERSON: Final = "#person"
"""Where on the status page a person is asked for."""
END: Final = "\n</main>\n</body>\n</html>\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """The parts that are the same in all messages of a language."""

    html_title: str
    html_body: str
    html_foot: str
    plain_foot: str

    @classmethod
    def of(cls, language: Language, texts: Texts) -> "Frame":
        return cls(
            f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>',
            "</title>\n</head>\n"
            '<body style="margin:0;background:#ffffff;color:#1a1a1a">\n'
            '<main style="max-width:38em;margin:0 auto;padding:1.5em;'
            'font:16px/1.5 system-ui,sans-serif">\n',
            f"\n{paragraph(texts.closing)}",
            f"\n\n{texts.closing}\n",
        )


def ways(texts: Texts, link: str | None) -> tuple[str, str]:
    """Say how to follow the case and how to reach a person: one click, or a reply."""
    if link is None:
        return texts.reply, paragraph(texts.reply)
    both = ((texts.follow, link), (texts.person, link + PERSON))
    return (
        "\n".join(text.format(link=address) for text, address in both),
        "\n".join(_linked(text, address) for text, address in both),
    )


def _linked(text: str, address: str) -> str:
    """Make the words before the address the link; where there are none, the address itself."""
    before, _, after = text.partition("{link}")
    words = before.rstrip().removesuffix(":") or address
    return f'<p><a href="{escape(address)}">{escape(words)}</a>{escape(after)}</p>\n'


def paragraph(text: str) -> str:
    """Write a paragraph in HTML, with the line ends that it has."""
    return f"<p>{escape(text).replace(chr(10), '<br>' + chr(10))}</p>"


def plain_of(block: Block) -> str:
    """Write a block in plain text."""
    match block:
        case Bullets(heading, items):
            return "\n".join([heading, *(f"- {item}" for item in items)])
        case str():
            return block
        case _:
            assert_never(block)


def html_of(block: Block) -> str:
    """Write a block in HTML."""
    match block:
        case Bullets(heading, items):
            lines = "\n".join(f"<li>{escape(item)}</li>" for item in items)
            head = f'<p role="heading" aria-level="2"><strong>{escape(heading)}</strong></p>'
            return f"{head}\n<ul>\n{lines}\n</ul>"
        case str():
            return f"<p>{escape(block)}</p>"
        case _:
            assert_never(block)
