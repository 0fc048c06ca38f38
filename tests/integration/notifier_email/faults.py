"""What goes wrong with a mail."""

from dataclasses import dataclass, field

from deploy.local.mailbox.receiving import Fault


@dataclass
class Faults:
    """What goes wrong for an address, one after the other."""

    of: dict[str, list[Fault | None]] = field(default_factory=dict)

    def __call__(self, address: str) -> Fault | None:
        waiting = self.of.get(address)
        return waiting.pop(0) if waiting else None
