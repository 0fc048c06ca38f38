"""A migration takes nothing away that the version before still reads, or says what must stop."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
RELEASED: Final = {("decision", "0003_merits.sql"), ("decision", "0005_in_return.sql")}
"""Landed before there was a mark, and no released file is edited: the runbook names them."""

_COMMENT: Final = re.compile(r"--[^\n]*")
_STOP: Final = re.compile(r"^-- stop: ([a-z, ]+)$", re.MULTILINE)
_TAKES_AWAY: Final = re.compile(
    r"""
    \bDROP\s+(TABLE|COLUMN|SCHEMA|TYPE|VIEW|SEQUENCE)\b
    | \bALTER\s+TABLE\b[^;]*\bDROP\s+
      (?!CONSTRAINT\b|NOT\s+NULL\b|DEFAULT\b|EXPRESSION\b|IDENTITY\b)\w
    | \bRENAME\s+(TO|COLUMN|\w+\s+TO)\b
    | \bSET\s+SCHEMA\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def _taken_away(sql: str) -> list[str]:
    """Return what takes a table or a column from those who still read it."""
    plain = _COMMENT.sub("", sql)
    return [" ".join(found[0].split()) for found in _TAKES_AWAY.finditer(plain)]


def _stops(sql: str) -> set[str]:
    return {name.strip() for found in _STOP.findall(sql) for name in found.split(",")}


def _migrations() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.glob("services/*/migrations/*.sql")):
        yield path.parents[1].name, path
    for path in sorted(ROOT.glob("shared/migrations/*.sql")):
        yield "shared", path


def test_a_migration_that_takes_something_away_says_which_service_must_stop() -> None:
    found = list(_migrations())
    assert {(service, path.name) for service, path in found} >= RELEASED
    for service, path in found:
        sql = path.read_text(encoding="utf-8")
        if (service, path.name) not in RELEASED and (lost := _taken_away(sql)):
            # Every service has the tables of `shared` in its own schema.
            needed = {"all"} if service == "shared" else {service}
            assert _stops(sql) >= needed, f"{service}/{path.name}: {lost} without a stop"


def test_the_runbook_names_the_migrations_that_are_older_than_their_mark() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    for service, name in RELEASED:
        sql = (ROOT / "services" / service / "migrations" / name).read_text(encoding="utf-8")
        assert _taken_away(sql)
        assert not _stops(sql)
        assert f"`{name}`" in runbook
    assert "-- stop: <service>" in runbook


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE clocks DROP COLUMN plan;",
        "ALTER TABLE clocks\n    ADD COLUMN new text,\n    drop plan;",
        "ALTER TABLE clocks DROP IF EXISTS plan;",
        "DROP TABLE plans;",
        "ALTER TABLE clocks RENAME COLUMN plan TO plans;",
        "ALTER TABLE clocks RENAME plan TO plans;",
        "ALTER TABLE clocks RENAME TO watches;",
        "ALTER TABLE clocks SET SCHEMA elsewhere;",
    ],
)
def test_what_an_earlier_version_would_miss_is_seen(sql: str) -> None:
    assert _taken_away(sql)
    assert _stops(f"-- stop: decision, notifier\n{sql}") == {"decision", "notifier"}


@pytest.mark.parametrize(
    "sql",
    [
        "-- DROP TABLE plans;\nALTER TABLE clocks ADD COLUMN rename text;",
        "ALTER TABLE clocks DROP CONSTRAINT clocks_check;",
        "ALTER TABLE clocks ALTER COLUMN plan DROP NOT NULL, ALTER COLUMN plan DROP DEFAULT;",
        "DROP INDEX clocks_running; DROP TRIGGER lapses ON clocks;",
        "DELETE FROM timers; ALTER TABLE timers ADD COLUMN drop_at timestamptz;",
    ],
)
def test_what_no_earlier_version_misses_is_let_pass(sql: str) -> None:
    assert _taken_away(sql) == []
