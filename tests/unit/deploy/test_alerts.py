"""deploy/prometheus: the rules speak of what the services measure, and each says what to do."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final, get_args

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel, TypeAdapter

from services.classifier import drift
from services.classifier.asking import adviser
from services.classifier.asking.opinions import Why
from services.decision import activation, overdue
from services.decision.timing import measures
from services.intake import commit, reconcile
from services.notifier import sending, waking
from shared import hop, publisher, run
from shared.http import observe

ROOT: Final = Path(__file__).parents[3]
FOLDER: Final = ROOT / "deploy" / "prometheus"
MEASURING: Final = (
    activation,
    adviser,
    drift,
    overdue,
    measures,
    commit,
    observe,
    reconcile,
    sending,
    waking,
    hop,
    publisher,
    run,
)
SUFFIXES: Final = {"counter": "_total", "histogram": "_bucket", "gauge": ""}


class Rule(BaseModel):
    """One alert."""

    alert: str
    expr: str
    labels: dict[str, str]
    annotations: dict[str, str]


class Figure(BaseModel):
    """One figure that is computed of others, and published."""

    record: str
    expr: str


@pytest.fixture(scope="module")
def written() -> list[Rule | Figure]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return TypeAdapter(list[Rule | Figure]).validate_python(
        [rule for group in groups for rule in group["rules"]]
    )


@pytest.fixture(scope="module")
def rules(written: list[Rule | Figure]) -> list[Rule]:
    return [each for each in written if isinstance(each, Rule)]


def test_every_rule_speaks_of_what_is_measured(written: list[Rule | Figure]) -> None:
    measured = {
        family.name + SUFFIXES[family.type]
        for module in MEASURING
        for metric in vars(module).values()
        if isinstance(metric, MetricWrapperBase)
        for family in metric.collect()
    }
    measured |= {each.record for each in written if isinstance(each, Figure)}
    for rule in written:
        for name in re.findall(r"\bevenhand[_:][\w:]+", rule.expr):
            assert name in measured, f"{rule}: {name}"


def test_the_share_of_outcomes_that_a_deadline_gave_is_published(
    written: list[Rule | Figure],
) -> None:
    (share,) = [each for each in written if isinstance(each, Figure)]
    assert share.record == "evenhand:settled_by_deadline:ratio_30d"
    assert share.record in (ROOT / "docs" / "runbook.md").read_text()


def test_every_rule_leads_to_its_entry_in_the_runbook(rules: list[Rule]) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", runbook, re.MULTILINE)
    }
    for rule in rules:
        assert set(rule.annotations) == {"summary", "description", "runbook"}, rule.alert
        page, _, entry = rule.annotations["runbook"].partition("#")
        assert page == "docs/runbook.md"
        assert entry in headings, f"{rule.alert}: no entry {entry}"


def test_the_runbook_names_every_way_in_which_a_language_model_is_silent() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    _, _, after = runbook.partition("\n## Language model silent\n")
    entry, _, _ = after.partition("\n## ")
    assert [why for why in get_args(Why) if f"`{why}`" not in entry] == []


def test_every_rule_has_a_test_of_its_own(rules: list[Rule]) -> None:
    tested = (FOLDER / "alerts_test.yml").read_text()
    assert [rule.alert for rule in rules if rule.alert not in tested] == []


def test_every_service_is_scraped_with_the_token() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    job = next(job for job in config["scrape_configs"] if job["job_name"] == "evenhand")
    targets = {t["labels"]["service"]: t["targets"] for t in job["static_configs"]}
    assert targets == {
        name: [f"{name}:8080"] for name in ("intake", "classifier", "decision", "notifier")
    }
    assert job["authorization"] == {"credentials_file": "/run/secrets/evenhand_metrics_token"}


def test_prometheus_itself_finds_the_rules_right() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("there is no promtool (Debian: apt install prometheus)")
    for words in (
        ("check", "config", "--syntax-only", "prometheus.yml"),
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
    ):
        done = subprocess.run(  # noqa: S603 - fixed words
            [promtool, *words], check=False, capture_output=True, text=True, cwd=FOLDER
        )
        assert not done.returncode, done.stdout + done.stderr
