"""How a tagged message is shown to a person: its tags, and the words behind each.

Nothing is shown that is not in the tags: every marked span is evidence, cited verbatim. Where there
is no colour, brackets that name the target mark it instead. What a customer wrote cannot steer the
screen: signs that would are shown as a replacement sign.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from shared.events.tags import Evidence, Tags

_COLOURS: Final = {"tone": "magenta", "pressure": "yellow", "fault": "cyan", "flags": "red"}
_MEANING: Final = {"rule:language_not_read": "not read: for a person"}
"""What a source without words of the message means, where its name alone says too little."""
_STEERING: Final = frozenset({"Cc", "Cf", "Cs"})
_SHOWN_AS_IS: Final = frozenset("\n\t\u00ad\u200b\u200c\u200d\ufeff")


def explained(text: str, tags: Tags, *, colour: bool) -> RenderableType:
    """Lay out one tagged message: its text with the evidence marked, then each tag with reasons."""
    shown = harmless(text)
    rows = Table.grid(padding=(0, 2))
    for target, value, confidence in _named(tags):
        reasons = [
            _reason(shown, proof)
            for proof in tags.evidence
            if (proof.target, proof.value) == (target, value)
        ]
        rows.add_row(
            Text(target, _COLOURS[target]),
            Text(value, "bold"),
            f"{confidence:.2f}",
            Text("; ".join(reasons)),
        )
    marked = _coloured(shown, tags) if colour else Text(_bracketed(shown, tags))
    return Group(marked, rows, Text(f"{tags.language} · {tags.model}", "dim"), Text(""))


def harmless(text: str) -> str:
    """Return the text, as long as it was, without what would move a terminal's cursor."""
    return "".join(
        "\ufffd" if unicodedata.category(sign) in _STEERING and sign not in _SHOWN_AS_IS else sign
        for sign in text.replace("\r\n", " \n")  # mail ends its lines so; alone, it would steer
    )


def _coloured(text: str, tags: Tags) -> Text:
    marked = Text(text)
    for proof, start, end in _spans(tags):
        marked.stylize(f"bold {_COLOURS[proof.target]}", start, end)
    return marked


def _bracketed(text: str, tags: Tags) -> str:
    """Return the text with `[target: …]` around each span; one that crosses another is in parts."""
    spans = [(start, end, f"[{proof.target}: ") for proof, start, end in _spans(tags)]
    pieces: list[str] = []
    standing: list[tuple[int, int, str]] = []
    before = 0
    for place in sorted({edge for start, end, _ in spans for edge in (start, end)}):
        pieces.append(text[before:place])
        before = place
        kept = next((n for n, span in enumerate(standing) if span[1] == place), len(standing))
        pieces.append("]" * (len(standing) - kept))
        crossing = [span for span in standing[kept:] if span[1] > place]
        opening = [*crossing, *(span for span in spans if span[0] == place)]
        opening.sort(key=lambda span: -span[1])
        pieces += [mark for _, _, mark in opening]
        standing[kept:] = opening
    return "".join([*pieces, text[before:]])


def _spans(tags: Tags) -> Iterator[tuple[Evidence, int, int]]:
    for proof in tags.evidence:
        if proof.start is not None and proof.end is not None and proof.start < proof.end:
            yield proof, proof.start, proof.end


def _named(tags: Tags) -> Iterator[tuple[str, str, float]]:
    yield "tone", tags.tone.value, tags.tone.confidence
    yield "pressure", tags.pressure.value, tags.pressure.confidence
    yield "fault", tags.fault.value, tags.fault.confidence
    for flag in tags.flags:
        yield "flags", flag.value, flag.confidence


def _reason(text: str, proof: Evidence) -> str:
    if proof.start is None or proof.end is None:
        meaning = _MEANING.get(proof.source)
        return proof.source if meaning is None else f"{meaning} ({proof.source})"
    return f"“{text[proof.start : proof.end]}” ({proof.source})"
