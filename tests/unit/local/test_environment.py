"""What the parts of the embedded stack are told."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.local import environment
from deploy.local.settings import ClassifierVariables, Options, Ports
from deploy.local.state import Addresses, StackState
from services.classifier.asking.settings import AskingSettings
from services.classifier.settings import ClassifierSettings
from shared.migrate import SERVICES
from shared.settings import ServiceSettings, load


def test_every_setting_of_the_classifier_can_be_given() -> None:
    own = set(ClassifierSettings.model_fields) - set(ServiceSettings.model_fields)
    asking = {f"classifier_llm_{name}" for name in AskingSettings.model_fields}
    known = {f"classifier_{name}" for name in ClassifierVariables.model_fields}
    assert known == own | asking


def test_what_is_set_for_the_classifier_reaches_it_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evenhand_classifier_llm_key").write_text("from-a-file\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVENHAND_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("EVENHAND_CLASSIFIER_TIER", "cascade")
    monkeypatch.setenv("EVENHAND_CLASSIFIER_REFERENCE", "reference.json")
    monkeypatch.setenv("EVENHAND_CLASSIFIER_LLM_URL", "https://llm.example/v1")
    monkeypatch.setenv("EVENHAND_CLASSIFIER_LLM_MODEL", "")
    given = load(ClassifierVariables).given()
    assert given == {
        "EVENHAND_CLASSIFIER_TIER": "cascade",
        "EVENHAND_CLASSIFIER_REFERENCE": str(tmp_path / "reference.json"),
        "EVENHAND_CLASSIFIER_LLM_URL": "https://llm.example/v1",
        "EVENHAND_CLASSIFIER_LLM_KEY": "from-a-file",
    }
    told = environment.of_services(
        Options(folder=tmp_path, classifier=given), Ports(), _state(), stop_within=5
    )
    assert given.items() <= told["classifier"].items()
    for service in set(SERVICES) - {"classifier"}:
        assert not [name for name in told[service] if name.startswith("EVENHAND_CLASSIFIER")]


def _state() -> StackState:
    address = "http://127.0.0.1:1"
    return StackState(
        addresses=Addresses(
            intake_url=address,
            services=dict.fromkeys(SERVICES, address),
            traces_url=None,
            inbox_url=address,
            smtp_port=1,
            kafka_bootstrap="127.0.0.1:1",
            kafka_idempotence=False,
        ),
        admin_database_url=SecretStr("postgresql://"),
        database_urls=dict.fromkeys(SERVICES, SecretStr("postgresql://")),
        api_key=SecretStr("key"),
        webhook_secret=SecretStr("secret"),
    )
