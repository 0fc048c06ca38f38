"""The policy is data: a mistake in it is named at the start."""

from pathlib import Path

import pytest
import yaml

from services.decision.policy import model
from services.decision.policy.model import DEFAULT, Policy, PolicyError, Situation
from shared.events.case import Category


def _write(folder: Path, change: tuple[str, object] | None = None) -> Path:
    raw = yaml.safe_load((DEFAULT / "default.yaml").read_text(encoding="utf-8"))
    if change is not None:
        *path, last = change[0].split(".")
        node = raw
        for name in path:
            node = node[name]
        if change[1] is None:
            del node[last]
        else:
            node[last] = change[1]
    (folder / "default.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
    return folder


def test_every_situation_of_every_category_has_a_row(policy: Policy) -> None:
    for situation in Situation:
        for category in Category:
            name, row = policy.row(situation, category)
            assert name.startswith(situation)
            assert row


def test_a_bank_can_use_its_own_policy_and_the_hash_tells(tmp_path: Path, policy: Policy) -> None:
    same = model.load(_write(tmp_path))
    other = model.load(_write(tmp_path, ("certificate.automatic", 50)))
    assert same.hash == policy.hash
    assert other.hash != policy.hash


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("certificate.automatic", -1), "certificate.automatic"),
        (("matrix.own_slip.any", None), "own_slip"),
        (("goodwil", {}), "goodwil"),
        (("matrix.own_slip.any", [{"kind": "gold"}]), "matrix.own_slip.any.0.kind"),
        (("matrix.own_slip.any", [{"kind": "refund", "money": "claim"}]), "claim needs a cost"),
        (("currency_of.CH", "CHF"), "CHF"),
        (("per_euro.EUR", "nothing"), "per_euro.EUR"),
    ],
)
def test_a_mistake_in_the_policy_is_named(
    tmp_path: Path, change: tuple[str, object], named: str
) -> None:
    with pytest.raises(PolicyError, match=named):
        model.load(_write(tmp_path, change))


def test_a_missing_policy_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"default\.yaml"):
        model.load(tmp_path)
