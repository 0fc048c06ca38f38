"""The policy is data: a mistake in it is named with file, line, field, reason and fix."""

import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from services.decision.policy import loading
from services.decision.policy.loading import SHIPPED, PolicyError, check_succession, load, load_body
from services.decision.policy.matrix import Severity, Situation
from services.decision.policy.model import Policy
from shared.events.case import Category, Product
from shared.events.tags import Fault, Pressure, Tone

WHEN = datetime(2026, 11, 25, tzinfo=UTC)
TODAY = date(2026, 11, 25)
Change = Callable[[str], str]


def _folder(to: Path, file: str = "policy.yaml", change: Change | None = None) -> Path:
    shutil.copy(SHIPPED / "policy.yaml", to)
    shutil.copytree(SHIPPED / "matrices", to / "matrices", dirs_exist_ok=True)
    if change is not None:
        path = to / file
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = change(before)
        assert after != before, "the change changes nothing"
        path.write_text(after, encoding="utf-8")
    return to


def _swap(old: str, new: str) -> Change:
    return lambda text: text.replace(old, new, 1)


def _add(text: str) -> Change:
    return lambda before: before + text


OWN_ROW = """
  - id: own_slip.any
    situation: own_slip
    remedies:
      - {kind: apology}
"""
CHILD = "valid_from: 2026-11-21\nextends: default\napplies: {jurisdictions: [UA]}\n"


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        ("policy.yaml", _add("\ncolour: blue\n"), r"policy.yaml:\d+: colour: is not a known key"),
        (
            "policy.yaml",
            _swap("clerk: {per_case: 300", "clerk: {per_case: -1"),
            r"policy.yaml:1\d: certificates.clerk.per_case: must not be negative; give 0 or more",
        ),
        (
            "policy.yaml",
            _swap("clerk: {per_case: 300", "clerk: {per_case: many"),
            r"policy.yaml:1\d: certificates.clerk.per_case: must be a number \(it is 'many'\)",
        ),
        ("policy.yaml", _swap("times: 2 ", "times: twice "), r"goodwill.times: must be a whole"),
        ("policy.yaml", _swap("staff: 4,", "staff: true,"), r"trust.checking.staff: must be a num"),
        (
            "policy.yaml",
            _swap("{company: 0.4", "{compny: 0.4"),
            r"policy.yaml:\d+: confidence.fault.compny: is not a known key",
        ),
        ("policy.yaml", _swap("rude: 0.7", "rude: 7"), r"confidence.tone.rude: must be at most 1"),
        ("policy.yaml", _swap("rude: 0.7", "rude: very"), r"confidence.tone.rude: must be a numb"),
        ("policy.yaml", _swap("violence: 0.6", "violence: false"), r"pressure.violence: must be a"),
        (
            "policy.yaml",
            lambda text: re.sub("fault: {company.*", "fault: 1.2", text),
            r"confidence.fault: must be a number .* for each of company, .* \(it is '1.2'\)\Z",
        ),
        (
            "policy.yaml",
            lambda text: re.sub("  tone: .*\n", "", text),
            r"policy.yaml:\d+: confidence.tone: is missing; add it",
        ),
        (
            "policy.yaml",
            lambda text: re.sub("  tone: .*\n", "  conduct: 0.6\n", text),
            r"policy.yaml:\d+: confidence: conduct stands for tone and pressure; give it or",
        ),
        (
            "policy.yaml",
            lambda text: re.sub("  tone: .*\n  pressure: .*", "  conduct: 2", text),
            r"policy.yaml:\d+: confidence: conduct must be a number from 0 to 1",
        ),
        (
            "policy.yaml",
            _swap("shared_part: 0.5", "shared_part: 1.5"),
            r"shared_part: must be less",
        ),
        ("policy.yaml", _swap("first_within: PT2H", "first_within: soon"), r"first_within"),
        ("policy.yaml", _swap("times: 2 ", "time: 2 "), r"goodwill.times: is missing; add it"),
        ("policy.yaml", _swap("PL: PLN", "PL: PLN, CH: CHF"), r"currency_of.CH: CHF has no rate"),
        ("policy.yaml", _swap("{EUR: 1,", "{EUR: 2,"), r"policy.yaml:\d+: per_euro.EUR: must be 1"),
        ("policy.yaml", _swap("EUR: 5, PLN: 20", "EUR: 5"), r"extra.sums: PLN is missing"),
        ("policy.yaml", _swap("EUR: 5, PLN: 20", "EUR: 11, PLN: 20"), r"extra.sums.EUR: is more"),
        ("policy.yaml", _swap("GBP: 3", "GBP: 4"), r"delay.sums.GBP: with the extra is more than"),
        ("policy.yaml", _swap("GBP: 3, USD: 5", "GBP: 3"), r"delay.sums: USD is missing"),
        ("policy.yaml", _swap("times: 2 # for", "times: 99 # for"), r"more than goodwill.total"),
        (
            "policy.yaml",
            _swap("per_case: 10000, ", "per_case: 100, "),
            r"certificates.head.per_case",
        ),
        ("policy.yaml", _swap("serious: 72", "serious: 2"), r"severity.slip_hours.serious"),
        (
            "policy.yaml",
            _add("\nversion: again\n"),
            r"policy.yaml:\d+: version: stands twice, first",
        ),
        (
            "policy.yaml",
            _add("\nx: &a [1]\ny: *a\n"),
            r"policy.yaml:\d+: x: anchors are not allowed",
        ),
        ("policy.yaml", _add("\ny: *a\n"), r"policy.yaml:\d+: y: aliases are not allowed"),
        ("policy.yaml", _add("\nx: " + "[" * 40 + "]" * 40), r"is nested deeper than"),
        ("policy.yaml", _add("#" * 300_000), r"policy.yaml: has \d+ bytes"),
        ("policy.yaml", _add("\nx: !!python/name:os.system\n"), r"tags are not allowed"),
        ("policy.yaml", _add("\n: : :\n  - ]"), r"policy.yaml:\d+: is not YAML"),
        ("policy.yaml", lambda _: "", r"policy.yaml: is empty"),
        ("policy.yaml", lambda _: "[1, 2]", r"policy.yaml:1: must be a list of keys"),
        ("policy.yaml", _add("\n---\nx: 1\n"), r"holds a second document"),
        (
            "matrices/default.yaml",
            _add(OWN_ROW),
            r"matrices/default.yaml:\d+: rows.\d+.id: own_slip.any stands 2 times",
        ),
        (
            "matrices/default.yaml",
            _swap("kind: refund", "kind: gold"),
            r"matrices/default.yaml:\d+: rows.0.remedies.0.kind: must be one of",
        ),
        ("matrices/default.yaml", _swap(", cost: 25", ""), r"money: claim needs a cost"),
        (
            "matrices/default.yaml",
            _swap("kind: apology", "kind: boundary"),
            r"follows conduct alone",
        ),
        (
            "matrices/default.yaml",
            _swap("kind: trace, cost", "kind: trace, money: extra, cost"),
            r"trace pays nothing",
        ),
        (
            "matrices/default.yaml",
            _swap(", PLN: 400", ""),
            r"rows.\d+.remedies.1.limit: PLN is miss",
        ),
        (
            "matrices/default.yaml",
            _swap("PLN: 400", "PLN: -400"),
            r"limit.PLN: must not be negative",
        ),
        (
            "matrices/default.yaml",
            _swap("PLN: 400", "PLN: 400, CHF: 1"),
            r"limit.CHF: CHF has no rate",
        ),
        (
            "matrices/default.yaml",
            _swap("situation: information", "situation: own_slip"),
            r"no row answers every information",
        ),
        (
            "matrices/default.yaml",
            _swap("valid_from: 2026-11-21", "valid_from: someday"),
            r"matrices/default.yaml:\d+: valid_from",
        ),
        (
            "matrices/pl.yaml",
            _swap("extends: default", "extends: nowhere"),
            r"matrices/pl.yaml:\d+: extends: there is no matrix 'nowhere'",
        ),
        (
            "matrices/pl.yaml",
            _swap("extends: default", "extends: pl"),
            r"extends: goes round in a ring",
        ),
        (
            "matrices/card.yaml",
            _swap("extends: default", "extends: pl-card"),
            r"ring \(card → pl-card",
        ),
        ("matrices/pl.yaml", _swap("extends: default\n", ""), r"extends is missing"),
        (
            "matrices/pl.yaml",
            _swap("rows:", "remove: [nothing.here]\nrows:"),
            r"remove.0: there is no row 'nothing.here'",
        ),
        (
            "matrices/pl.yaml",
            _swap("situation: third_party", "situation: own_slip"),
            r"matrices/pl.yaml:\d+: rows.0.situation: row third_party.any that it replaces",
        ),
        ("matrices/pl.yaml", _swap("[PL]", "[Poland]"), r"applies.jurisdictions"),
        ("matrices/default.yaml", _add("extends: pl\n"), r"answers every case"),
    ],
)
def test_a_mistake_is_refused_with_its_place_and_reason(
    tmp_path: Path, file: str, change: Change, told: str
) -> None:
    with pytest.raises(PolicyError, match=told):
        load(_folder(tmp_path, file, change))


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "policy.yaml", _swap("times: 2 ", "times: -2 "))
    _folder(folder, "policy.yaml", _swap("times: 2 ", "times: -2 "))
    text = (folder / "policy.yaml").read_text(encoding="utf-8")
    (folder / "policy.yaml").write_text(text.replace("total: 200", "total: -200"), encoding="utf-8")
    with pytest.raises(PolicyError) as raised:
        load(folder)
    assert [line.split(": ")[1] for line in str(raised.value).splitlines()] == [
        "goodwill.times",
        "goodwill.total",
    ]


def test_a_policy_of_before_keeps_its_single_numbers(tmp_path: Path) -> None:
    old = "confidence:\n  fault: 0.45\n  conduct: 0.6\n\nshared_part"
    folder = _folder(
        tmp_path,
        "policy.yaml",
        lambda text: re.sub(r"confidence:\n.*?\nshared_part", old, text, flags=re.DOTALL),
    )
    read = load(folder)
    assert dict(read.confidence.fault) == dict.fromkeys(Fault, 0.45)
    assert dict(read.confidence.tone) == dict.fromkeys(Tone, 0.6)
    assert dict(read.confidence.pressure) == dict.fromkeys(Pressure, 0.6)
    assert load_body(read.body).model_dump() == read.model_dump()


def test_a_missing_policy_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"policy\.yaml: cannot be read"):
        load(tmp_path)
    shutil.copy(SHIPPED / "policy.yaml", tmp_path)
    with pytest.raises(PolicyError, match=r"there is no matrix 'default'"):
        load(tmp_path)


def test_a_file_that_would_be_passed_over_is_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "matrices" / "ua.yml").write_text(CHILD, encoding="utf-8")
    with pytest.raises(PolicyError, match=r"matrices/ua\.yml: is not read"):
        load(folder)


def test_norway_is_a_country(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "matrices/pl.yaml", _swap("[PL]", "[NO]"))
    assert load(folder).matrices["pl"].applies.jurisdictions == {"NO"}


def test_the_hash_is_of_the_content_and_not_of_its_spelling(tmp_path: Path, policy: Policy) -> None:
    folder = _folder(tmp_path, "policy.yaml", _add("# a remark\n"))
    assert load(folder).hash == policy.hash
    folder = _folder(tmp_path, "policy.yaml", _swap("total: 200", "total: 201"))
    assert load(folder).hash != policy.hash
    folder = _folder(tmp_path, "matrices/pl.yaml", _swap("cost: 4", "cost: 5"))
    assert load(folder).hash != policy.hash


def test_a_policy_is_restored_from_its_body_alone(policy: Policy) -> None:
    restored = load_body(policy.body)
    assert restored.hash == policy.hash
    assert restored.model_dump() == policy.model_dump()
    with pytest.raises(PolicyError, match="body"):
        load_body("[]")
    with pytest.raises(PolicyError, match="certificates: is missing"):
        load_body('{"policy.yaml": {}}')


def _later(policy: Policy, **changed: object) -> Policy:
    return policy.model_copy(update=changed).read_from(policy.body + " ", {})


def test_a_changed_policy_may_not_begin_in_the_past(policy: Policy) -> None:
    yesterday = TODAY - timedelta(days=1)
    check_succession(policy, None, TODAY)
    check_succession(policy, policy, TODAY)
    check_succession(_later(policy, valid_from=TODAY), policy, TODAY)
    check_succession(_later(policy, valid_from=TODAY + timedelta(days=9)), policy, TODAY)
    with pytest.raises(PolicyError, match="valid_from: 2026-11-24 is in the past"):
        check_succession(_later(policy, valid_from=yesterday), policy, TODAY)


def test_a_changed_matrix_may_not_begin_in_the_past(tmp_path: Path, policy: Policy) -> None:
    folder = _folder(
        tmp_path, "policy.yaml", _swap("valid_from: 2026-11-21", f"valid_from: {TODAY}")
    )
    path = folder / "matrices/pl.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("cost: 4", "cost: 5"), encoding="utf-8"
    )
    with pytest.raises(PolicyError, match=r"matrices/pl.yaml:\d+: matrices.pl.valid_from: 2026"):
        check_succession(load(folder), policy, TODAY)


def test_every_cell_of_every_matrix_has_a_row(policy: Policy) -> None:
    for name in policy.matrices:
        matrix = policy.matrix(name)
        for situation in Situation:
            for category in Category:
                for severity in Severity:
                    _, row = matrix.row(situation, category, severity)
                    assert row.fits(situation, category, severity)


def test_a_child_inherits_and_its_rows_say_where_they_come_from(policy: Policy) -> None:
    origins = {placed.row.id: placed.origin for placed in policy.matrix("pl-card").rows}
    assert origins["own_slip.any"] == "default"
    assert origins["malfunction.card_problem"] == "card"
    assert origins["third_party.any"] == "pl-card"
    name, _ = policy.matrix("pl").row(
        Situation.THIRD_PARTY, Category.PAYMENT_FAILED, Severity.SLIGHT
    )
    assert name == "pl/third_party.any"


@pytest.mark.parametrize(
    ("jurisdiction", "product", "chosen"),
    [
        (None, None, "default"),
        ("FR", None, "default"),
        ("PL", None, "pl"),
        ("PL", Product.LOAN, "pl"),
        ("FR", Product.CARD, "card"),
        ("PL", Product.CARD, "pl-card"),
    ],
)
def test_the_most_specific_matrix_answers(
    policy: Policy, jurisdiction: str | None, product: Product | None, chosen: str
) -> None:
    assert policy.for_case(jurisdiction, product, WHEN).id == chosen


def test_a_matrix_answers_only_from_its_day_on(policy: Policy) -> None:
    before = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    assert policy.for_case("PL", None, before).id == "default"
    assert policy.for_case("PL", None, before + timedelta(minutes=1)).id == "pl"


def test_a_row_can_be_taken_out(tmp_path: Path) -> None:
    text = CHILD + "remove: [own_slip.fraud]\n"
    policy = load(_folder(tmp_path, "matrices/ua.yaml", lambda _: text))
    name, _ = policy.matrix("ua").row(Situation.OWN_SLIP, Category.FRAUD, Severity.SLIGHT)
    assert name == "default/own_slip.any"


def test_the_more_specific_row_answers(policy: Policy) -> None:
    card = policy.matrix("card")
    cell = (Situation.BROKEN_PROMISE, Category.CARD_PROBLEM)
    assert card.row(*cell, Severity.SERIOUS)[0] == "card/broken_promise.card_problem.serious"
    assert card.row(*cell, Severity.SLIGHT)[0] == "default/broken_promise.card_problem"


def test_a_changed_copy_puts_its_matrices_together_anew(policy: Policy) -> None:
    bare = policy.model_copy(update={"matrices": {"default": policy.matrices["default"]}})
    assert bare.for_case("PL", None, WHEN).id == "default"
    assert policy.for_case("PL", None, WHEN).id == "pl"


def test_loading_reads_the_shipped_policy_by_default(policy: Policy) -> None:
    assert loading.load(SHIPPED).hash == policy.hash
