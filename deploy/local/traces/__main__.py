"""`python -m deploy.local.traces`: the trace sink as a process, until SIGTERM."""

import argparse
import functools
import sys

from deploy.local.traces.running import start
from deploy.local.traces.store import MAX_SPANS, MAX_TRACES
from deploy.local.web import run


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.traces",
        description="Keeps OTLP traces in memory; shows them as pages and by Jaeger's query API.",
    )
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument("--max-traces", type=int, default=MAX_TRACES, help="default: %(default)s")
    parser.add_argument("--max-spans", type=int, default=MAX_SPANS, help="default: %(default)s")
    options = parser.parse_args()
    starting = functools.partial(
        start,
        port=options.port,
        host=options.host,
        max_traces=options.max_traces,
        max_spans=options.max_spans,
    )
    return run(starting, lambda sink: f"traces at {sink.url}/")


if __name__ == "__main__":
    sys.exit(main())
