"""The README's example runs, prints what it says, and its picture is the chart of that example."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def _run() -> tuple[str, dict[str, Any]]:
    names: dict[str, Any] = {}
    printed = StringIO()
    with redirect_stdout(printed):
        exec(compile(_block("python"), "README.md", "exec"), names)  # noqa: S102 - the README's own
    return printed.getvalue(), names


def test_the_example_prints_what_the_readme_says() -> None:
    assert _run()[0] == _block("text")


def test_the_pictures_are_the_charts_of_the_example() -> None:
    _, names = _run()
    chart = names["cn"].replay(names["rule"], names["cohort"]).plot()
    for name, dark in (("light", False), ("dark", True)):
        picture = ROOT / "notebooks" / "images" / f"review-{name}.svg"
        assert picture.read_text(encoding="utf-8") == chart.svg(dark=dark), (
            f"{picture.name} is out of date: write chart.svg(dark={dark}) to it."
        )
