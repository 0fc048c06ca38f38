"""`python -m deploy.local.mailbox`: the mail catcher as a process, until SIGTERM."""

import argparse
import functools
import sys
from pathlib import Path

from deploy.local.mailbox.running import start
from deploy.local.web import run


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.mailbox",
        description="Takes mail by SMTP, delivers it to nobody, and shows it.",
    )
    parser.add_argument("--smtp-port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--http-port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--folder", type=Path, help="keep each mail as a file there")
    where.add_argument("--memory", action="store_true", help="forget all mail at the end")
    options = parser.parse_args()
    starting = functools.partial(
        start,
        smtp_port=options.smtp_port,
        http_port=options.http_port,
        host=options.host,
        folder=options.folder,
    )
    return run(
        starting, lambda catcher: f"mail to port {catcher.smtp_port}, shown at {catcher.url}/"
    )


if __name__ == "__main__":
    sys.exit(main())
