"""The matrices alone: complete, without conflict, without a row or matrix that never answers."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import product
from typing import Final

from services.decision.policy.matrix import ROOT, Matrix, MatrixFile, effective, lineage
from services.decision.policy.model import Policy, Row, Severity, Situation
from services.decision.proving.problems import Kind, Problem
from services.decision.proving.space import Context, Measures
from shared.events.case import Category, Product

CELLS: Final = tuple(product(Situation, Category, Severity))
"""Every cell that a matrix must answer."""
_ELSEWHERE: Final = "ZZ"


@dataclass(frozen=True, slots=True)
class Where:
    """A matrix with a place and a day where it answers; nothing if it never does."""

    name: str
    context: Context | None


def whereabouts(policy: Policy) -> tuple[Where, ...]:
    """Find for each matrix a case that it answers, the root first; without a root, nothing."""
    if ROOT not in policy.matrices:
        return ()
    names = sorted(policy.matrices, key=lambda name: (name != ROOT, name))
    return tuple(Where(name, _context_of(name, policy)) for name in names)


def table_problems(policy: Policy, places: Collection[Where]) -> Iterator[Problem]:
    """Look at every matrix: its rows, what it inherits, and when it is in force."""
    if ROOT not in policy.matrices:
        yield Problem(Kind.GAP, "matrices", f"there is no matrix `{ROOT}`, which answers all else")
        return
    for where in places:
        file, place = policy.matrices[where.name], f"matrices.{where.name}"
        if where.context is None:
            yield Problem(Kind.MASKED_MATRIX, place, "no case on any day is answered by it")
        yield from _incomplete(policy.matrix(where.name), place)
        yield from _overlaps(policy.matrix(where.name), place)
        yield from _buried(where.name, policy.matrix(where.name))
        yield from _idle(where.name, file, policy)
        yield from _gaps(where.name, file, policy)
    yield from _ties(policy)


def masked_rows(policy: Policy, answering: Collection[str]) -> Iterator[Problem]:
    """Name the rows that answered nothing in the whole survey; `answering` holds those that did."""
    for name, file in policy.matrices.items():
        for row in file.rows:
            if f"{name}/{row.id}" not in answering:
                text = "no case that can come is answered by this row"
                yield Problem(Kind.MASKED_ROW, f"matrices.{name}.{row.id}", text, _cell(row))


def _incomplete(matrix: Matrix, place: str) -> Iterator[Problem]:
    for situation, category, severity in CELLS:
        if (situation, category, severity) not in matrix.cells:
            case = {"situation": situation, "category": category, "severity": severity}
            yield Problem(Kind.INCOMPLETE, f"{place}.{situation}", "no row answers", case)
            return


def _overlaps(matrix: Matrix, place: str) -> Iterator[Problem]:
    rows = [placed.row for placed in matrix.rows]
    for number, one in enumerate(rows):
        for two in rows[number + 1 :]:
            same = (one.situation, one.category, one.severity)
            if same == (two.situation, two.category, two.severity):
                text = f"rows {one.id} and {two.id} answer the same cases"
                yield Problem(Kind.OVERLAP, f"{place}.{two.id}", text, _cell(two))


def _buried(name: str, matrix: Matrix) -> Iterator[Problem]:
    """Find the matrix's own rows that others of it leave no cell."""
    answering = {row_name for row_name, _ in matrix.cells.values()}
    for placed in matrix.rows:
        if placed.origin == name and placed.name not in answering:
            text = "other rows answer everything that this one could"
            place = f"matrices.{name}.{placed.row.id}"
            yield Problem(Kind.MASKED_ROW, place, text, _cell(placed.row))


def _idle(name: str, file: MatrixFile, policy: Policy) -> Iterator[Problem]:
    line = lineage(name, policy.matrices)
    parents = effective(line[1], policy.matrices).rows if len(line) > 1 else ()
    inherited = {placed.row.id: placed.row for placed in parents}
    for removed in file.remove:
        if removed not in inherited:
            text = "takes out a row that it does not inherit"
            yield Problem(Kind.IDLE_OVERRIDE, f"matrices.{name}.remove.{removed}", text)
    for row in file.rows:
        if inherited.get(row.id) == row:
            text = "overrides a row with the same row"
            yield Problem(Kind.IDLE_OVERRIDE, f"matrices.{name}.{row.id}", text, _cell(row))
    for repeated, times in Counter(row.id for row in file.rows).items():
        if times > 1:
            text = f"{times} rows have this id; only the last counts"
            yield Problem(Kind.OVERLAP, f"matrices.{name}.{repeated}", text)


def _gaps(name: str, file: MatrixFile, policy: Policy) -> Iterator[Problem]:
    place = f"matrices.{name}.valid_from"
    if name == ROOT and file.valid_from > policy.valid_from:
        text = f"no matrix is in force from {policy.valid_from} until {file.valid_from}"
        yield Problem(Kind.GAP, place, text, {"received_at": policy.valid_from})
    for parent in lineage(name, policy.matrices)[1:]:
        if policy.matrices[parent].valid_from > file.valid_from:
            text = f"in force before {parent}, which it extends"
            yield Problem(Kind.GAP, place, text, {"received_at": file.valid_from})


def _ties(policy: Policy) -> Iterator[Problem]:
    """Find matrices that claim the same cases with the same right from the same day."""
    files = [(name, file) for name, file in sorted(policy.matrices.items()) if name != ROOT]
    for number, (one, first) in enumerate(files):
        for two, second in files[number + 1 :]:
            a, b = first.applies, second.applies
            if (first.valid_from, a.specificity) != (second.valid_from, b.specificity):
                continue
            if _meet(a.jurisdictions, b.jurisdictions) and _meet(a.products, b.products):
                text = f"{one} and {two} answer the same cases from the same day"
                yield Problem(Kind.OVERLAP, f"matrices.{two}.applies", text)


def _meet(one: frozenset[str], two: frozenset[str]) -> bool:
    return not one or not two or bool(one & two)


def _context_of(name: str, policy: Policy) -> Context | None:
    applies = policy.matrices[name].applies
    countries: list[str | None] = [*sorted(applies.jurisdictions)] or [None, _ELSEWHERE]
    products: list[Product | None] = [*sorted(applies.products)] or [None, *Product]
    days = sorted({file.valid_from for file in policy.matrices.values()} | {policy.valid_from})
    since = policy.matrices[name].valid_from
    for day, country, product_ in product(days, countries, products):
        at = datetime.combine(day, time(12), UTC)
        if day >= since and policy.for_case(country, product_, at).id == name:
            return Context(country, product_, at, _measures(policy))
    return None


def _measures(policy: Policy) -> Measures:
    slips, delays = policy.severity.slip_hours, policy.severity.delay_days
    return Measures(
        (max(1, int(slips.moderate) - 1), int(slips.moderate) + 1, int(slips.serious) + 1),
        (max(1, int(delays.moderate) - 1), int(delays.moderate) + 1, int(delays.serious) + 1),
    )


def _cell(row: Row) -> dict[str, str]:
    cell = {"situation": row.situation, "category": row.category, "severity": row.severity}
    return {name: str(value) for name, value in cell.items() if value is not None}
