"""`python -m services.classifier.training`: train the model, or score it on labelled cases."""

import argparse
import sys
from functools import partial
from pathlib import Path

from services.classifier import tagging
from services.classifier.tagging.deep import DESCRIPTION
from services.classifier.training.build import train
from services.classifier.training.corpus import CorpusError, read
from services.classifier.training.deep import tune
from services.classifier.training.evaluate import outcomes, scores
from services.classifier.training.mixing import mix
from services.classifier.training.reporting import report
from services.classifier.training.speed import speed

MODEL = Path(__file__).parent.parent / "model"


def main(given: list[str] | None = None) -> int:
    """Run the command; 0 when done, 1 when an input or the model is not what it should be."""
    parser = argparse.ArgumentParser(
        prog="python -m services.classifier.training", description=__doc__
    )
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="folder of training files"
    )
    parser.add_argument("--model", type=Path, default=MODEL, help="folder of the artefact")
    parser.add_argument(
        "--evaluate", type=Path, nargs="+", metavar="FILE", help="score labelled JSON lines"
    )
    parser.add_argument(
        "--deep", action="store_true", help="tune the deep tier's language model (takes an hour)"
    )
    parser.add_argument(
        "--corrections", type=Path, metavar="FILE", help="train also on exported corrections"
    )
    parser.add_argument("--tier", choices=("fast", "cascade", "deep"), default="fast")
    asked = parser.parse_args(given)
    try:
        if asked.deep:
            tune(asked.data, asked.model, _say)
            mix(asked.data, asked.model, _say)
            done = f"deep tier written to {asked.model}"
        elif asked.evaluate is None:
            train(asked.data, asked.model, asked.corrections)
            if (asked.model / DESCRIPTION).exists():
                mix(asked.data, asked.model, _say)
            done = f"written to {asked.model}"
        else:
            cases = read(asked.evaluate)
            found = scores(outcomes(tagging.load(asked.model, asked.tier), cases))
            pace = speed(partial(tagging.load, asked.model, asked.tier), cases)
            done = f"{report(found)}\n\nSpeed: {pace}"
    except (CorpusError, tagging.ModelError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{done}\n")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    raise SystemExit(main())
