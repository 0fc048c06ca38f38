"""`evenhand policy`: the policy as people read it, its proof, and what a change of it would do."""

import typer

from evenhand.output import example
from evenhand.policy_explain import explain
from evenhand.policy_simulate import shadow, simulate_
from evenhand.policy_verify import verify

app = typer.Typer(
    name="policy",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="The policy: what it says, its proof, and what a change would do.",
    epilog=example("evenhand policy explain --country PL --product card"),
)

app.command(
    epilog=example(
        "evenhand policy explain --country PL --product card",
        "evenhand policy explain --policy my-policy --case case.json",
    )
)(explain)
app.command(epilog=example("evenhand policy verify", "evenhand policy verify my-policy --json"))(
    verify
)
app.command(
    "simulate",
    epilog=example(
        "evenhand policy simulate --candidate my-policy --cases cases.jsonl",
        "evenhand policy simulate --candidate new --against old --stored --limit 5000 --json",
    ),
)(simulate_)
app.command(epilog=example("evenhand policy shadow --limit 20"))(shadow)
