"""Settings name what is wrong with them, never a value, and secrets come from files too."""

from pathlib import Path

import pytest

from shared.settings import KafkaSettings, ServiceSettings, SettingsError, load


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EVENHAND_DATABASE_URL", "EVENHAND_SECRETS_DIR", "EVENHAND_HTTP_PORT"):
        monkeypatch.delenv(name, raising=False)


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(SettingsError, match="EVENHAND_DATABASE_URL"):
        load(ServiceSettings)


def test_a_wrong_variable_is_named_and_its_value_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("EVENHAND_HTTP_PORT", "seventy")
    with pytest.raises(SettingsError, match="EVENHAND_HTTP_PORT") as raised:
        load(ServiceSettings)
    assert "seventy" not in str(raised.value)


def test_what_is_wrong_is_said_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_HTTP_PORT", "70000")
    monkeypatch.setenv("EVENHAND_LOG_LEVEL", "loud")
    monkeypatch.setenv("EVENHAND_STOP_WITHIN", "soon")
    with pytest.raises(SettingsError) as raised:
        load(ServiceSettings)
    assert str(raised.value).splitlines() == [
        "EVENHAND_DATABASE_URL: is required",
        "EVENHAND_HTTP_PORT: must be at most 65535",
        "EVENHAND_LOG_LEVEL: must be one of DEBUG, INFO, WARNING, ERROR",
        "EVENHAND_STOP_WITHIN: must be a length of time such as PT4S, or seconds",
    ]


def test_variables_that_do_not_go_together_are_named_without_another_before_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EVENHAND_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(SettingsError, match=r"^EVENHAND_KAFKA_SASL_USERNAME and "):
        load(KafkaSettings)


def test_a_secret_comes_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "evenhand_database_url").write_text("postgresql://from-a-file", encoding="utf-8")
    monkeypatch.setenv("EVENHAND_SECRETS_DIR", str(tmp_path))
    settings = load(ServiceSettings)
    assert settings.database_url.get_secret_value() == "postgresql://from-a-file"
    assert "from-a-file" not in repr(settings)


def test_a_login_without_a_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(SettingsError, match="EVENHAND_KAFKA_SASL_PASSWORD"):
        load(KafkaSettings)
