"""The wheel is complete: it works without the source tree, and holds only what belongs in it."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib import util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "carenotebook"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run([*build, str(folder)], cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment that holds the wheel, and beside it only the installed dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    python = folder / "env" / "bin" / "python"
    # An environment that was made without ensurepip has no pip; the Python beneath it has.
    with_pip = sys.executable if util.find_spec("pip") else sys._base_executable
    pip = [with_pip, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    site = next((folder / "env" / "lib").glob("python*/site-packages"))
    # Named by an environment variable and not by a .pth file, whose folder's own .pth files (the
    # editable install among them) would be read in turn.
    dependencies = sysconfig.get_path("purelib")
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{dependencies}"}
    return python, folder, environment


def _run(installed, *command):
    python, folder, environment = installed
    return subprocess.run(
        [str(python), *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_it_holds_every_file_of_the_package_and_nothing_else(wheel):
    names = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    files = (p for p in PACKAGE.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    assert names == {p.relative_to(ROOT).as_posix() for p in files}


def test_it_holds_the_data_files_that_the_package_reads(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for folder, suffix in [
        ("criteria/library", ".yml"),
        ("ingest/mappings", ".yml"),
        ("report/templates", ".j2"),
        ("report/templates", ".css"),
    ]:
        assert any(n.startswith(f"carenotebook/{folder}/") and n.endswith(suffix) for n in names)
    assert "carenotebook/py.typed" in names


def test_it_names_its_licence_and_its_command(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (info,) = (n for n in archive.namelist() if n.endswith(".dist-info/entry_points.txt"))
        assert "carenotebook = carenotebook.cli:main" in archive.read(info).decode()
        assert any(n.endswith("licenses/LICENSE") for n in archive.namelist())


def test_the_installed_command_does_the_main_job(installed):
    python, folder, _ = installed
    script = python.parent / "carenotebook"
    assert _run(installed, str(script), "--version").startswith("carenotebook ")
    _run(installed, str(script), "demo", "--clients", "60", "-o", "report.html")
    assert "<h1" in (folder / "report.html").read_text(encoding="utf-8")


def test_the_installed_package_is_the_wheels_and_reads_its_data_files(installed):
    code = (
        "import carenotebook; from carenotebook import criteria as c;"
        "print(carenotebook.__file__); print(len(c.library()))"
    )
    where, presets = _run(installed, "-c", code).split()
    assert Path(where).is_relative_to(installed[1])
    assert int(presets) > 0
