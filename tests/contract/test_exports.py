"""The public names: declared once, lazy, documented, and told to type checkers."""

import ast
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import carenotebook as cn
from carenotebook import criteria as c

HEAVY = (
    "altair",
    "dataframely",
    "fastexcel",
    "great_tables",
    "jinja2",
    "numba",
    "pandas",
    "polars",
    "pyarrow",
    "scipy",
    "statsmodels",
    "vl_convert",
)


def _type_checking_imports() -> set[str]:
    tree = ast.parse(Path(cn.__file__).read_text(encoding="utf-8"))
    (guard,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    imports = [node for node in guard.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _documented(module) -> dict[str, object]:
    named = {n: getattr(module, n) for n in module.__all__}
    return {n: o for n, o in named.items() if inspect.isclass(o) or inspect.isfunction(o)}


def test_every_public_name_is_declared_in_each_list():
    lazy = {*cn._MODULE_OF, *cn._SUBMODULES}
    assert set(cn.__all__) == {*lazy, "__version__"}
    assert _type_checking_imports() == lazy
    assert len(cn.__all__) == len(set(cn.__all__))


@pytest.mark.parametrize("name", cn.__all__)
def test_every_public_name_exists(name):
    assert getattr(cn, name) is not None
    assert name in dir(cn)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing_of_the_kind'"):
        cn.nothing_of_the_kind  # noqa: B018


def test_no_public_function_shares_its_name_with_a_submodule():
    submodules = {m.name for m in pkgutil.iter_modules(cn.__path__)}
    assert submodules.isdisjoint(cn._MODULE_OF)


@pytest.mark.parametrize("name", sorted(_documented(cn)))
def test_every_public_function_and_class_is_documented_with_an_example(name):
    value = getattr(cn, name)
    if inspect.isclass(value) and issubclass(value, Exception):
        return  # an error's text says when it is raised
    documentation = inspect.getdoc(value) or ""
    _, heading, examples = documentation.partition("Examples\n--------\n")
    assert heading
    assert ">>> " in examples
    if inspect.isfunction(value):
        assert "Parameters\n----------\n" in documentation or "those of `read_csv`" in documentation


@pytest.mark.parametrize("name", sorted(_documented(c)))
def test_every_name_of_the_criteria_language_is_documented(name):
    documentation = inspect.getdoc(getattr(c, name)) or ""
    assert documentation.strip()
    assert not documentation.startswith(f"{name}(")  # what a dataclass writes by itself


def test_import_is_light():
    script = "import sys, carenotebook; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {m.partition(".")[0] for m in run.stdout.split()}
    assert loaded.isdisjoint(HEAVY)
