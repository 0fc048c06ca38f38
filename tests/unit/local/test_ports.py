import socket

import pytest

from deploy.local.ports import LOOPBACK, free_port, is_taken


@pytest.mark.parametrize("address", [LOOPBACK, "0.0.0.0"])  # noqa: S104 - what is tested for
def test_a_port_somebody_listens_on_is_taken_until_he_stops(address: str) -> None:
    with socket.create_server((address, 0)) as server:
        port = server.getsockname()[1]
        assert is_taken(port)
    assert not is_taken(port)


def test_a_free_port_can_be_listened_on() -> None:
    port = free_port()
    with socket.create_server((LOOPBACK, port)):
        assert is_taken(port)
