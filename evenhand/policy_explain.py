"""`evenhand policy explain`: which row answers where, from which matrix, and who may grant what.

With a case: everything that is looked at on the way to its outcome.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from evenhand import policy_case
from evenhand.output import AsJson, emit, line, table, terminal
from services.decision.policy import loading
from services.decision.policy.matrix import Matrix, Placed, RemedySpec, lineage
from services.decision.policy.model import Policy, Role, Situation
from shared import clock
from shared.events.case import Product


def explain(
    *,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Folder of a policy; none: the shipped one.")
    ] = None,
    country: Annotated[
        str | None, typer.Option(help="The matrix for this country, ISO 3166-1: PL.")
    ] = None,
    product: Annotated[Product | None, typer.Option(help="The matrix for this product.")] = None,
    case: Annotated[
        Path | None,
        typer.Option(help="A case as JSON, as intake takes it, with `tags` if they are known."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the policy as it answers, with the matrix that each row comes from.

    With --case, decides the case and shows every rule and row that was looked at, both numbers of
    trust, the alternatives and the outcome. Nothing is stored.
    """
    read = loading.load(policy)
    if case is not None:
        policy_case.explain(case, read, as_json=as_json)
        return
    matrix = read.for_case(country and country.upper(), product, clock.now())
    if as_json:
        emit(policy_json(read, matrix))
    else:
        _print(terminal(), read, matrix)


def policy_json(policy: Policy, matrix: Matrix) -> dict[str, Any]:
    """Return the policy and one effective matrix as a JSON document."""
    return {
        "version": policy.version,
        "hash": policy.hash,
        "valid_from": policy.valid_from.isoformat(),
        "matrices": [
            {
                "id": name,
                "lineage": lineage(name, policy.matrices),
                "valid_from": file.valid_from.isoformat(),
                "jurisdictions": sorted(file.applies.jurisdictions),
                "products": sorted(file.applies.products),
                "rows": [row.id for row in file.rows],
                "removes": list(file.remove),
            }
            for name, file in policy.matrices.items()
        ],
        "matrix": matrix.id,
        "rows": [
            {"from": placed.origin, **placed.row.model_dump(mode="json")} for placed in matrix.rows
        ],
        "settings": policy.model_dump(mode="json", exclude={"matrices", "version", "valid_from"}),
    }


def _print(screen: Console, policy: Policy, matrix: Matrix) -> None:
    line(f"policy {policy.version}, valid from {policy.valid_from}, {policy.hash}")
    screen.print(
        table(
            ("matrix", "extends", "countries", "products", "valid from", "own rows"),
            [_matrix(name, policy) for name in policy.matrices],
        )
    )
    way = " → ".join(lineage(matrix.id, policy.matrices))
    columns = ("row", "from", "situation", "category", "severity", "remedies", "or instead")
    order = list(Situation)
    placed = sorted(matrix.rows, key=lambda each: order.index(each.row.situation))
    rows = [_row(each) for each in placed]
    screen.print(table(columns, rows, f"Matrix {matrix.id} ({way})"))
    screen.print(
        table(
            ("certificate", "EUR per case", "EUR per period", "narrower"),
            list(_certificates(policy)),
            f"Certificates; two people from {policy.two_people_from} EUR",
        )
    )
    screen.print(table(("trust and goodwill", ""), list(_figures(policy))))
    title = "Confidence below which a tag is a guess"
    screen.print(table(("tag", "value: confidence"), list(_thresholds(policy)), title))


def _matrix(name: str, policy: Policy) -> tuple[object, ...]:
    file = policy.matrices[name]
    return (
        name,
        file.extends,
        " ".join(sorted(file.applies.jurisdictions)) or "any",
        " ".join(sorted(file.applies.products)) or "any",
        file.valid_from,
        len(file.rows),
    )


def _row(placed: Placed) -> tuple[object, ...]:
    row = placed.row
    return (
        row.id,
        placed.origin,
        row.situation,
        row.category or "any",
        row.severity or "any",
        ", ".join(spec_of(spec) for spec in row.remedies),
        ", ".join(spec_of(spec) for spec in row.alternatives),
    )


def spec_of(spec: RemedySpec) -> str:
    """Name a remedy of a row: what is paid, what it costs where no sum is named, and limits."""
    money = {"claim": "the claim", "extra": "a little more", "none": None}[spec.money]
    marks = [money, f"{spec.cost} EUR" if spec.cost else None]
    marks += ["goodwill" if spec.goodwill else None, "if claimed" if spec.if_claimed else None]
    marks += ["if the bank erred" if spec.if_company else None]
    if spec.limit:
        limits = (f"{amount} {currency}" for currency, amount in sorted(spec.limit.items()))
        marks.append(f"up to {' · '.join(limits)}")
    told = "; ".join(mark for mark in marks if mark)
    return f"{spec.kind} ({told})" if told else str(spec.kind)


def _certificates(policy: Policy) -> Iterator[tuple[object, ...]]:
    automatic = policy.certificates.automatic
    narrower = _narrower(automatic.situations)
    yield "automatic", automatic.per_case, f"{automatic.per_day} a day", narrower
    for role in Role:
        held = policy.certificates.of(role)
        month = "no limit" if held.per_month is None else f"{held.per_month} a month"
        case = "no limit" if held.per_case is None else held.per_case
        yield role, case, month, _narrower(held.situations)


def _narrower(situations: Any) -> str:  # noqa: ANN401 - a mapping of situations to EUR
    return ", ".join(f"{situation} {limit}" for situation, limit in situations.items())


def _figures(policy: Policy) -> Iterator[tuple[object, ...]]:
    trust, goodwill, abuse = policy.trust, policy.goodwill, policy.abuse
    prior, checking = trust.untrue, trust.checking
    chance = prior.alpha / (prior.alpha + prior.beta)
    cost = checking.staff + checking.delay_per_day * checking.days
    yield "a claim is untrue", f"{prior.alpha} : {prior.beta}, that is {chance:.1%}"
    yield "without checkable content", f"{trust.without_checkable_content} times as likely"
    yield "checking one claim costs", f"{cost} EUR, of it staff {checking.staff} EUR"
    yield "so it is trusted up to", f"{cost / chance:.2f} EUR by a customer without a past"
    burst = f"{abuse.lately.cases} cases in {abuse.lately.days} days"
    yield burst, f"{abuse.lately.factor} times as likely"
    same = f"told by {abuse.same_story.customers} others in {abuse.same_story.days} days"
    yield same, f"{abuse.same_story.factor} times as likely"
    in_a_year = f"{goodwill.times} times and {goodwill.total} EUR in 12 months"
    yield "an own slip is forgiven", f"up to {goodwill.days_late} days late, {in_a_year}"


def _thresholds(policy: Policy) -> Iterator[tuple[object, ...]]:
    for target, bounds in policy.confidence:
        yield target, ", ".join(f"{value} {bound}" for value, bound in bounds)
