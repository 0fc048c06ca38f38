"""How today's tags differ from those of a reference: shares, confidence, languages, abstentions.

Only counts are kept, never a text or a customer. The population stability index compares the shares
of the newest messages with the reference: 0 is the same, .1 is noticed, .25 is another population.
"""

import json
import math
from collections import Counter as Counts
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from prometheus_client import Counter, Gauge, Histogram
from pydantic import TypeAdapter, ValidationError

from shared.errors import EvenhandError
from shared.events.tags import Fault, Flag, Pressure, Tags, Tone

TAGS: Final = Counter("evenhand_tags", "Tags that were given", ["target", "value"])
UNSURE: Final = Counter(
    "evenhand_tags_unsure",
    "Tags below the confidence that the shipped policy asks for",
    ["target", "value"],
)
CONFIDENCE: Final = Histogram(
    "evenhand_tag_confidence",
    "How sure the tags were",
    ["target"],
    buckets=(0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0),
)
LANGUAGES: Final = Counter("evenhand_message_languages", "Messages by language", ["language"])
DRIFT: Final = Gauge(
    "evenhand_tag_drift",
    "Population stability index of the newest messages against the reference",
    ["target", "reference"],
)

SURE: Final[Mapping[str, Mapping[str, float]]] = {
    "tone": {"courteous": 0.6, "upset": 0.6, "rude": 0.7, "abusive": 0.6},
    "pressure": {"none": 0.6, "recourse": 0.6, "leverage": 0.6, "violence": 0.6},
    "fault": {"company": 0.4, "customer": 0.6, "third_party": 0.5, "shared": 0.6, "unclear": 0.45},
}
"""Below these a tag is a guess to the shipped policy."""
WINDOW: Final = 2000
_FEWEST: Final = 200
"""Shares of fewer messages differ by chance alone."""
_FLOOR: Final = 0.005
"""A share is taken to be no smaller, so that a value never met before is no infinite surprise."""

VALUES: Final[dict[str, tuple[str, ...]]] = {
    "tone": tuple(Tone),
    "pressure": tuple(Pressure),
    "fault": tuple(Fault),
    "flags": (*Flag, "none"),
    "language": ("en", "ru", "uk", "pl", "und"),
}
"""What is compared; a message counts once for each flag, or for none."""

Kind = Literal["shipped", "own"]
"""Whose reference it is: the shipped one has the mixture of the training cases, not of a bank."""
Shares = Mapping[str, Mapping[str, float]]
_SHARES: Final = TypeAdapter(dict[str, dict[str, float]])
SHIPPED: Final = Path(__file__).parent / "model" / "reference.json"


class ReferenceFileError(EvenhandError):
    """The reference cannot be used; the text names the file."""


def read(path: Path) -> Shares:
    """Read a reference: shares per target and value, as `shares` gives them.

    Raises:
        ReferenceFileError: the file is missing, or its shares are not those of these targets.

    """
    try:
        found = _SHARES.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ReferenceFileError(
            f"cannot read the reference {path}: {type(error).__name__}"
        ) from error
    for target, values in VALUES.items():
        given = found.get(target, {})
        if not set(given) <= set(values) or not math.isclose(sum(given.values()), 1, abs_tol=0.01):
            raise ReferenceFileError(f"{path}: the shares of {target} are not those of its values")
    return found


def written(found: Shares) -> str:
    """Return a reference as it stands in a file."""
    return json.dumps(found, indent=2) + "\n"


def pairs(tags: Tags) -> Iterator[tuple[str, str]]:
    """Yield what a message counts for."""
    yield "tone", tags.tone.value
    yield "pressure", tags.pressure.value
    yield "fault", tags.fault.value
    if not tags.flags:
        yield "flags", "none"
    for flag in tags.flags:
        yield "flags", flag.value
    yield "language", tags.language if tags.language in VALUES["language"] else "und"


def shares(tagged: Iterable[Tags]) -> Shares:
    """Return how often each value was given, per target, as shares of 1."""
    return shares_of(Counts(pair for tags in tagged for pair in pairs(tags)))


def shares_of(counts: Mapping[tuple[str, str], int]) -> Shares:
    """Return the shares of what was counted, as `pairs` tells it."""
    found = {}
    for target, values in VALUES.items():
        whole = sum(counts.get((target, value), 0) for value in values) or 1
        found[target] = {
            str(value): round(counts.get((target, value), 0) / whole, 6) for value in values
        }
    return found


def stability(expected: Mapping[str, float], found: Mapping[str, float]) -> float:
    """Return the population stability index of two distributions over the same values."""
    total = 0.0
    for value in expected.keys() | found.keys():
        before = max(expected.get(value, 0.0), _FLOOR)
        after = max(found.get(value, 0.0), _FLOOR)
        total += (after - before) * math.log(after / before)
    return total


class Window:
    """The newest messages' tags, as counts."""

    def __init__(self, reference: Shares, kind: Kind, size: int = WINDOW) -> None:
        self._reference = reference
        self._kind = kind
        self._size = size
        self._newest: deque[tuple[tuple[str, str], ...]] = deque()
        self._counts: Counts[tuple[str, str]] = Counts()

    def note(self, tagged: Sequence[Tags]) -> None:
        """Count these messages and measure anew."""
        _measure(tagged)
        for tags in tagged:
            counted = tuple(pairs(tags))
            self._newest.append(counted)
            self._counts.update(counted)
            if len(self._newest) > self._size:
                self._counts.subtract(self._newest.popleft())
        for target, index in self.drift().items():
            DRIFT.labels(target, self._kind).set(index)

    def drift(self) -> dict[str, float]:
        """Return the index per target; nothing while there are too few messages."""
        if len(self._newest) < min(_FEWEST, self._size):
            return {}
        found = shares_of(self._counts)
        return {
            target: stability(self._reference[target], found[target]) for target in self._reference
        }


def _measure(tagged: Sequence[Tags]) -> None:
    """Add a batch to the metrics, once for each value that is in it."""
    given: Counts[tuple[str, str]] = Counts()
    unsure: Counts[tuple[str, str]] = Counts()
    heard = {target: CONFIDENCE.labels(target) for target in (*SURE, "flags")}
    for tags in tagged:
        given.update(pairs(tags))
        for target, tag in (
            ("tone", tags.tone),
            ("pressure", tags.pressure),
            ("fault", tags.fault),
        ):
            heard[target].observe(tag.confidence)
            if tag.confidence < SURE[target][tag.value]:
                unsure[target, tag.value] += 1
        for flag in tags.flags:
            heard["flags"].observe(flag.confidence)
    for (target, value), times in given.items():
        if target == "language":
            LANGUAGES.labels(value).inc(times)
        else:
            TAGS.labels(target, value).inc(times)
    for (target, value), times in unsure.items():
        UNSURE.labels(target, value).inc(times)
