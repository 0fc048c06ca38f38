"""`evenhand sla`: the clocks of cases, and how many of them would run out."""

import typer

from evenhand.output import example
from evenhand.sla_forecast import forecast
from evenhand.sla_packs import packs, plan

app = typer.Typer(
    name="sla",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Deadlines: their packs, the plan of a case, and a forecast.",
    epilog=example("evenhand sla plan --jurisdiction PL --product payment"),
)

app.command(
    epilog=example(
        "evenhand sla forecast --staff review=3 --extra-person review --chart lapses.svg",
        "evenhand sla forecast --from deploy/samples/forecast.json --weeks 8 --json",
    )
)(forecast)
app.command(epilog=example("evenhand sla packs", "evenhand sla packs pl_complaints"))(packs)
app.command(
    epilog=example(
        "evenhand sla plan --jurisdiction PL --product payment "
        "--received-at 2026-11-20T10:00+01:00",
        "evenhand sla plan --jurisdiction GB --category fraud --json",
    )
)(plan)
