"""A real Apache Kafka on this machine: one process, KRaft, its log on disk.

Invariant: what a producer was told is written survives SIGKILL and a start on the same folder
(not the machine's power: Kafka leaves that to replicas, and there is one).
"""

import asyncio
import base64
import functools
import hashlib
import re
import shutil
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Final

from deploy.local.broker import Broker, BrokerError, launch
from deploy.local.ports import LOOPBACK
from deploy.local.processes import tail

POM: Final = Path(__file__).parents[1] / "kafka" / "pom.xml"

_TARGET = POM.parent / "target"
_JARS = _TARGET / "jars"
_STAMP = _TARGET / "fetched"
_OLDEST_JAVA = 17
_FETCH_WITHIN = timedelta(minutes=5)
_STARTS_WITHIN = timedelta(seconds=60)
_STOPS_WITHIN = timedelta(seconds=20)
_JVM = (
    *("-Xms256m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"),
    *("-XX:-UsePerfData", "-Djava.awt.headless=true"),
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)


@functools.cache
def available() -> str | None:
    """Return why Kafka cannot run here, or nothing when it can. Fetches its jars when needed."""
    java = shutil.which("java")
    if java is None:
        return "there is no java"
    version = _java_version(java)
    if version < _OLDEST_JAVA:
        return f"java is version {version}, Kafka needs {_OLDEST_JAVA}"
    try:
        fetch()
    except BrokerError as error:
        return str(error)
    return None


def fetch() -> None:
    """Bring Kafka's jars with Maven, unless those of this `pom.xml` are there. Blocks.

    Raises:
        BrokerError: there is no Maven, or it could not get them.

    """
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return
    maven = shutil.which("mvn")
    if maven is None:
        raise BrokerError("there is no mvn to fetch Kafka with")
    shutil.rmtree(_TARGET, ignore_errors=True)  # another version's jars must not mix in
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            [maven, "-q", "-B", "-f", POM, "dependency:copy-dependencies"],
            check=False,
            capture_output=True,
            text=True,
            timeout=_FETCH_WITHIN.total_seconds(),
        )
    except subprocess.TimeoutExpired as error:
        raise BrokerError(f"mvn could not fetch Kafka within {_FETCH_WITHIN}") from error
    if done.returncode:
        said = next((line for line in done.stdout.splitlines() if "ERROR" in line), "no message")
        raise BrokerError(f"mvn could not fetch Kafka: {said}")
    _STAMP.write_text(wanted)


async def start(folder: Path, port: int, controller_port: int, log: Path) -> Broker:
    """Start Kafka on ports of the loopback address, with its data in `folder`.

    Takes 3 to 5 s; `available` must have been asked before. Its warnings are appended to `log`.
    Called on the main thread, it dies with this process.

    Raises:
        BrokerError: java is missing, a port is taken, or it ended or stayed silent.

    """
    java = shutil.which("java")
    if java is None:
        raise BrokerError("there is no java to run Kafka with")
    properties, is_formatted = _prepare(folder, port, controller_port)
    scratch = properties.parent / "tmp"
    words = [java, *_JVM, f"-Djava.io.tmpdir={scratch}", "-cp", f"{_JARS}/*"]
    if not is_formatted:
        await _format(words, properties, log)
    return await launch(
        [*words, "kafka.Kafka", str(properties)],
        port=port,
        log=log,
        starts_within=_STARTS_WITHIN,
        stops_within=_STOPS_WITHIN,
    )


def _java_version(java: str) -> int:
    said = subprocess.run(  # noqa: S603 - fixed words
        [java, "-version"], check=False, capture_output=True, text=True
    ).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else 0


def _prepare(folder: Path, port: int, controller_port: int) -> tuple[Path, bool]:
    folder = folder.absolute()
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    properties = folder / "server.properties"
    properties.write_text(_properties(folder / "log", port, controller_port))
    return properties, (folder / "log" / "meta.properties").exists()


def _properties(log_dir: Path, port: int, controller_port: int) -> str:
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": log_dir,
        # A topic made by a typo, or with the wrong number of partitions, is not wanted.
        "auto.create.topics.enable": "false",
        # One broker: every replica count is one, and the inner topics need few partitions.
        "default.replication.factor": 1,
        "min.insync.replicas": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # Groups form at once, and may notice a dead member sooner than the usual six seconds.
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        # A killed broker may register again only when its earlier session is over (usually 9 s).
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.cleaner.dedupe.buffer.size": 4 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


async def _format(words: list[str], properties: Path, log: Path) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *words,
            *("kafka.tools.StorageTool", "format", "--ignore-formatted"),
            *("--cluster-id", cluster, "--config", str(properties)),
            env={},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        if await process.wait():
            raise BrokerError(f"Kafka could not format {properties.parent}:\n{tail(log)}")


if __name__ == "__main__":
    # For scripts: exit 0 when it can run here, else 1 with the reason on standard output.
    reason = available()
    if reason:
        print(reason)  # noqa: T201 - the answer of this command
    sys.exit(1 if reason else 0)
