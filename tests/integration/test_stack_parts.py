"""What a stack is held together by: the folder's lock, the children's identities, the ports."""

import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import identity, lock
from deploy.local.identity import Identity
from deploy.local.processes import ROOT
from deploy.local.settings import Ports, PortTakenError


@contextlib.contextmanager
def sleeper(code: str = "import time; time.sleep(60)") -> Iterator["subprocess.Popen[bytes]"]:
    words = [sys.executable, "-c", code]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)  # noqa: S603 - our own code
    assert process.stdout is not None
    with process.stdout:
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def identity_of(process: "subprocess.Popen[bytes]") -> Identity:
    found = identity.identify("part", process.pid)
    assert found is not None
    return found


def test_a_lock_is_free_again_when_its_holder_is_killed(tmp_path: Path) -> None:
    holding = (
        f"import sys, time; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path;"
        "from deploy.local import lock;"
        f"held = lock.acquire(Path({str(tmp_path)!r})); print(flush=True); time.sleep(60)"
    )
    with sleeper(holding) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(lock.AlreadyRunningError, match=f"process {process.pid}"):
            lock.acquire(tmp_path)
        process.kill()
        process.wait()
        lock.acquire(tmp_path).release()


async def test_a_left_over_child_is_ended(tmp_path: Path) -> None:
    with sleeper() as process:
        identity.remember(tmp_path, [identity_of(process)])
        # Reaped meanwhile, as an orphan is by its new parent.
        ended = await identity.end(identity.recall(tmp_path), signal.SIGTERM, within=5)
        assert ended == ["part"]
        assert process.wait(5) == -signal.SIGTERM


async def test_a_child_that_ignores_the_signal_is_killed() -> None:
    deaf = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    with sleeper(deaf) as process:
        assert process.stdout is not None
        process.stdout.readline()
        await identity.end([identity_of(process)], signal.SIGTERM, within=0.3)
        assert process.wait(5) == -signal.SIGKILL


async def test_a_foreign_process_with_a_childs_number_is_never_signalled() -> None:
    with sleeper() as process:
        child = identity_of(process)
        foreign = dataclasses.replace(child, started=child.started + "1")
        assert await identity.end([foreign], signal.SIGKILL, within=1) == []
        assert process.poll() is None


def test_nothing_to_recall_is_no_error(tmp_path: Path) -> None:
    assert identity.recall(tmp_path) == []
    (tmp_path / "children.json").write_text("{", encoding="utf-8")
    assert identity.recall(tmp_path) == []
    assert identity.identify("part", 2**22 + os.getpid()) is None


def test_every_part_gets_a_port_of_its_own_and_keeps_the_one_it_asked_for() -> None:
    chosen = Ports(intake=0, broker=0).chosen()
    every = dataclasses.astuple(chosen)
    assert 0 not in every
    assert len(set(every)) == len(every)
    assert chosen.chosen() == chosen


def test_a_taken_port_is_refused_or_replaced_as_is_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"port {port} of traces .*EVENHAND_TRACES_PORT"):
            Ports(traces=port).chosen()
        assert Ports(traces=port).yielding().traces not in (0, port)
