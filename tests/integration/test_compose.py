"""docker-compose.yml with the real compose binary, which reads it as an engine would be told it."""

import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from aiokafka.admin import AIOKafkaAdminClient
from pydantic_settings import BaseSettings

from deploy.local import broker as brokers
from deploy.local import kafka
from deploy.local.ports import free_port
from evenhand.settings import ClientSettings
from services.classifier.asking.settings import AskingSettings
from services.classifier.settings import ClassifierSettings
from services.decision.settings import DecisionSettings
from services.intake.settings import IntakeSettings
from services.notifier.settings import NotifierSettings
from shared.events.catalogue import Topic
from shared.settings import KafkaSettings, ServiceSettings, load

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "docker-compose.yml"
COMPOSE: Final = Path(sys.executable).parent / "docker-compose"

SERVICES: Final[dict[str, type[ServiceSettings]]] = {
    "intake": IntakeSettings,
    "classifier": ClassifierSettings,
    "decision": DecisionSettings,
    "notifier": NotifierSettings,
}
READERS: Final[dict[str, tuple[type[BaseSettings], ...]]] = {
    **{name: (kind, KafkaSettings) for name, kind in SERVICES.items()},
    "migrate": (ClientSettings,),
    "classifier": (ClassifierSettings, AskingSettings, KafkaSettings),
    "topics": (KafkaSettings,),
    "operator": (ClientSettings, KafkaSettings),
}
ONE_SHOT: Final = {"migrate", "topics", "operator"}
CANNOT_BE_ASKED: Final = {"otel-collector"}  # its image holds one program, which has no such word
OF_THE_IMAGE: Final = {"EVENHAND_HTTP_HOST": "0.0.0.0", "EVENHAND_HTTP_PORT": "8080"}  # noqa: S104 - what the Dockerfile sets

Composed = dict[str, Any]


def _run(
    *words: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own words
        words, check=False, capture_output=True, text=True, cwd=cwd, env=env
    )


def _make_secrets(folder: Path) -> None:
    assert not _run(ROOT / "deploy" / "compose" / "make-secrets", folder).returncode


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "secrets"
    _make_secrets(folder)
    return folder


@pytest.fixture(scope="module")
def raw() -> Composed:
    return dict(yaml.safe_load(FILE.read_text()))


@pytest.fixture(scope="module")
def composed(secrets: Path) -> Composed:
    done = _config({"EVENHAND_SECRETS_FOLDER": str(secrets)})
    assert not done.stderr
    return dict(json.loads(done.stdout))


def _config(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return _run(
        *(COMPOSE, "--project-directory", ROOT, "--file", FILE, "--env-file", "/dev/null"),
        *("--profile", "*", "config", "--format", "json"),
        env=environment,
    )


def _services(composed: Composed) -> list[tuple[str, Composed]]:
    return list(composed["services"].items())


def test_without_secrets_the_file_says_how_to_make_them() -> None:
    done = _config({})
    assert done.returncode
    assert "run deploy/compose/make-secrets first" in done.stderr


def test_every_image_is_a_variable_with_a_fixed_default(raw: Composed) -> None:
    for name, service in _services(raw):
        found = re.fullmatch(r"\$\{EVENHAND_[A-Z]+_IMAGE:-([^}]+)\}", service["image"])
        assert found, name
        if "build" not in service:
            _, _, tag = found[1].rpartition(":")
            assert re.search(r"\d", tag), f"{name}: {found[1]} names no version"


def test_no_secret_is_in_the_file_or_in_an_environment(secrets: Path, composed: Composed) -> None:
    shown = json.dumps(composed)
    made = {file.name: file.read_text() for file in secrets.iterdir()}
    # Only a running system can make the one, only somebody else the other.
    assert (made.pop("intake_key"), made.pop("classifier_llm_key")) == ("", "")
    for name, secret in made.items():
        assert secret not in shown, name
    for name, service in _services(composed):
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN(?!S)|SECRET|_KEY|DATABASE_URL", variable):
                assert value is None or value.startswith("/run/secrets"), f"{name}: {variable}"
    assert not re.search(r"://[^/\s:]+:[^/\s]+@", FILE.read_text())


def test_made_secrets_are_kept_and_closed_to_others(secrets: Path) -> None:
    before = {file.name: file.read_text() for file in secrets.iterdir()}
    _make_secrets(secrets)
    assert {file.name: file.read_text() for file in secrets.iterdir()} == before
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    passwords = {text for name, text in before.items() if name.endswith(("_password", "_token"))}
    assert len(passwords) == 8, "no secret is used twice"


def test_made_secrets_are_found_without_another_word(tmp_path: Path) -> None:
    folder = tmp_path / "deploy" / "compose"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "compose" / "make-secrets", folder)
    assert not _run(folder / "make-secrets").returncode
    shutil.copy(FILE, tmp_path)
    done = _run(COMPOSE, "config", "--format", "json", cwd=tmp_path, env={})
    assert not done.returncode, done.stderr
    for secret in json.loads(done.stdout)["secrets"].values():
        assert Path(secret["file"]).is_file()


def test_every_secret_is_made(secrets: Path, composed: Composed) -> None:
    wanted = {Path(secret["file"]).name for secret in composed["secrets"].values()}
    assert wanted == {file.name for file in secrets.iterdir()}


def test_every_service_is_asked_how_it_is_or_ends_by_itself(composed: Composed) -> None:
    for name, service in _services(composed):
        check = service.get("healthcheck", {})
        if name in ONE_SHOT:
            assert service["restart"] == "no", name
            continue
        assert service["restart"] == "unless-stopped", name
        if name in CANNOT_BE_ASKED:
            assert check == {"disable": True}
            continue
        assert check["test"][0] == "CMD", name
        assert not [word for word in check["test"] if re.search(r"\s", word)], name


def test_every_container_is_restricted(composed: Composed) -> None:
    for name, service in _services(composed):
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name
        if "build" not in service:  # the Dockerfile says it for ours
            assert not service["user"].startswith("0"), name


def test_only_four_pages_are_published_and_only_on_loopback(composed: Composed) -> None:
    published = {
        name: (port["host_ip"], port["published"])
        for name, service in _services(composed)
        for port in service.get("ports", ())
    }
    assert published == {
        "intake": ("127.0.0.1", "8080"),
        "notifier": ("127.0.0.1", "8083"),
        "traces": ("127.0.0.1", "16686"),
        "mail": ("127.0.0.1", "8025"),
    }
    for name in ("postgres", "kafka", "decision"):
        assert set(composed["services"][name]["networks"]) == {"inside"}
    assert set(composed["services"]["classifier"]["networks"]) == {"inside", "model"}
    assert composed["networks"]["inside"]["internal"] is True
    assert composed["networks"]["model"]["internal"] is True


def test_every_variable_of_ours_is_a_setting(composed: Composed) -> None:
    for name, kinds in READERS.items():
        known = {"EVENHAND_SECRETS_DIR"} | {
            f"{kind.model_config.get('env_prefix')}{field}".upper()
            for kind in kinds
            for field in kind.model_fields
        }
        service = composed["services"][name]
        given = {*service.get("environment", ()), *OF_THE_IMAGE} if name in SERVICES else set()
        given |= {secret["target"].upper() for secret in service.get("secrets", ())}
        assert given <= known, name


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_starts_with_what_it_is_given(
    name: str, composed: Composed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert all(f"{variable}={value}" in dockerfile for variable, value in OF_THE_IMAGE.items())
    service = composed["services"][name]
    for secret in service["secrets"]:
        shutil.copy(composed["secrets"][secret["source"]]["file"], tmp_path / secret["target"])
    for variable, value in (service["environment"] | OF_THE_IMAGE).items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("EVENHAND_SECRETS_DIR", str(tmp_path))
    settings = load(SERVICES[name])
    assert f"//evenhand_{name}:" in settings.database_url.get_secret_value()
    assert settings.metrics_token is not None
    assert not settings.open_metrics
    assert load(KafkaSettings).bootstrap == "kafka:9092"
    assert service["stop_grace_period"] == "30s"
    assert settings.stop_within.total_seconds() < 30
    if name == "classifier":
        assert not service["build"]["args"]["PACKAGES"]
        asking = load(AskingSettings)
        assert (asking.url, asking.key) == (None, None)


def test_every_setting_of_the_classifier_reaches_it_and_its_key_only_as_a_file(
    secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bank").mkdir()
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "evenhand_classifier_llm_key").write_text("key-of-the-bank\n")
    authority = tmp_path / "bank" / "ca.pem"
    authority.touch()
    wanted = {
        "TIER": "cascade",
        "REFERENCE": "/bank/reference.json",
        "KEEP_CORRECTIONS": "P30D",
        "LLM_URL": "https://llm.bank.example/v1",
        "LLM_MODEL": "m",
        "LLM_CA_FILE": str(authority),
        "LLM_BELOW": "0.5",
        "LLM_TRUST": "0.8",
        "LLM_RESPONSE_FORMAT": "none",
        "LLM_TIMEOUT": "PT2S",
        "LLM_BATCH_WITHIN": "PT5S",
        "LLM_AT_ONCE": "3",
        "LLM_PER_MINUTE": "9",
        "LLM_TOKENS_PER_DAY": "77",
    }
    given = {f"EVENHAND_CLASSIFIER_{name}": value for name, value in wanted.items()}
    done = _config(
        {
            "EVENHAND_SECRETS_FOLDER": str(secrets),
            "EVENHAND_CLASSIFIER_FOLDER": str(tmp_path / "bank"),
            "EVENHAND_CLASSIFIER_LLM_NETWORK_CLOSED": "false",
            **given,
        }
    )
    assert not done.stderr
    composed = json.loads(done.stdout)
    service = composed["services"]["classifier"]
    assert {name: service["environment"][name] for name in given} == given
    assert service["build"]["args"]["PACKAGES"] == "deep", "what the tier needs is in the image"
    assert not composed["networks"]["model"].get("internal")
    (mounted,) = service["volumes"]
    assert (mounted["source"], mounted["target"]) == (str(tmp_path / "bank"), "/bank")
    assert mounted["read_only"] is True
    for variable, value in service["environment"].items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("EVENHAND_DATABASE_URL", "postgresql://nobody@127.0.0.1/none")
    monkeypatch.setenv("EVENHAND_SECRETS_DIR", str(tmp_path / "secrets"))
    asking, own = load(AskingSettings), load(ClassifierSettings)
    assert asking.model_fields_set == set(AskingSettings.model_fields)
    assert asking.key is not None
    assert asking.key.get_secret_value() == "key-of-the-bank"
    of_the_service = set(ClassifierSettings.model_fields) - set(ServiceSettings.model_fields)
    assert of_the_service <= own.model_fields_set


def test_the_example_of_settings_is_complete(raw: Composed) -> None:
    # The variables of the file itself, with their defaults.
    asked = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", json.dumps(raw)))
    example = (ROOT / "deploy" / "compose" / "env.example").read_text()
    assert dict(re.findall(r"^#(\w+)=(.*)$", example, re.MULTILINE)) == asked


async def test_the_topics_are_those_of_the_catalogue(composed: Composed, tmp_path: Path) -> None:
    service = composed["services"]["topics"]
    words: list[str] = [*service["entrypoint"], *service["command"]]
    assert words[0] == "python"
    partitions = int(words[-1])
    assert partitions >= 4
    broker = await brokers.start(free_port(), tmp_path / "broker.log")
    try:
        made = _run(sys.executable, *words[1:], env={"EVENHAND_KAFKA_BOOTSTRAP": broker.bootstrap})
        assert not made.returncode, made.stderr
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await admin.start()
        try:
            described = await admin.describe_topics(list(Topic))
        finally:
            await admin.close()
    finally:
        await broker.stop()
    found = {topic["topic"]: len(topic["partitions"]) for topic in described}
    assert found == dict.fromkeys(Topic, partitions)


@pytest.mark.kafka
def test_apache_kafka_takes_the_settings(composed: Composed, tmp_path: Path) -> None:
    if reason := kafka.available():
        pytest.skip(reason)
    for folder in ("defaults", "mounted", "final"):
        (tmp_path / folder).mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (tmp_path / "defaults" / name).touch()
    given = composed["services"]["kafka"]["environment"]
    java = shutil.which("java")
    assert java
    # What the image runs before the broker: it writes the settings and makes the data folder.
    done = _run(
        *(java, "-Xmx128m", "-cp", f"{kafka.POM.parent}/target/jars/*"),
        *("kafka.docker.KafkaDockerWrapper", "setup", "--default-configs-dir", "defaults"),
        *("--mounted-configs-dir", "mounted", "--final-configs-dir", "final"),
        cwd=tmp_path,
        env={**given, "KAFKA_LOG_DIRS": str(tmp_path / "data")},
    )
    assert not done.returncode, done.stdout + done.stderr
    made = (tmp_path / "data" / "meta.properties").read_text()
    assert f"cluster.id={given['CLUSTER_ID']}" in made
    written = (tmp_path / "final" / "server.properties").read_text().splitlines()
    assert "advertised.listeners=PLAINTEXT://kafka:9092" in written
