"""`evenhand policy explain --case`: every rule and row on the way of one case to its outcome."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from evenhand import samples
from evenhand.case_explain import answered, lines, way
from evenhand.output import emit, line, table, terminal
from services.decision.deliberation import answer_of, body_of
from services.decision.merits.decide import decide
from services.decision.merits.outcome import Outcome
from services.decision.merits.sureness import Sureness, of_fault, of_misconduct
from services.decision.policy.matrix import Matrix, Placed
from services.decision.policy.model import Policy
from services.decision.simulating import Sample
from shared import clock
from shared.errors import Rejected
from shared.events.tags import Conduct, Flag, Pressure, Tags, conduct

_FIRST: Final = (Flag.SAFETY, Flag.LEGAL, Flag.VULNERABLE, Flag.STAFF_CONDUCT)


def explain(file: Path, policy: Policy, *, as_json: bool) -> None:
    """Decide the case of a file and show what was looked at.

    Raises:
        Rejected: the file holds no case, several, or a wrong one.

    """
    found = samples.read([file], clock.now())
    if len(found) != 1:
        raise Rejected(f"{file}: holds {len(found)} cases; give one")
    sample = found[0]
    case = sample.case
    outcome = decide(case, sample.known, policy)
    matrix = policy.for_case(case.jurisdiction, case.product, case.received_at)
    body: dict[str, Any] = orjson.loads(body_of(outcome, sample.known, policy.hash))
    rules = list(_rules(sample, outcome, policy))
    rows = list(_rows(sample, outcome, matrix))
    if as_json:
        shown = ({"rule": rule, "found": told} for rule, told in rules)
        emit({"matrix": matrix.id, "rules": list(shown), "rows": rows, **body})
        return
    screen = terminal()
    screen.print(table(("rule", "found"), rules))
    names = ("row", "from", "category", "severity", "looked at")
    if rows:
        title = f"Rows of matrix {matrix.id} for {rows[0]['situation']}"
        screen.print(table(names, [[row[name] for name in names] for row in rows], title))
    said = body["said"]
    answer = said.get("answer") or said.get("proposal")
    for text in lines([*way(body["outcome"], said), *(answered(answer) if answer else ())]):
        line(text)


def _rules(sample: Sample, outcome: Outcome, policy: Policy) -> Iterator[tuple[str, str]]:
    """Yield each rule with what it found, in the order in which they count."""
    tags, history = sample.case.tags, sample.known.history
    flags = {tag.value for tag in tags.flags}
    first = [str(flag) for flag in _FIRST if flag in flags]
    first += ["violence"] if tags.pressure.value is Pressure.VIOLENCE else []
    yield "people first", ", ".join(first) or "nothing that a person must see first"
    fault = of_fault(tags, policy)
    yield "who erred", _held(fault, "a person looks, unless the facts prove it")
    yield "conduct", _conduct(tags, policy)
    limits = policy.goodwill
    yield (
        "goodwill before",
        f"{history.times} of {limits.times} times, {history.euros} of {limits.total} EUR",
    )
    answer = answer_of(outcome)
    if answer is None:
        return
    yield "situation", f"{answer.situation}, {answer.severity}"
    yield (
        "proven",
        "by the bank's facts alone" if answer.proven else "not by the bank's facts alone",
    )
    scales = answer.scales
    if scales is None:
        yield "trust", "not asked: nothing rests on the customer's word"
    else:
        sign, verdict = ("≤", "trusted") if scales.trust_now else (">", "checked first")
        loss, cost = scales.expected_loss, scales.cost_of_checking
        yield "trust", f"expected loss {loss} {sign} cost of checking {cost} EUR: {verdict}"
    limit = policy.certificates.automatic.limit(answer.situation)
    yield "certificate", _inside(answer.cost, limit)
    yield "doubt", answer.doubt or "none"


def _rows(sample: Sample, outcome: Outcome, matrix: Matrix) -> Iterator[dict[str, str]]:
    """Yield every row for what happened, with why it answers or does not."""
    answer = answer_of(outcome)
    if answer is None:
        return
    for placed in matrix.rows:
        row = placed.row
        if row.situation is answer.situation:
            yield {
                "row": row.id,
                "from": placed.origin,
                "situation": str(row.situation),
                "category": str(row.category or "any"),
                "severity": str(row.severity or "any"),
                "looked at": _looked_at(placed, sample, answer.severity, answer.decision.row),
            }


def _looked_at(placed: Placed, sample: Sample, severity: str, chosen: str | None) -> str:
    if placed.name == chosen:
        return "answers"
    row = placed.row
    if row.category not in {None, sample.case.category}:
        return "for another category"
    if row.severity not in {None, severity}:
        return "for another severity"
    return "fits; another row is more specific"


def _conduct(tags: Tags, policy: Policy) -> str:
    how = conduct(tags.tone.value, tags.pressure.value, tags.fault.value)
    if how is Conduct.CONSTRUCTIVE:
        return str(how)
    held = _held(of_misconduct(tags, policy), "a guess, for which nobody is declined")
    return f"{how}: {held}"


def _held(sure: Sureness, otherwise: str) -> str:
    against = f"confidence {sure.confidence:.2f} against {sure.bound:.2f}"
    return f"{sure.value}, {against}: {'enough' if sure.enough else otherwise}"


def _inside(cost: Any, limit: Any) -> str:  # noqa: ANN401 - EUR, or no rate
    if cost is None:
        return "no rate for the currency: a person"
    return f"{cost} EUR {'inside' if cost <= limit else 'above'} the automatic {limit} EUR"
