"""`evenhand case explain`: a case as the decision log tells it, for a person or a machine."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from evenhand.output import AsJson, complain, emit, line
from evenhand.service import Json, open_desk

_SAME: Final = "same"
_REPLAYED: Final = {
    _SAME: "decided again: the same, byte for byte",
    "different": "decided again: NOT the same",
    "inputs_erased": "cannot be decided again: its inputs were erased",
    "policy_unknown": "cannot be decided again: its policy is not known, or cannot be read",
}


def explain(
    case_id: Annotated[str, typer.Argument()],
    *,
    replay: Annotated[
        bool, typer.Option("--replay", help="Decide it again and compare the bytes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Explain a case from the decision log: what was decided, by which rule and row, why, by whom.

    With --replay, each deliberation is decided again by its own policy on its stored inputs; exits
    1 where the bytes are not the same.
    """
    with open_desk() as desk:
        path = f"/v1/desk/cases/{quote(case_id, safe='')}/explanation"
        found = desk.get(path, {"replay": "true"} if replay else None)
    if as_json:
        emit(found)
    else:
        line(f"case {found['case_id']}")
        for entry in found["entries"]:
            for text in told(entry):
                line(text)
    if replay:
        _judge(found["entries"])


def told(entry: Json) -> Iterator[str]:
    """Yield an entry of the log as lines for a person."""
    body = entry["body"]
    yield f"\n#{entry['position']}  {entry['at']}  {entry['kind']} by {entry['actor']}"
    if "said" not in body:
        yield from lines(body.items())
        return
    version = entry["policy_version"]
    yield from lines([("policy", f"{version or 'not known'}  {body['policy']}")])
    said = body["said"]
    answer = said.get("answer") or said.get("proposal")
    yield from lines(way(body["outcome"], said))
    if answer is not None:
        yield from lines(answered(answer))
    yield from lines([("known before", pairs(_flat(body["known"])))])
    yield from lines(_inputs(entry))
    if "replayed" in entry:
        yield from lines([("replay", _REPLAYED[entry["replayed"]])])


def way(outcome: str, said: Json) -> list[tuple[str, object]]:
    names = ("queue", "reason", "question", "told", "told_reason")
    asked = "granted on trust; the bank's systems are asked in the background"
    return [
        ("outcome", outcome),
        *((name.replace("_", " "), said.get(name)) for name in names),
        ("detail", "; ".join(said.get("detail") or ())),
        ("check", asked if said.get("check") else None),
    ]


def answered(answer: Json) -> list[tuple[str, object]]:
    decision, scales = answer["decision"], answer.get("scales")
    weighed = None
    if scales is not None:
        weighed = (
            f"expected loss {scales['expected_loss']} EUR, "
            f"cost of checking {scales['cost_of_checking']} EUR"
        )
    return [
        ("answer", f"{decision['disposition']}, basis {decision['basis']}"),
        ("rule", decision["rule"]),
        ("row", decision["row"]),
        ("severity", answer.get("severity")),
        ("reasons", ", ".join(decision["reasons"])),
        ("remedies", ", ".join(remedy(one) for one in decision["remedies"])),
        ("offered instead", ", ".join(remedy(one) for one in decision["options"])),
        ("boundary", "a boundary sentence" if decision["boundary"] else None),
        ("trust", weighed),
        ("counts as", f"{answer['cost']} EUR" if answer["cost"] is not None else "no rate"),
        ("doubt", answer.get("doubt")),
        ("root cause", answer.get("cause")),
        *(
            ("not given", f"{other['disposition']}, basis {other['basis']}: {other['reason']}")
            for other in decision["alternatives"]
        ),
    ]


def _inputs(entry: Json) -> list[tuple[str, object]]:
    if entry.get("inputs_erased"):
        return [("inputs", "erased")]
    inputs = entry.get("inputs") or {}
    tags = inputs.get("tags") or {}
    claim = inputs.get("claim")
    words = [
        f"{one['target']} {one['value']}: "
        + (f"“{one['words']}” " if one.get("words") else "")
        + f"({one['source']})"
        for one in entry.get("evidence", ())
    ]
    names = ("category", "product", "channel", "language", "jurisdiction", "received_at")
    return [
        ("inputs", pairs((name, inputs.get(name)) for name in names)),
        ("claim", claim and f"{claim['amount']} {claim['currency']}"),
        ("facts", pairs((inputs.get("facts") or {}).items())),
        ("tags", pairs((name, _tag(tags.get(name))) for name in ("tone", "pressure", "fault"))),
        ("flags", ", ".join(flag["value"] for flag in tags.get("flags", ()))),
        *(("evidence", text) for text in words),
    ]


def remedy(one: Json) -> str:
    """Name a remedy with its sum."""
    money = one.get("money")
    return f"{one['kind']} {money['amount']} {money['currency']}" if money else one["kind"]


def _tag(tag: Json | None) -> str | None:
    return None if tag is None else f"{tag['value']} ({tag['confidence']:.2f})"


def _flat(known: Json) -> list[tuple[str, Any]]:
    history = known.get("history") or {}
    return [*history.items(), *((name, v) for name, v in known.items() if name != "history")]


def pairs(values: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values if value not in (None, {}, []))


def lines(rows: Iterable[tuple[str, object]]) -> Iterator[str]:
    for name, value in rows:
        if value not in (None, "", [], {}):
            yield f"    {name:<16} {value}"


def _judge(entries: list[Json]) -> None:
    """Say on stderr what could not be made again, and exit with 1."""
    replayed = [entry for entry in entries if "replayed" in entry]
    wrong = [entry for entry in replayed if entry["replayed"] != _SAME]
    for entry in wrong:
        complain(f"#{entry['position']}: {_REPLAYED[entry['replayed']]}")
    if not replayed:
        complain("nothing to decide again: no deliberation of this case is in the log")
    if wrong or not replayed:
        raise typer.Exit(1)
