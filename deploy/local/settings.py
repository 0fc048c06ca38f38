"""How an embedded stack is run: its folder, its ports, its broker."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local import ports
from shared.errors import EvenhandError

Broker: TypeAlias = Literal["embedded", "apache"]
LogLevel: TypeAlias = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

_LARGEST: Final = 65_535


class PortTakenError(EvenhandError):
    """Somebody else listens on a port; the text names it and the setting to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where the parts listen on the loopback address; 0 takes a free one."""

    intake: int = 0
    classifier: int = 0
    decision: int = 0
    notifier: int = 0
    broker: int = 0
    controller: int = 0
    """Of Apache Kafka; the embedded broker has none."""
    traces: int = 0
    smtp: int = 0
    inbox: int = 0
    bank: int = 0

    def chosen(self) -> "Ports":
        """Return the ports with every 0 replaced.

        Raises:
            PortTakenError: somebody listens on a port that was asked for.

        """
        for name, port in dataclasses.asdict(self).items():
            if port and ports.is_taken(port):
                raise PortTakenError(
                    f"port {port} of {name} is taken by another program; "
                    f"set EVENHAND_{name.upper()}_PORT to another one, or to 0 for any free one"
                )
        return _filled(self)

    def yielding(self) -> "Ports":
        """Return the ports with every one that is taken, and every 0, replaced."""
        free = {n: 0 if ports.is_taken(p) else p for n, p in dataclasses.asdict(self).items()}
        return _filled(dataclasses.replace(self, **free))


def _filled(asked: Ports) -> Ports:
    """Replace every 0 by a free port, no port twice."""
    used = set(dataclasses.astuple(asked))
    filled = {}
    for name, port in dataclasses.asdict(asked).items():
        chosen = port
        while not port and chosen in used:
            chosen = ports.free_port()
        used.add(chosen)
        filled[name] = chosen
    return dataclasses.replace(asked, **filled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to start. The defaults suit tests: free ports, everything traced."""

    folder: Path
    ports: Ports = Ports()
    broker: Broker = "embedded"
    fresh: bool = False
    """True forgets what an earlier run left in the folder."""
    durable: bool = True
    """False may lose the last commits when the database is killed."""
    traces: bool = True
    """False starts no trace sink and exports nothing."""
    trace_ratio: float = 1.0
    log_level: LogLevel = "INFO"
    classifier: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Environment of the classifier alone: what the person who starts the stack has set for it."""
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """More environment for every service; goes before what the stack sets itself."""


class ClassifierVariables(BaseSettings):
    """Variables that go on to the classifier as they are; it reads and checks them."""

    model_config = SettingsConfigDict(
        env_prefix="EVENHAND_CLASSIFIER_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    tier: str | None = None
    reference: Path | None = None
    keep_corrections: str | None = None
    llm_url: str | None = None
    llm_model: str | None = None
    llm_key: SecretStr | None = None
    llm_ca_file: Path | None = None
    llm_below: str | None = None
    llm_trust: str | None = None
    llm_response_format: str | None = None
    llm_timeout: str | None = None
    llm_batch_within: str | None = None
    llm_at_once: str | None = None
    llm_per_minute: str | None = None
    llm_tokens_per_day: str | None = None

    def given(self) -> Mapping[str, str]:
        """Return what is set, by variable; services start in another folder, so paths are whole."""
        return {
            f"EVENHAND_CLASSIFIER_{name.upper()}": _plain(value)
            for name, value in self
            if value is not None
        }


def _plain(value: str | Path | SecretStr) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value.resolve()) if isinstance(value, Path) else value


class StackSettings(BaseSettings):
    """The embedded stack of `evenhand up` and `evenhand demo`, from the environment."""

    model_config = SettingsConfigDict(env_prefix="EVENHAND_", frozen=True, extra="ignore")

    home: Path = Path(".evenhand")
    broker: Broker = Field(
        default="embedded", description="`apache` is a real Kafka, fetched by deploy/kafka/"
    )
    intake_port: int = Field(default=8080, ge=0, le=_LARGEST)
    classifier_port: int = Field(default=8081, ge=0, le=_LARGEST)
    decision_port: int = Field(default=8082, ge=0, le=_LARGEST)
    notifier_port: int = Field(default=8083, ge=0, le=_LARGEST)
    broker_port: int = Field(default=9092, ge=0, le=_LARGEST)
    controller_port: int = Field(default=0, ge=0, le=_LARGEST)
    traces_port: int = Field(default=4318, ge=0, le=_LARGEST)
    smtp_port: int = Field(default=1025, ge=0, le=_LARGEST)
    inbox_port: int = Field(default=8025, ge=0, le=_LARGEST)
    bank_port: int = Field(default=8090, ge=0, le=_LARGEST)
    trace_ratio: float = Field(default=1.0, ge=0, le=1)
    log_level: LogLevel = "INFO"

    @property
    def ports(self) -> Ports:
        names = [part.name for part in dataclasses.fields(Ports)]
        return Ports(**{name: getattr(self, f"{name}_port") for name in names})
