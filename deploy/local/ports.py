"""Ports of this machine's loopback address. What is free now may be taken a moment later."""

import errno
import socket

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def is_taken(port: int) -> bool:
    """Tell whether somebody listens on the port, be it on loopback or on every address."""
    with socket.socket() as probe:
        # Connections that linger after a stopped server do not count, as they would not for it.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False
