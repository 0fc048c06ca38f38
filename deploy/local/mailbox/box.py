"""All mailboxes together: what is kept, what was counted.

Invariant: a recipient has a mail with a given Message-ID at most once; a repeat is counted, not
kept. The number of letters kept is bounded, the oldest go first. The counts stay exact beyond
that; remembering what has come costs about 100 bytes a letter.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Protocol

from deploy.local.mailbox.letters import Letter, index_headers

KEPT_LETTERS = 50_000
KEPT_BYTES = 512 * 1024 * 1024


class Contents(Protocol):
    """Where the letters' bytes are: in memory or in a folder."""

    def put(self, letter: Letter, raw: bytes) -> None: ...

    def get(self, letter_id: int) -> bytes: ...

    def drop(self, letter_id: int) -> None: ...

    def letters(self) -> list[Letter]:
        """Return what an earlier run left, by id."""


class InMemory:
    """Contents that end with the process; all recipients of a mail share its bytes."""

    def __init__(self) -> None:
        self._raw: dict[int, bytes] = {}

    def put(self, letter: Letter, raw: bytes) -> None:
        self._raw[letter.id] = raw

    def get(self, letter_id: int) -> bytes:
        return self._raw[letter_id]

    def drop(self, letter_id: int) -> None:
        del self._raw[letter_id]

    def letters(self) -> list[Letter]:
        return []


@dataclass(frozen=True, slots=True)
class Counts:
    messages: int
    duplicates: int
    distinct_recipients: int


class Mailbox:
    """Letters by id, ascending as they came. `clock` gives seconds since 1970."""

    def __init__(
        self,
        contents: Contents,
        clock: Callable[[], float],
        *,
        kept_letters: int = KEPT_LETTERS,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self._contents = contents
        self._clock = clock
        self._kept_letters = kept_letters
        self._kept_bytes = kept_bytes
        self._letters: dict[int, Letter] = {}
        self._by_recipient: dict[str, deque[int]] = {}
        self._by_case: dict[str, deque[int]] = {}
        self._seen: set[bytes] = set()
        self._recipients: set[str] = set()
        self._bytes = 0
        self._duplicates = 0
        self._messages = 0
        self._next_id = 1
        for letter in contents.letters():
            if letter.indexed.message_id:
                self._seen.add(_fingerprint(letter.recipient, letter.indexed.message_id))
            self._add(letter)
        self._forget_oldest()

    @property
    def counts(self) -> Counts:
        return Counts(self._messages, self._duplicates, len(self._recipients))

    @property
    def kept(self) -> int:
        return len(self._letters)

    def deliver(self, sender: str, recipients: Sequence[str], raw: bytes) -> None:
        """Keep a mail for each recipient who does not have it. Raises OSError: nothing counted."""
        indexed = index_headers(raw)
        for recipient in recipients:
            fingerprint = _fingerprint(recipient, indexed.message_id)
            if indexed.message_id and fingerprint in self._seen:
                self._duplicates += 1
                continue
            letter = Letter(self._next_id, sender, recipient, self._clock(), indexed, len(raw))
            self._contents.put(letter, raw)
            self._seen.add(fingerprint)
            self._add(letter)
        self._forget_oldest()

    def _add(self, letter: Letter) -> None:
        self._letters[letter.id] = letter
        address = letter.recipient.lower()
        self._by_recipient.setdefault(address, deque()).append(letter.id)
        if letter.indexed.case:
            self._by_case.setdefault(letter.indexed.case, deque()).append(letter.id)
        self._recipients.add(address)
        self._bytes += letter.size
        self._messages += 1
        self._next_id = letter.id + 1

    def _forget_oldest(self) -> None:
        while len(self._letters) > self._kept_letters or self._bytes > self._kept_bytes:
            letter = self._letters.pop(next(iter(self._letters)))
            self._contents.drop(letter.id)
            self._bytes -= letter.size
            _forget_first(self._by_recipient, letter.recipient.lower())
            _forget_first(self._by_case, letter.indexed.case)

    def clear(self) -> None:
        """Empty every mailbox; counting begins anew, ids go on."""
        for letter_id in self._letters:
            self._contents.drop(letter_id)
        for store in (
            self._letters,
            self._by_recipient,
            self._by_case,
            self._seen,
            self._recipients,
        ):
            store.clear()
        self._bytes = self._duplicates = self._messages = 0

    def letter(self, letter_id: int) -> Letter | None:
        return self._letters.get(letter_id)

    def raw(self, letter: Letter) -> bytes:
        return self._contents.get(letter.id)

    def since(self, after: int, limit: int, *, to: str = "", case: str = "") -> list[Letter]:
        """Letters with an id above `after`, oldest first."""
        ids: Iterator[int] | deque[int]
        if case:
            ids = self._by_case.get(case, deque())
        elif to:
            ids = self._by_recipient.get(to.lower(), deque())
        else:
            ids = iter(range(max(after + 1, next(iter(self._letters), 1)), self._next_id))
        found = (
            letter
            for letter in map(self._letters.get, ids)
            if letter and letter.id > after and (not to or letter.recipient.lower() == to.lower())
        )
        return list(islice(found, limit))

    def newest(self, skip: int, limit: int, *, to: str = "", case: str = "") -> list[Letter]:
        """Letters, newest first, without the first `skip`."""
        if to or case:
            found = self.since(0, len(self._letters), to=to, case=case)
            return found[::-1][skip : skip + limit]
        return list(islice(reversed(self._letters.values()), skip, skip + limit))


def _forget_first(index: dict[str, deque[int]], key: str) -> None:
    ids = index.get(key)
    if ids:
        ids.popleft()
        if not ids:
            del index[key]


def _fingerprint(recipient: str, message_id: str) -> bytes:
    text = f"{recipient.lower()}\n{message_id}"
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()
