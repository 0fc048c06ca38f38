"""The closing tables of a demo: what became of every case, and all of them together."""

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evenhand import outcome
from evenhand.explain import explained
from evenhand.output import table
from evenhand.service import Json
from shared.events.tags import Pressure, Tags, Tone

_COLUMNS: Final = (
    "customer",
    "language",
    "tone",
    "pressure",
    "fault",
    "outcome",
    "basis, reason",
    "seconds",
)


def row(case: Json) -> Json:
    """Return one case as the table shows it; one that waits for a person has queue and reason."""
    seconds = outcome.seconds_to_answer(case)
    return {
        "case_id": case["case_id"],
        "customer": case["customer"]["id"],
        "language": case["language"],
        "tone": outcome.tag(case, "tone"),
        "pressure": outcome.tag(case, "pressure"),
        "fault": outcome.tag(case, "fault"),
        **outcome.answer(case),
        "seconds": None if seconds is None else round(seconds, 2),
    }


def totals(cases: Sequence[Json], *, mails: int, traces: int) -> Json:
    """Return the sums: decided and referred, dispositions, queues, times, mails, traces."""
    rows = [row(case) for case in cases]
    seconds = [one["seconds"] for one in rows if one["seconds"] is not None]
    return {
        "cases": len(rows),
        "decided": sum(outcome.decided(case) for case in cases),
        "referred": sum(outcome.referred(case) for case in cases),
        "asked": sum(outcome.asked(case) for case in cases),
        "dispositions": _counted(rows, "disposition"),
        "queues": _counted(rows, "queue"),
        "median_seconds": round(median(seconds), 2) if seconds else None,
        "longest_seconds": max(seconds, default=None),
        "mails": mails,
        "traces": traces,
    }


def outcomes(cases: Sequence[Json]) -> Table:
    """Lay out all cases, by language."""
    rows = sorted((row(case) for case in cases), key=lambda one: (one["language"], one["customer"]))
    return table(_COLUMNS, [_cells(one) for one in rows], title="What became of the cases")


def evidence(cases: Sequence[Json], *, colour: bool) -> RenderableType:
    """Show why messages were tagged as they were: of each language the one that shows most.

    Abuse is shown to nobody who has not asked for it.
    """
    most: dict[str, tuple[int, str, Tags]] = {}
    for case in cases:
        if case["tags"] is None:
            continue
        tags = Tags.model_validate(case["tags"])
        if tags.tone.value is Tone.ABUSIVE or tags.pressure.value is Pressure.VIOLENCE:
            continue
        proofs = sum(proof.start is not None for proof in tags.evidence)
        if proofs > most.get(tags.language, (0,))[0]:
            most[tags.language] = (proofs, case["messages"][0]["text"], tags)
    shown = [explained(most[name][1], most[name][2], colour=colour) for name in sorted(most)]
    return Group(Text("Evidence: the words behind the tags", "italic"), Text(""), *shown)


def closing(cases: Sequence[Json], *, mails: int, traces: int) -> Table:
    """Lay out the sums."""
    sums = totals(cases, mails=mails, traces=traces)
    return table(
        ("total", ""),
        [
            ("cases", sums["cases"]),
            ("decided", f"{sums['decided']}  {_listed(sums['dispositions'])}"),
            ("waiting for a person", f"{sums['referred']}  {_listed(sums['queues'])}"),
            ("waiting for the customer", sums["asked"]),
            (
                "time to the answer",
                f"median {sums['median_seconds']} s, longest {sums['longest_seconds']} s",
            ),
            ("mails sent", mails),
            ("traces of cases", traces),
        ],
    )


def _cells(one: Json) -> list[Any]:
    answer, why = one.get("disposition"), _given(one)
    if "queue" in one:
        answer, why = f"to a person: {one['queue']}", _why(one)
    if "asked" in one:
        answer, why = "one question to the customer", one["asked"]
    known = [one[name] for name in ("customer", "language", "tone", "pressure", "fault")]
    return [*known, answer, why, one["seconds"]]


def _given(one: Json) -> str:
    return ": ".join(part for part in (one.get("basis"), one.get("reasons")) if part)


def _why(one: Json) -> str:
    proposed = f"proposed: {one['proposed']}" if "proposed" in one else None
    return ", ".join(part for part in (one.get("reason"), proposed) if part)


def _counted(rows: Sequence[Json], name: str) -> dict[str, int]:
    return dict(Counter(one[name] for one in rows if name in one).most_common())


def _listed(counts: dict[str, int]) -> str:
    told = ", ".join(f"{name} {count}" for name, count in counts.items())
    return f"({told})" if told else ""
