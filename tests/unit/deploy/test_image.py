"""deploy/Dockerfile: what an image holds is enough for its program, and nobody else's."""

import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
DOCKERFILE: Final = (ROOT / "deploy" / "Dockerfile").read_text()
OURS: Final = {"services", "shared", "evenhand", "deploy"}
SERVICES: Final = ("intake", "classifier", "decision", "notifier")

# Loads modules as the image would, where the packages of development are not installed, and says
# where each came from.
LOAD: Final = """
import importlib, json, sys
from importlib.abc import MetaPathFinder

absent = set(sys.argv[1].split())
before = set(sys.modules)

class Image(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)

sys.meta_path.insert(0, Image())
for name in sys.argv[2:]:
    importlib.import_module(name)
print(json.dumps({
    name: getattr(module, "__file__", None)
    for name, module in sys.modules.items() if name not in before
}))
"""


@pytest.fixture(scope="module")
def absent() -> str:
    """Return the packages that are installed here and not in an image."""
    lock = (ROOT / "locks" / "runtime.txt").read_text()
    locked = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    packages = {
        package: {owner.lower().replace("_", "-") for owner in owners}
        for package, owners in packages_distributions().items()
    }
    found = {package for package, owners in packages.items() if not owners & locked}
    assert "pytest" in found
    return " ".join(found - OURS)


def _copied(stage: str) -> list[tuple[list[str], str]]:
    """Return sources and target of each COPY from the project, the stages below included."""
    found = re.search(
        rf"^FROM (\S+) AS {stage}$(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL
    )
    assert found
    below = [] if "$" in found[1] else _copied(found[1])
    copies = re.findall(r"^COPY (?!--)(.+)$", found[2], re.MULTILINE)
    return below + [(words[:-1], words[-1]) for words in map(str.split, copies)]


def _build(image: Path, stage: str, service: str = "") -> None:
    for sources, target in _copied(stage):
        for source in (source.replace("${SERVICE}", service) for source in sources):
            place = image / target.replace("${SERVICE}", service)
            if source.endswith("/"):
                ignored = shutil.ignore_patterns("__pycache__", "training")
                shutil.copytree(ROOT / source, place, ignore=ignored, dirs_exist_ok=True)
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place)


def _assert_starts(image: Path, absent: str, *modules: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", LOAD, absent, *modules],
        check=False,
        capture_output=True,
        text=True,
        cwd=image,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert not done.returncode, done.stderr
    for module, file in json.loads(done.stdout).items():
        if module.partition(".")[0] in OURS and file is not None:
            assert Path(file).is_relative_to(image), f"{module} is not in the image"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_from_its_own_folder_and_shared(
    service: str, absent: str, tmp_path: Path
) -> None:
    _build(tmp_path, "service", service)
    assert [path.name for path in (tmp_path / "services").iterdir() if path.is_dir()] == [service]
    _assert_starts(tmp_path, absent, f"services.{service}.__main__")


def test_the_operators_image_has_what_the_command_line_needs(absent: str, tmp_path: Path) -> None:
    _build(tmp_path, "operator")
    commands = (f"evenhand.{name}" for name in ("migrate", "key", "dlq", "case", "submit"))
    _assert_starts(tmp_path, absent, *commands, "evenhand.__main__", "deploy.compose.topics")
    migrations = {path.relative_to(ROOT) for path in ROOT.glob("s*/**/migrations/*.sql")}
    assert migrations
    assert all((tmp_path / path).exists() for path in migrations)


def test_what_an_image_takes_reaches_the_build() -> None:
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignore[1] == "*", "nothing that is not named"
    let_in = [line.removeprefix("!") for line in ignore if line.startswith("!")]
    for stage in ("packages", "operator", "service"):
        for sources, _ in _copied(stage):
            for source in sources:
                path = Path(source.rstrip("/"))
                assert any(path.match(entry) or path.is_relative_to(entry) for entry in let_in)


def test_nothing_runs_as_root_or_is_compiled() -> None:
    for stage in ("operator", "service"):
        found = re.search(rf" AS {stage}$(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)
        assert found
        assert re.search(r"^USER 10001:10001$", found[1], re.MULTILINE)
    assert "--only-binary=:all: --require-hashes" in DOCKERFILE
    assert "apt-get" not in DOCKERFILE
