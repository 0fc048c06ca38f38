"""Bad data is refused with the file, the field and the reason, before any case is touched."""

import shutil
from pathlib import Path

import pytest

from services.decision.clock.calendars import public_days
from services.decision.clock.ladder import Action
from services.decision.clock.load import SHIPPED, PackError, Packs, load
from services.decision.clock.model import Confidence


def copy(folder: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, folder / "packs"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "field", "reason"),
    [
        ("uk_app.yaml", "place: GB", "place: GB\npalce: GB", "palce", "Extra inputs"),
        ("uk_app.yaml", "place: GB", "place: uk", "place", "pattern"),
        ("uk_app.yaml", "{amount: 5,", "{amount: -5,", "limit.amount", "greater than 0"),
        ("uk_app.yaml", "{amount: 5,", "{amount: 0,", "limit.amount", "greater than 0"),
        ("uk_app.yaml", "{amount: 5,", "{amount: 40,", "pause.until", "later than the limit"),
        ("uk_app.yaml", "calendar: GB", "calendar: XX", "calendar", "no calendar"),
        ("uk_app.yaml", "ladder: short", "ladder: steep", "ladder", "no ladder"),
        ("uk_app.yaml", "ladder: short", "ladder: with_letter", "holding_letter", "missing"),
        ("uk_app.yaml", "confidence: S", "confidence: sure", "confidence", "Input should be"),
        ("uk_app.yaml", "id: uk_app", "id: ru_442", "id", "two packs"),
        ("pl_payment_services.yaml", "payment_service\n", "any\n", "matter", "role, place"),
        ("uk_disp_1_5.yaml", '"17:00"', "17:00", "closes", "quotes"),
        ("uk_disp_1_5.yaml", '"17:00"', '"17:00+01:00"', "file", "without offset"),
        ("pl_complaints.yaml", "{amount: 60,", "{amount: 20,", "extension.until", "later"),
        ("promise.yaml", "kind: promise", "kind: internal", "file", "needs one"),
        ("promise.yaml", "told: {", "# {", "file", "a pack of promises needs it"),
        ("promise.yaml", "dates: 2", "dates: 0", "told.dates", "greater than 0"),
        ("promise.yaml", "promise_last", "steep", "told.last_ladder", "no ladder"),
        ("promise.yaml", "promise_last", "promise", "told.last_ladder", "tells another date"),
        ("calendars/pl.yaml", "Europe/Warsaw", "Europe/Warszawa", "zone", "no known time zone"),
        ("calendars/pl.yaml", "country: PL", "country: QQ", "country", "not available"),
        ("calendars/ua.yaml", "since: 2023", "since: 2031", "no_holidays", "say why"),
        ("calendars/ua.yaml", "country: UA", "country: DE", "no_holidays", "again"),
        ("calendars/plain.yaml", "id: plain", "id: DE", "plain", "must be"),
        ("eea.yaml", "Europe/Oslo", "Europe/Olso", "zone", "no known time zone"),
        (
            "calendars/pl.yaml",
            "country: PL",
            "country: PL\nyears: {2026: {closed: [2027-12-31]}}",
            "years.2026.closed",
            "another year",
        ),
        (
            "calendars/pl.yaml",
            "country: PL",
            "country: PL\nyears: {2026: {closed: [2026-12-31], open: [2026-12-31]}}",
            "years.2026",
            "both closed and open",
        ),
        (
            "ladders.yaml",
            "      - {name: lapse, at: deadline, action: lapse}\n",
            "",
            "ladders.standard",
            "no final rung",
        ),
        (
            "ladders.yaml",
            "name: team_lead, at: 70",
            "name: assignee, at: 70",
            "ladders.standard",
            "duplicate rung assignee",
        ),
        ("ladders.yaml", "at: 50", "at: 75", "ladders.standard", "order of their shares"),
        ("ladders.yaml", "at: 95", "at: 100", "ladders.standard.rungs", "less than or equal to 99"),
        ("ladders.yaml", "at: 0, action: nudge", "at: 0, action: decline", "action", "should be"),
        ("ladders.yaml", "at: 70, action: warn", "at: deadline, action: warn", "", "only a lapse"),
        ("ladders.yaml", ", to: person", "", "ladders.standard", "names `to`"),
    ],
)
def test_bad_data_is_refused_with_file_field_and_reason(  # noqa: PLR0913, PLR0917 - a table
    tmp_path: Path, file: str, old: str, new: str, field: str, reason: str
) -> None:
    folder = copy(tmp_path)
    change(folder / file, old, new)
    with pytest.raises(PackError) as refused:
        load(folder)
    assert field in refused.value.field
    assert reason in refused.value.reason
    assert Path(file).name in refused.value.file or field == "plain"
    assert (
        str(refused.value) == f"{refused.value.file}: {refused.value.field}: {refused.value.reason}"
    )


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    (folder / "ladders.yaml").unlink()
    with pytest.raises(PackError, match=r"ladders\.yaml: file"):
        load(folder)


def test_a_bank_adds_its_own_closed_day(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    path = folder / "calendars" / "pl.yaml"
    change(path, "country: PL", "country: PL\nyears: {2026: {closed: [2026-11-23]}}")
    calendar = load(folder).calendars["PL"]
    assert {day.isoformat() for day in calendar.closed} == {"2026-11-23"}


def test_two_calendars_of_one_name_are_refused(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    path = folder / "calendars" / "pl.yaml"
    own = path.with_name("a_bank.yaml")
    own.write_text(f"{path.read_text()}years: {{2026: {{closed: [2026-11-16]}}}}\n")
    with pytest.raises(PackError, match=r"calendars/pl\.yaml: id: there are two calendars 'PL'"):
        load(folder)


def test_without_a_pack_for_every_answer_nothing_starts(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    (folder / "default.yaml").unlink()
    with pytest.raises(PackError, match="place any"):
        load(folder)


def test_a_change_of_a_pack_or_its_ladder_shows_in_its_stamp(tmp_path: Path, packs: Packs) -> None:
    folder = copy(tmp_path)
    change(folder / "uk_app.yaml", "{amount: 5,", "{amount: 4,")
    change(folder / "ladders.yaml", "name: assignee, at: 60", "name: assignee, at: 61")
    changed = {name for name, stamp in load(folder).stamps.items() if packs.stamps[name] != stamp}
    assert changed == {"uk_app", "internal"}


def test_every_pack_says_where_it_comes_from(packs: Packs) -> None:
    for pack in packs.packs:
        assert pack.source
        assert (pack.confidence is Confidence.OWN) == pack.source.startswith("own")


def test_every_ladder_summons_somebody_before_it_records_a_lapse(packs: Packs) -> None:
    for ladder in packs.ladders.values():
        summoning = {Action.NUDGE, Action.ESCALATE} & {rung.action for rung in ladder.rungs}
        assert summoning


def test_every_state_of_the_eea_has_a_calendar_with_holidays(packs: Packs) -> None:
    assert len(packs.eea) == 30
    for state in packs.eea:
        assert public_days(packs.calendars[state].country, None, None, 2026).holidays, state
