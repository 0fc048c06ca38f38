"""SMS through a real Kannel with Debian's fake operator: taken, passed on and reported back."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from deploy.local.web import serve
from services.notifier.app import builder
from tests.integration.notifier_service import HasDatabase, case_of, notifier, until

_FOLDERS = "/usr/sbin:/usr/lib/kannel/test"
_PROGRAMS = {
    name: shutil.which(name) or shutil.which(name, path=_FOLDERS)
    for name in ("bearerbox", "smsbox", "fakesmsc")
}
_MISSING = [name for name, path in _PROGRAMS.items() if path is None]

pytestmark = pytest.mark.skipif(
    bool(_MISSING), reason=f"Debian's kannel and kannel-extras are not installed: {_MISSING}"
)

_CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = x
smsbox-port = {smsbox}
box-allow-ip = 127.0.0.1
store-type = file
store-location = {folder}/store

group = smsc
smsc = fake
smsc-id = operator
port = {operator}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}

group = sendsms-user
username = evenhand
password = secret
max-messages = 10
concatenation = true

group = sms-service
keyword = default
text = "No reply"
"""


@dataclass(frozen=True)
class Kannel:
    """A running gateway; what its operator was given stands in the file `received`."""

    url: str
    received: Path


@asynccontextmanager
async def _started(name: str, log: Path, *arguments: str) -> AsyncIterator[None]:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            str(_PROGRAMS[name]), *arguments, stdout=output, stderr=output
        )
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _listening(port: int) -> None:
    async def answers() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    await until(answers)


@pytest.fixture
async def kannel(tmp_path: Path) -> AsyncIterator[Kannel]:
    ports = {name: free_port() for name in ("admin", "smsbox", "operator", "sendsms")}
    file = tmp_path / "kannel.conf"
    file.write_text(_CONFIGURATION.format(folder=tmp_path, **ports), encoding="utf-8")
    received = tmp_path / "operator.log"
    async with _started("bearerbox", tmp_path / "bearerbox.log", str(file)):
        await _listening(ports["smsbox"])
        await _listening(ports["operator"])
        # It wants a message of its own to send; the pause of a day keeps it for itself.
        operator = ("-H", "127.0.0.1", "-r", str(ports["operator"]), "-i", "86400", "-m", "1")
        async with (
            _started("fakesmsc", received, *operator, "1 2 text nothing"),
            _started("smsbox", tmp_path / "smsbox.log", str(file)),
        ):
            await _listening(ports["sendsms"])
            yield Kannel(f"http://127.0.0.1:{ports['sendsms']}/cgi-bin/sendsms", received)


async def test_an_sms_passes_a_real_kannel_and_its_report_comes_back(
    database: HasDatabase, kannel: Kannel
) -> None:
    port = free_port()
    more = {
        "sms_url": kannel.url,
        "sms_username": "evenhand",
        "sms_password": "secret",
        "sms_from": "12345",
        "sms_report_url": f"http://127.0.0.1:{port}",
        "quiet_hours": "",
    }
    async with notifier(database, free_port(), more=more) as service:
        built = await builder(service.settings)(service.parts)
        assert built.http is not None
        web = await serve(built.http, host="127.0.0.1", port=port)
        async with service.sending():
            for language in ("en", "uk"):
                await service.consume(case_of(phone="+48600100200", language=language).submitted())
            await service.settled(2)

            async def is_delivered() -> bool:
                sql = "SELECT count(*) FROM notices WHERE delivered_at IS NOT NULL"
                return bool(await service.pool.fetchval(sql) == 2)

            await until(is_delivered)
        await web.stop()
        for close in built.close:
            await close()
    given = kannel.received.read_text(encoding="utf-8", errors="replace")
    assert "<12345 +48600100200 text We have received your message" in given
    assert given.count("+48600100200 udh") == 2, "the one in other letters takes two parts"
