"""`python -m deploy.local.bank`: the sandbox bank as a process, until SIGTERM."""

import argparse
import functools
import sys

from deploy.local.bank.running import start
from deploy.local.web import run


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.bank",
        description="Answers questions of the decision service by simple rules, and lists them.",
    )
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    options = parser.parse_args()
    starting = functools.partial(start, port=options.port, host=options.host)
    return run(starting, lambda bank: f"bank at {bank.url}/")


if __name__ == "__main__":
    sys.exit(main())
