"""What a stack writes down in its folder: where it answers, and its secrets.

`stack.json` is replaced whole and readable by its owner only. It stays after the stop: the next run
on the same data goes on with the same key and secrets.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_serializer

FILE: Final = "stack.json"


class Addresses(BaseModel):
    """Where the parts of a running stack answer."""

    model_config = ConfigDict(frozen=True)

    intake_url: str
    services: dict[str, str]
    """Base address of each service, for `/readyz` and `/metrics`."""
    traces_url: str | None
    inbox_url: str
    smtp_port: int
    kafka_bootstrap: str
    kafka_idempotence: bool
    bank_url: str | None = None
    """The sandbox bank, which the decision service asks."""


class StackState(BaseModel):
    """The content of `stack.json`."""

    model_config = ConfigDict(frozen=True)

    addresses: Addresses
    admin_database_url: SecretStr
    database_urls: dict[str, SecretStr]
    api_key: SecretStr
    webhook_secret: SecretStr
    # Made anew where an older run has written down none.
    status_secret: SecretStr = Field(default_factory=lambda: SecretStr(secrets.token_hex(32)))

    @field_serializer(
        "admin_database_url", "api_key", "webhook_secret", "status_secret", when_used="json"
    )
    def _show(self, secret: SecretStr) -> str:
        return secret.get_secret_value()

    @field_serializer("database_urls", when_used="json")
    def _show_each(self, shown: dict[str, SecretStr]) -> dict[str, str]:
        return {name: secret.get_secret_value() for name, secret in shown.items()}


def read(folder: Path) -> StackState | None:
    """Return what is written down; nothing where no stack was started or the file is broken."""
    try:
        return StackState.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def write(folder: Path, state: StackState) -> None:
    """Replace what is written down; a reader sees the old file or the new one."""
    fresh = folder / f"{FILE}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(state.model_dump_json(indent=2) + "\n")
    fresh.replace(folder / FILE)
