"""Nobody is asked unless a bank sets an endpoint up, whole and safe."""

from datetime import timedelta
from pathlib import Path

import pytest

from services.classifier.asking.settings import AskingSettings
from shared.settings import SettingsError, load


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"url": "https://llm.example/v1"}, "_MODEL"),
        ({"url": "http://llm.example/v1", "model": "m"}, "https"),
        ({"url": "http://10.0.0.1/v1", "model": "m"}, "https"),
        ({"url": "http://localhost.example.com/v1", "model": "m"}, "https"),
        ({"url": "https://llm.example/v1?api-version=1", "model": "m"}, "no query"),
        ({"url": "https://me:secret@llm.example/v1", "model": "m"}, "password"),
        ({"url": "https://llm.example/v1", "model": "m", "key": "a\r\nx-evil: 1"}, "printable"),
        ({"url": "https://llm.example/v1", "model": "m", "key": "ключ"}, "printable"),
        ({"url": "https://llm.example/v1", "model": "m", "ca_file": "/nowhere.pem"}, "file"),
    ],
)
def test_a_model_that_is_half_set_up_or_far_and_unencrypted_is_refused(
    given: dict[str, str], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        AskingSettings.model_validate(given)


def test_the_key_comes_from_a_file_of_the_platform_and_the_rest_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "evenhand_classifier_llm_key").write_text("from-a-file")
    monkeypatch.setenv("EVENHAND_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("EVENHAND_CLASSIFIER_LLM_URL", "https://llm.example/v1")
    monkeypatch.setenv("EVENHAND_CLASSIFIER_LLM_MODEL", "m")
    monkeypatch.setenv("EVENHAND_CLASSIFIER_LLM_TIMEOUT", "PT2.5S")
    settings = load(AskingSettings)
    assert settings.key is not None
    assert settings.key.get_secret_value() == "from-a-file"
    assert settings.timeout == timedelta(seconds=2.5)
    monkeypatch.delenv("EVENHAND_CLASSIFIER_LLM_MODEL")
    with pytest.raises(SettingsError, match="EVENHAND_CLASSIFIER_LLM_MODEL"):
        load(AskingSettings)


def test_nobody_is_asked_by_default_and_the_key_is_not_shown() -> None:
    assert AskingSettings().url is None
    told = AskingSettings.model_validate(
        {"url": "https://llm.example/v1", "model": "m", "key": "secret-key"}
    )
    assert "secret-key" not in repr(told)
