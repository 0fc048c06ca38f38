"""What receivers have taken, on this machine's disk, until the database knows it too.

SMTP, webhooks and SMS gateways give no way to ask whether a message was taken (RFC 1047). A process
that is killed between a receiver's yes and the commit would send it again. Each yes is therefore
first written to a file, which outlives the process; the next one settles from it what it finds.

Invariant: a file is read by one process only, and never while its writer lives. What is still sent
twice, with the same Message-ID or webhook id: where the machine itself is lost or no folder is set,
where another process took the notice over meanwhile, and where the connection broke before the yes.
"""

import fcntl
import logging
import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import orjson

from services.notifier.attempts import Said, Sent
from services.notifier.domain import Outgoing

_log = logging.getLogger(__name__)

_LARGEST: Final = 256 * 1024
_SUFFIX: Final = ".sent"


class Journal:
    """The file of one channel of this process."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._open: dict[tuple[UUID, UUID], bytes] = {}
        self._size = 0
        self._file: int | None = None
        self._path: Path | None = None
        self._failed = False

    def note(self, outgoing: Outgoing, sent: Sent) -> None:
        """Write down that a notice was taken; a disk that is full stops nothing."""
        said = sent.said
        proof = (said.subject, b64encode(said.sha256).decode(), said.texts) if said else None
        line = orjson.dumps([str(outgoing.id), str(outgoing.lease), proof]) + b"\n"
        try:
            if self._file is None:
                self._file = self._create()
            os.write(self._file, line)
        except OSError as error:
            if not self._failed:  # once: it would be so for every notice
                _log.error("the journal cannot be written: %s", error.strerror)
            self._failed = True
            return
        self._size += len(line)
        self._open[outgoing.id, outgoing.lease] = line

    def settled(self, notices: Sequence[Outgoing]) -> None:
        """Forget what the database knows now."""
        for notice in notices:
            self._open.pop((notice.id, notice.lease), None)
        if self._file is not None and (self._size > _LARGEST or (self._size and not self._open)):
            # Killed between the two, we would send again what is open: no more than without a file.
            os.ftruncate(self._file, 0)
            rest = b"".join(self._open.values())
            os.write(self._file, rest)
            self._size = len(rest)

    def _create(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        while True:
            path = self._folder / f"{self._name}-{uuid4().hex}{_SUFFIX}"
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists():  # else a starting process took it for one left behind
                self._path = path
                return file
            os.close(file)

    def close(self) -> None:
        """End it; a file with nothing open in it is of no more use to anybody."""
        if self._file is None or self._path is None:
            return
        if not self._open:
            self._path.unlink(missing_ok=True)
        os.close(self._file)
        self._file = None


class Left:
    """The files of a channel that killed processes have left behind; others cannot read them."""

    def __init__(self, folder: Path, name: str) -> None:
        self._files: list[tuple[Path, int]] = []
        for path in sorted(folder.glob(f"{name}-*{_SUFFIX}")):
            try:
                file = os.open(path, os.O_RDWR)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)  # its writer lives
            else:
                self._files.append((path, file))

    def read(self) -> list[tuple[UUID, UUID, Said | None]]:
        """Return notice, lease and proof of what was taken; a line cut off in the middle is not."""
        return [
            entry
            for path, _ in self._files
            for line in path.read_bytes().splitlines(keepends=True)
            if line.endswith(b"\n") and (entry := _entry(line)) is not None
        ]

    def remove(self) -> None:
        """Remove the files: the database knows what they say."""
        for path, file in self._files:
            path.unlink(missing_ok=True)
            os.close(file)
        self._files.clear()


def _entry(line: bytes) -> tuple[UUID, UUID, Said | None] | None:
    try:
        notice, lease, proof = orjson.loads(line)
        said = Said(proof[0], b64decode(proof[1]), proof[2]) if proof else None
        return UUID(notice), UUID(lease), said
    except (ValueError, TypeError):
        return None
