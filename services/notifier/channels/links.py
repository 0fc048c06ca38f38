"""How a channel gets the link to a case's status page."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

Link: TypeAlias = Callable[[UUID, datetime], str]
"""Returns where a customer can follow a case, for somebody who was told at this instant."""
