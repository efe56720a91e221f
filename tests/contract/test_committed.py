"""What may stand in the repository: nothing of one machine, no address of a registry, no client."""

import json
import re
import subprocess
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    "carenotebook",
    "notebooks",
    "widgets",
    "tests",
    "pyproject.toml",
    "README.md",
    "Makefile",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
    "requirements.lock",
    "requirements-dev.lock",
}
# Put together here, so that this file does not hold what it looks for.
FORBIDDEN = re.compile(
    "|".join(
        [
            r"(?:registry|files)\.(?:npmjs|pythonhosted|yarnpkg)",
            "pypi" + r"\.org/(?:simple|packages)",
            r"(?<![\w.-])/" + r"(?:work|root|farm|home/\w+)/",
            r'"resolved"\s*:',
        ]
    )
)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def _committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _outputs(notebook: Path):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [output for cell in cells for output in cell.get("outputs", [])]


def test_nothing_beside_the_agreed_entries_stands_at_the_top():
    top = {p.relative_to(ROOT).parts[0] for p in _committed()}
    assert {t for t in top if not t.startswith(".")} <= TOP_LEVEL


def test_no_file_names_a_registry_or_a_path_of_one_machine():
    found = []
    for path in _committed():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {m[0]}" for m in FORBIDDEN.finditer(text)]
    assert found == []


def test_built_files_are_not_committed():
    built = re.compile(r"carenotebook/(?:static|labextension)/|node_modules/|\.tsbuildinfo$")
    assert [p for p in _committed() if built.search(p.as_posix())] == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_compares_some_of_its_output(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    compared = [
        cell
        for cell in cells
        if cell["cell_type"] == "code"
        and cell["outputs"]
        and "NBVAL_CHECK_OUTPUT" in "".join(cell["source"])
    ]
    assert compared


def _ids() -> list[str]:
    """Ids of the clients and appointments in the notebooks' own data."""
    tables = [pl.read_csv(p, infer_schema=False) for p in (ROOT / "notebooks/data").glob("*.csv")]
    columns = [t[c] for t in tables for c in ("Client", "Appt ID") if c in t.columns]
    return pl.concat(columns).drop_nulls().unique().to_list()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_shows_no_row_of_a_client(notebook):
    outputs = json.dumps(_outputs(notebook))
    assert not re.search(r"synthetic-\d{5}|appointment-\d{7}", outputs)
    assert [i for i in _ids() if i in outputs] == []
    assert json.loads(notebook.read_text(encoding="utf-8"))["metadata"].get("widgets", {}) == {}
