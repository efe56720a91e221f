"""The lock files are in step with pyproject.toml, hash everything, and name no address."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME, DEV = "requirements.lock", "requirements-dev.lock"


def _blocks(lock: str) -> list[str]:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip()]


def _pins(lock: str) -> dict[str, list[Requirement]]:
    pins: dict[str, list[Requirement]] = {}
    for block in _blocks(lock):
        pin = Requirement(block.split("--hash")[0].strip())
        pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def _group(name: str) -> list[str]:
    wanted = []
    for item in PROJECT["dependency-groups"][name]:
        wanted += _group(item["include-group"]) if isinstance(item, dict) else [item]
    return wanted


DEPENDENCIES = PROJECT["project"]["dependencies"]
BUILD = [*_group("build"), *PROJECT["build-system"]["requires"]]
LAB = PROJECT["project"]["optional-dependencies"]["lab"]
WANTED = [
    *((RUNTIME, r) for r in [*DEPENDENCIES, *BUILD]),
    *((DEV, r) for r in [*DEPENDENCIES, *BUILD, *LAB, *_group("dev")]),
]


@pytest.mark.parametrize(("lock", "wanted"), WANTED)
def test_every_requirement_is_locked_at_a_version_that_satisfies_it(lock, wanted):
    requirement = Requirement(wanted)
    pins = _pins(lock).get(canonicalize_name(requirement.name), [])
    assert pins, f"{lock} lacks {wanted}: run make lock"
    versions = [next(iter(pin.specifier)).version for pin in pins]
    assert all(requirement.specifier.contains(v) for v in versions)


@pytest.mark.parametrize("lock", [RUNTIME, DEV])
def test_every_package_is_pinned_by_hash_and_without_an_address(lock):
    for block in _blocks(lock):
        assert re.match(r"[A-Za-z0-9._-]+==\S+ ", block)
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", block)
        assert "://" not in block
        assert "--index" not in block


def test_tests_run_on_the_versions_that_users_get():
    runtime, dev = _pins(RUNTIME), _pins(DEV)
    # Where a package is wanted for further reasons, its markers are wider; its version is the same.
    assert {n: {str(p.specifier) for p in pins} for n, pins in runtime.items()} == {
        n: {str(p.specifier) for p in dev[n]} for n in runtime
    }
