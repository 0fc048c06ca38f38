"""`evenhand sla`: packs as a lawyer reads them, the plan of a case, the forecast and its chart."""

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from deploy.local.processes import ROOT
from evenhand import sla_chart
from evenhand.sla_inputs import Inputs, scenario
from services.decision.clock.forecast import HOURS_OF_WEEK, Order
from services.decision.clock.load import SHIPPED, PackError
from shared.errors import EvenhandError
from tests.unit.cli.conftest import Run

MONDAY = "2026-11-23T08:30:00+01:00"
BUSY: dict[str, Any] = {
    "at": MONDAY,
    "zone": "Europe/Warsaw",
    "queues": [
        {
            "name": "review",
            "open": [{"since": "2026-11-20T08:30:00+01:00", "due": "2026-11-24T08:30:00+01:00"}],
            "arrivals_per_hour": 2.1,
            "shifts": [{"people": 4}],
            "handling_minutes": 25,
            "days_to_decide": [1, 15, 30],
            "verified_share": 0.3,
        },
        {"name": "fraud", "arrivals_per_hour": 0.4, "days_to_decide": [1]},
    ],
}


@pytest.fixture
def busy(tmp_path: Path) -> str:
    return _written(tmp_path, BUSY)


def _written(folder: Path, inputs: object) -> str:
    path = folder / "inputs.json"
    path.write_text(json.dumps(inputs), encoding="utf-8")
    return str(path)


def _forecast(run: Run, *words: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        run("sla", "forecast", "--runs", "5", "--json", *words).stdout
    )
    return told


def test_the_forecast_says_how_many_would_lapse_when_and_in_which_queue(
    run: Run, busy: str
) -> None:
    told = _forecast(run, "--from", busy, "--weeks", "3")
    review, fraud = told["queues"]
    assert [week["from"] for week in review["weeks"]] == ["2026-11-23", "2026-11-30", "2026-12-07"]
    weeks = [week["lapses"] for queue in (review, fraud) for week in queue["weeks"]]
    assert told["lapses"] == pytest.approx(sum(weeks), abs=0.5)
    assert told["low"] <= told["lapses"] <= told["high"]
    assert told["lapses"] > 0
    assert fraud["assumed"] == [
        "shifts",
        "handling_minutes",
        "verified_share",
        "verification_minutes",
    ]


def test_the_usual_what_ifs_are_shown_where_none_is_asked(run: Run, busy: str) -> None:
    told = _forecast(run, "--from", busy)
    names = [one["name"] for one in told["what_if"]]
    assert names == [
        "one more person: review",
        "one more person: fraud",
        "half the verifications",
        "order: fifo",
        "order: due",
    ]
    by_name = {one["name"]: one for one in told["what_if"]}
    assert by_name["one more person: fraud"]["difference"] < 0
    assert by_name["order: fifo"]["difference"] > 0
    for one in told["what_if"]:
        assert one["difference"] == pytest.approx(one["lapses"] - told["lapses"], abs=0.11)


def test_the_what_ifs_that_are_asked_are_the_ones_shown(run: Run, busy: str) -> None:
    words = ("--extra-person", "fraud", "--fewer-verifications", "0.25")
    told = _forecast(run, "--from", busy, *words)
    assert [one["name"] for one in told["what_if"]] == [
        "one more person: fraud",
        "25% fewer verifications",
    ]


def test_on_holidays_nobody_is_at_work(run: Run, tmp_path: Path) -> None:
    christmas = _written(tmp_path, {**BUSY, "at": "2026-12-21T08:30:00+01:00"})
    everyday = _forecast(run, "--from", christmas)
    polish = _forecast(run, "--from", christmas, "--calendar", "PL")
    assert polish["lapses"] > everyday["lapses"]


def test_the_forecast_knows_the_bank_s_own_calendars(run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "packs"))
    (folder / "calendars" / "il.yaml").write_text(
        "id: IL\nversion: 2026-11-21\nsource: own\nzone: Asia/Jerusalem\ncountry: IL\n"
        "years: {2026: {closed: [2026-11-24, 2026-11-25, 2026-11-26]}}\n",
        encoding="utf-8",
    )
    packs = ("--packs", str(folder), "--calendar", "IL")
    later = _written(tmp_path, {**BUSY, "at": "2026-11-26T20:00:00+01:00"})
    # The bank's own closed days count; its weekend is a matter of the shifts.
    assert (
        _forecast(run, "--from", later, *packs)["lapses"]
        == (_forecast(run, "--from", later)["lapses"])
    )
    busy = _written(tmp_path, BUSY)
    closed = _forecast(run, "--from", busy, *packs)
    assert closed["lapses"] > _forecast(run, "--from", busy)["lapses"]
    again = _written(tmp_path, closed["inputs"])
    assert _forecast(run, "--from", again, *packs[:2]) == closed


def test_the_sample_inputs_give_a_forecast(run: Run) -> None:
    told = _forecast(run, "--from", str(ROOT / "deploy" / "samples" / "forecast.json"))
    assert [queue["name"] for queue in told["queues"]] == ["review", "fraud"]


def test_the_same_seed_gives_the_same_forecast_and_another_one_does_not(
    run: Run, busy: str
) -> None:
    first = _forecast(run, "--from", busy)
    assert _forecast(run, "--from", busy) == first
    assert _forecast(run, "--from", busy, "--seed", "99") != {**first, "seed": 99}


def test_more_people_mean_fewer_lapses(run: Run, busy: str) -> None:
    here = _forecast(run, "--from", busy)
    helped = _forecast(run, "--from", busy, "--staff", "fraud=3", "--staff", "review=9")
    assert helped["lapses"] < here["lapses"]
    assert "shifts" not in helped["queues"][1]["assumed"]


def test_what_the_forecast_started_from_can_be_given_to_it_again(
    run: Run, busy: str, tmp_path: Path
) -> None:
    first = _forecast(run, "--from", busy)
    again = _written(tmp_path, first["inputs"])
    assert _forecast(run, "--from", again) == first


def test_people_read_what_was_assumed_and_what_would_help(run: Run, busy: str) -> None:
    told = run("sla", "forecast", "--from", busy, "--runs", "2").stdout
    assert "As of 2026-11-23 07:30 UTC" in told
    assert "one more person: fraud" in told
    assert "handling_minutes" in told
    assert "nothing is decided by it" in told


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"zone": "Europe/Nowhere"}, "no known time zone"),
        ({"queues": []}, "queues"),
        ({"queues": [{"name": "a"}, {"name": "a"}]}, "two of the same name"),
        ({"queues": [{"name": "a", "staff": 3}]}, "queues.0.staff"),
        ({"at": "2026-11-23T08:30:00"}, "at"),
    ],
)
def test_wrong_inputs_are_refused_with_the_field(
    run: Run, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    result = run("sla", "forecast", "--from", _written(tmp_path, {**BUSY, **change}))
    assert isinstance(result.exception, EvenhandError)
    assert reason in str(result.exception)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--staff", "nowhere=2"), "there is no queue 'nowhere'; there are: review, fraud"),
        (("--extra-person", "nowhere"), "there is no queue"),
        (("--chart", "/nowhere/at/all.svg"), "No such file"),
        (("--calendar", "XX"), "there is no calendar 'XX'; there are: "),
    ],
)
def test_what_is_not_there_is_said(
    run: Run, busy: str, words: tuple[str, ...], reason: str
) -> None:
    result = run("sla", "forecast", "--from", busy, "--runs", "1", *words)
    assert isinstance(result.exception, EvenhandError)
    assert reason in str(result.exception)


@pytest.mark.parametrize(
    "words", [("--staff", "review"), ("--staff", "review=two"), ("--chart", "out.png")]
)
def test_wrong_use_exits_2(run: Run, busy: str, words: tuple[str, ...]) -> None:
    assert run("sla", "forecast", "--from", busy, *words).exit_code == 2


def test_without_a_database_the_command_says_what_is_missing(run: Run) -> None:
    result = run("sla", "forecast")
    assert isinstance(result.exception, EvenhandError)
    assert "EVENHAND_ADMIN_DATABASE_URL" in str(result.exception)


def test_hours_of_work_are_those_of_the_zone() -> None:
    inputs = Inputs.model_validate(BUSY)
    base = scenario(inputs, {}, weeks=1, seed=1, order=Order.WORK)
    staff = base.queues[0].staff
    # It is half past eight on a Monday in Warsaw: work begins in the next hour, for eight hours.
    assert [hour for hour in range(24) if staff[hour]] == list(range(1, 9))
    assert sum(map(bool, staff)) == 5 * 8
    assert len(staff) == HOURS_OF_WEEK
    (open_case,) = base.queues[0].open_cases
    assert (open_case.due, open_case.waited) == (24.0, 72.0)


def test_the_chart_shows_every_week_and_every_change(run: Run, busy: str, tmp_path: Path) -> None:
    path = tmp_path / "out.svg"
    told = _forecast(run, "--from", busy, "--chart", str(path))
    root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - our own
    texts = [element.text for element in root.iter() if element.tag.endswith("}text")]
    for week in told["queues"][0]["weeks"]:
        assert week["from"] in texts
    for change in told["what_if"]:
        assert change["name"] in texts
        assert f"{change['lapses']:g}" in texts


def test_a_bar_is_as_long_as_its_number() -> None:
    chart = sla_chart.draw("A <forecast>", ["w1", "w2"], [("q", [2.0, 4.0])], [("as it is", 6.0)])
    root = ET.fromstring(chart)  # noqa: S314 - our own
    bars = [
        float(one.attrib["height"])
        for one in root.iter()
        if one.attrib.get("x") and (one.tag.endswith("}rect") and one.attrib["fill"] == "#1b4f72")
    ]
    legend, first, second, change = bars
    assert second == pytest.approx(2 * first, abs=0.2)
    assert "A &lt;forecast&gt;" in chart
    assert (legend, change) == (10.0, 18.0)


def test_nothing_that_lapses_is_drawn_as_nothing() -> None:
    chart = sla_chart.draw("None", ["w1"], [("q", [0.0])], [("as it is", 0.0)])
    assert ET.fromstring(chart) is not None  # noqa: S314 - our own


def test_every_pack_is_listed_with_its_mark(run: Run) -> None:
    told = run("sla", "packs").stdout
    for path in SHIPPED.glob("*.yaml"):
        if path.stem not in {"ladders", "eea"}:
            assert path.stem in told
    listed = [json.loads(text) for text in run("sla", "packs", "--json").stdout.splitlines()]
    assert {one["confidence"] for one in listed} <= {"V", "S", "K", "own"}
    assert all(one["source"] and one["rungs"][-1]["at"] == "deadline" for one in listed)


def test_one_pack_is_shown_whole_with_its_ladder(run: Run) -> None:
    told = run("sla", "packs", "pl_complaints").stdout
    for text in ("III CZP 113/17", "30 calendar days", "60 calendar days", "executive", "95 %"):
        assert text in told


def test_an_unknown_pack_fails_and_names_those_there_are(run: Run) -> None:
    result = run("sla", "packs", "nowhere")
    assert result.exit_code == 1
    assert "pl_complaints" in result.stderr


def test_a_folder_of_packs_that_is_wrong_is_refused(run: Run, tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "packs")
    (tmp_path / "packs" / "promise.yaml").write_text("id: promise\n", encoding="utf-8")
    result = run("sla", "packs", "--packs", str(tmp_path / "packs"))
    assert isinstance(result.exception, PackError)


def test_the_plan_of_a_polish_payment_has_both_clocks_and_every_rung(run: Run) -> None:
    words = ("--jurisdiction", "pl", "--product", "payment")
    at = ("--received-at", "2026-11-20T10:00+01:00")
    told = run("sla", "plan", *words, *at).stdout
    # Friday the 20th is day 0; the 15th business day is Friday the 11th of December.
    assert "answer by the end of 2026-12-11" in told
    assert "2026-12-12 00:00+01:00   lapse" in told
    assert "internal (own)" in told
    assert told.index("acknowledge") < told.index("2026-11-28")
    shown = run("sla", "plan", *words, *at, "--json").stdout.splitlines()
    assert [json.loads(each)["pack"] for each in shown] == ["pl_payment_services", "internal"]


def test_a_promise_has_a_clock_of_its_own(run: Run) -> None:
    at = ("--received-at", "2026-11-20T10:00Z")
    told = run("sla", "plan", *at, "--promised-by", "2026-11-25T10:00Z", "--json").stdout
    assert "promise" in [json.loads(each)["pack"] for each in told.splitlines()]


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-20T10:00"])
def test_an_instant_needs_its_offset(run: Run, text: str) -> None:
    assert run("sla", "plan", "--received-at", text).exit_code == 2
