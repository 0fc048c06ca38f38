"""Where the command line finds the system: the environment first, else the stack of this folder."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local import state
from shared.errors import EvenhandError
from shared.settings import KafkaSettings, load

_NO_STACK = "no stack was started in {home}; run `evenhand up` there, or set {variable}"
_DECISION = "http://127.0.0.1:8082"
_NOTIFIER = "http://127.0.0.1:8083"


class ClientSettings(BaseSettings):
    """What a person or a script sets to reach a system that was started elsewhere."""

    model_config = SettingsConfigDict(env_prefix="EVENHAND_", frozen=True, extra="ignore")

    intake_url: str | None = None
    decision_url: str | None = Field(default=None, description="The review desk's HTTP interface")
    notifier_url: str | None = Field(default=None, description="The notifier's HTTP interface")
    api_key: SecretStr | None = None
    admin_database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL, as the database's owner"
    )
    home: Path = Field(default=Path(".evenhand"), description="Folder of the embedded stack")


def intake() -> tuple[str, str]:
    """Return the address of intake and the API key.

    Raises:
        EvenhandError: one of the two is found nowhere; the text names the variable.

    """
    settings = load(ClientSettings)
    stack = state.read(settings.home)
    address = settings.intake_url or (stack.addresses.intake_url if stack else None)
    key = settings.api_key or (stack.api_key if stack else None)
    if address is None:
        raise EvenhandError(_NO_STACK.format(home=settings.home, variable="EVENHAND_INTAKE_URL"))
    if key is None:
        raise EvenhandError(_NO_STACK.format(home=settings.home, variable="EVENHAND_API_KEY"))
    return address.rstrip("/"), key.get_secret_value()


def decision() -> tuple[str, str]:
    """Return the address of the review desk (the decision service) and the API key.

    Raises:
        EvenhandError: no key is found anywhere.

    """
    settings = load(ClientSettings)
    return _service(settings, "decision", settings.decision_url, _DECISION)


def notifier() -> tuple[str, str]:
    """Return the address of the notifier and the API key.

    Raises:
        EvenhandError: no key is found anywhere.

    """
    settings = load(ClientSettings)
    return _service(settings, "notifier", settings.notifier_url, _NOTIFIER)


def _service(
    settings: ClientSettings, name: str, address: str | None, otherwise: str
) -> tuple[str, str]:
    stack = state.read(settings.home)
    running = stack.addresses.services.get(name) if stack else None
    key = settings.api_key or (stack.api_key if stack else None)
    if key is None:
        raise EvenhandError(_NO_STACK.format(home=settings.home, variable="EVENHAND_API_KEY"))
    return (address or running or otherwise).rstrip("/"), key.get_secret_value()


def admin_database_url() -> str:
    """Return the address of the database, as its owner.

    Raises:
        EvenhandError: it is found nowhere.

    """
    settings = load(ClientSettings)
    if settings.admin_database_url is not None:
        return settings.admin_database_url.get_secret_value()
    if stack := state.read(settings.home):
        return stack.admin_database_url.get_secret_value()
    raise EvenhandError(
        _NO_STACK.format(home=settings.home, variable="EVENHAND_ADMIN_DATABASE_URL")
    )


def kafka() -> KafkaSettings:
    """Return how to reach the broker."""
    settings = load(KafkaSettings)
    stack = state.read(load(ClientSettings).home)
    if stack is None or "bootstrap" in settings.model_fields_set:
        return settings
    return settings.model_copy(
        update={
            "bootstrap": stack.addresses.kafka_bootstrap,
            "idempotence": stack.addresses.kafka_idempotence,
        }
    )
