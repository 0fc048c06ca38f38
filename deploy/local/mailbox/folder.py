"""Letters as files, one `.eml` each, so that they outlive the process.

A mailbox server puts the envelope in front of what it received; so do these files.
"""

import logging
import os
import re
from pathlib import Path

from deploy.local.mailbox.letters import Letter, index_headers

ENVELOPE = re.compile(rb"Return-Path: <(.*)>\r\nDelivered-To: (.*)\r\n")
log = logging.getLogger(__name__)


class Folder:
    """Contents kept in a folder, which is made when it is not there. Raises OSError."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path = path

    def put(self, letter: Letter, raw: bytes) -> None:
        envelope = f"Return-Path: <{letter.sender}>\r\nDelivered-To: {letter.recipient}\r\n"
        file = self._file(letter.id)
        file.write_bytes(envelope.encode("utf-8", "surrogateescape") + raw)
        os.utime(file, (letter.received_at, letter.received_at))

    def get(self, letter_id: int) -> bytes:
        return ENVELOPE.sub(b"", self._file(letter_id).read_bytes(), count=1)

    def drop(self, letter_id: int) -> None:
        self._file(letter_id).unlink(missing_ok=True)

    def letters(self) -> list[Letter]:
        """Read what an earlier run left, by id; a file that is no letter is left alone."""
        letters = []
        for file in sorted(self._path.glob("*.eml")):
            content = file.read_bytes()
            envelope = ENVELOPE.match(content)
            if envelope is None or not file.stem.isdecimal():
                log.warning("%s is not one of the catcher's letters, left alone", file.name)
                continue
            raw = content[envelope.end() :]
            letter = Letter(
                id=int(file.stem),
                sender=envelope[1].decode("utf-8", "surrogateescape"),
                recipient=envelope[2].decode("utf-8", "surrogateescape"),
                received_at=file.stat().st_mtime,
                indexed=index_headers(raw),
                size=len(raw),
            )
            letters.append(letter)
        return letters

    def _file(self, letter_id: int) -> Path:
        return self._path / f"{letter_id:010d}.eml"
