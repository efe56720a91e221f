"""The wheel is complete: it works without the source tree, and holds only what belongs in it."""

import os
import re
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
EXTENSION = PACKAGE / "labextension"


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


def _files(folder: Path) -> set[str]:
    files = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {p.relative_to(folder).as_posix() for p in files}


def test_it_holds_every_file_of_the_package_and_the_notebooks_and_nothing_else(wheel):
    names = {
        n for n in zipfile.ZipFile(wheel).namelist() if not re.search(r"\.(dist-info|data)/", n)
    }
    package = {n for n in _files(PACKAGE) if not n.startswith("labextension/")}
    every = _files(ROOT / "notebooks")
    notebooks = {f"notebooks/{n}" for n in every if not n.startswith("images/")}
    assert names == {f"carenotebook/{n}" for n in package | notebooks}


def test_it_holds_the_built_front_end_where_jupyter_looks_for_it(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    data = {n.split(".data/data/")[1] for n in names if ".data/data/" in n}
    extension = {f"share/jupyter/labextensions/carenotebook/{n}" for n in _files(EXTENSION)}
    assert data == {*extension, "etc/jupyter/jupyter_server_config.d/carenotebook.json"}
    assert any(re.search(r"/static/remoteEntry\.\w+\.js$", n) for n in extension)
    bundles = [n for n in names if n.startswith("carenotebook/static/")]
    assert {Path(n).suffix for n in bundles} == {".js", ".css"}


def test_nothing_in_the_front_end_is_loaded_from_elsewhere(wheel):
    with zipfile.ZipFile(wheel) as archive:
        built = [n for n in archive.namelist() if n.endswith((".js", ".css")) and "/static/" in n]
        text = "\n".join(archive.read(n).decode() for n in built)
    addresses = set(re.findall(r"https?://[\w.-]+", text))
    assert addresses <= {"http://www.w3.org"}  # the name of a vocabulary, not a place to load from


def test_a_source_distribution_builds_the_same_wheel(wheel, tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path)]
    subprocess.run([*build, "--target", "sdist"], cwd=ROOT, check=True, capture_output=True)
    (source,) = tmp_path.glob("*.tar.gz")
    subprocess.run(["tar", "-xzf", str(source), "-C", str(tmp_path)], check=True)
    folder = next(p for p in tmp_path.iterdir() if p.is_dir())
    subprocess.run([*build, "--target", "wheel"], cwd=folder, check=True, capture_output=True)
    (again,) = tmp_path.glob("*.whl")
    assert _contents(again) == _contents(wheel)


def _contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {n: archive.read(n) for n in archive.namelist()}


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
