"""Each import contract is proved by breaking it once: one that cannot fail guards nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BREACHES = [
    ("services/intake/domain.py", "import services.notifier.domain", "No service knows another"),
    ("shared/errors.py", "import services.intake.fields", "Shared knows no service"),
    ("services/intake/forms.py", "import services.intake.store", "Intake: routes call"),
    ("services/classifier/tagging/words.py", "import services.classifier.app", "Classifier:"),
    ("services/decision/merits/matter.py", "import services.decision.store", "Decision:"),
    ("services/notifier/domain.py", "import services.notifier.store", "Notifier:"),
    (
        "services/notifier/status_page/links.py",
        "import services.notifier.status_page.routes",
        "Status page:",
    ),
    (
        "services/decision/merits/goodwill.py",
        "import asyncpg",
        "Domain and events know no database",
    ),
    ("shared/events/base.py", "import shared.clock", "Domain and events know no database"),
    ("services/decision/merits/matter.py", "import shared.events.tags", "Entitlement cannot even"),
    ("services/decision/clock/timers.py", "import shared.events.answer", "The clock cannot even"),
    (
        "services/decision/timing/loop.py",
        "import services.decision.merits.decide",
        "The timers cannot import anything that decides",
    ),
    (
        "services/decision/timing/firing.py",
        "import shared.events.answer",
        "The timers name no answer",
    ),
    ("services/intake/store.py", "import aiokafka", "Nothing but the hop reads Kafka"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("layers")
    for package in ("services", "shared", "deploy", "evenhand"):
        shutil.copytree(
            ROOT / package,
            copy / package,
            ignore=lambda _, names: [n for n in names if "." in n and not n.endswith(".py")],
        )
    shutil.copy(ROOT / ".importlinter", copy)
    return copy


@pytest.mark.parametrize(("file", "line", "contract"), BREACHES)
def test_a_forbidden_import_breaks_its_contract(
    project: Path, file: str, line: str, contract: str
) -> None:
    path = project / file
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        done = subprocess.run(  # noqa: S603 - our own tool on our own files
            [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        path.write_text(before, encoding="utf-8")
    assert done.returncode == 1
    assert f"{contract}" in "".join(
        row for row in done.stdout.splitlines() if row.endswith("BROKEN")
    )
