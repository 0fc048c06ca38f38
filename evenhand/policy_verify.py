"""`evenhand policy verify`: the proof of a policy, before it may decide anything."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from evenhand.output import AsJson, complain, emit, line
from services.decision.policy.loading import load


def verify(
    folder: Annotated[
        Path | None, typer.Argument(help="The policy's folder; without it, the shipped one.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Prove that a policy answers every case, fairly and inside its certificates.

    Each problem comes with a case that shows it. Exit code 1 if there is one.
    """
    from services.decision.proving import examine  # noqa: PLC0415 - z3 loads only where it proves

    policy = load(folder)
    began = time.process_time()
    proof = examine(policy)
    seconds = round(time.process_time() - began, 1)
    if as_json:
        emit({"ok": not proof.problems, "policy": policy.hash, "seconds": seconds, **asdict(proof)})
    else:
        for problem in proof.problems:
            complain(f"{problem.kind}: {problem.place}: {problem.text}")
            emit(problem.case)
        line(
            f"{policy.version} ({policy.hash[:19]}): {proof.cells} cells and {proof.cases} cases"
            f" enumerated; {proof.formulas} formulas settled by z3 over every amount and past,"
            f" for {proof.kinds} kinds of answers in {proof.currencies} currencies;"
            f" {seconds} s of one core; problems: {len(proof.problems)}"
        )
    if proof.problems:
        raise typer.Exit(1)
