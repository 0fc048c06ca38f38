"""`python health.py PORT PATH`: exit code 0 when this container answers 200 there.

Only the standard library, and little of it: it runs every few seconds in every container.
"""

import sys
from http.client import HTTPConnection, HTTPException

_WITHIN = 2.5  # seconds; the platform gives up after three


def is_healthy(port: int, path: str) -> bool:
    """Ask the page."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_WITHIN)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200  # noqa: PLR2004 - as HTTP names it
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_healthy(int(sys.argv[1]), sys.argv[2]) else 1)
