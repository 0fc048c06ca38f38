"""How `evenhand classify --explain` shows a message: its tags, and the words behind each.

Nothing is shown that is not in the tags: every highlighted span is evidence, cited verbatim.
"""

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from shared.events.tags import Evidence, Tags

_COLOURS: Final = {"tone": "magenta", "pressure": "yellow", "fault": "cyan", "flags": "red"}


def explained(text: str, tags: Tags) -> RenderableType:
    """Lay out one tagged message: its text with the evidence marked, then each tag with reasons."""
    marked = Text(text)
    for proof in tags.evidence:
        if proof.start is not None and proof.end is not None:
            marked.stylize(f"bold {_COLOURS[proof.target]}", proof.start, proof.end)
    rows = Table.grid(padding=(0, 2))
    for target, value, confidence in _named(tags):
        reasons = [
            _reason(text, proof)
            for proof in tags.evidence
            if (proof.target, proof.value) == (target, value)
        ]
        rows.add_row(
            Text(target, _COLOURS[target]),
            Text(value, "bold"),
            f"{confidence:.2f}",
            Text("; ".join(reasons)),
        )
    return Group(marked, rows, Text(f"{tags.language} · {tags.model}", "dim"), Text(""))


def _named(tags: Tags) -> Iterator[tuple[str, str, float]]:
    yield "tone", tags.tone.value, tags.tone.confidence
    yield "pressure", tags.pressure.value, tags.pressure.confidence
    yield "fault", tags.fault.value, tags.fault.confidence
    for flag in tags.flags:
        yield "flags", flag.value, flag.confidence


def _reason(text: str, proof: Evidence) -> str:
    if proof.start is None or proof.end is None:
        return proof.source
    return f"“{text[proof.start : proof.end]}” ({proof.source})"
