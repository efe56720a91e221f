"""The shape of a page, and how it becomes one self-contained HTML file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from carenotebook.plots.theme import css
from carenotebook.report.tables import Table

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_PACKAGE = "carenotebook.report"


@dataclass(frozen=True)
class Fact:
    """A name and a value; `code` is set in a fixed width."""

    what: str
    value: str
    code: bool = False


NONE = "None"
"""The figure of what is known to be none."""


@dataclass(frozen=True)
class KeyFigure:
    """A figure at the top of the page."""

    what: str
    figure: str
    detail: str

    def said(self) -> str:
        """The figure on a line of text."""
        if self.figure == NONE:
            return f"{self.what}: none {self.detail}"
        return f"{self.what}: {self.figure} ({self.detail})"


@dataclass(frozen=True)
class Part:
    """A piece of a section: text first, then whatever it has. `chart` is an SVG element.

    `close` stands after the points; `record` is text as a machine wrote it, folded away; `blank`
    lines are left to write on.
    """

    text: str = ""
    title: str = ""
    steps: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    points: tuple[str, ...] = ()
    close: str = ""
    chart: str = ""
    table: Table | None = None
    record: str | None = None
    blank: int = 0


@dataclass(frozen=True)
class Section:
    """A heading that can be linked to, and its parts."""

    id: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Page:
    """Everything that a report says, in order.

    `warning` stands at the top, at the end and on every printed page; empty: there is none.
    """

    title: str
    lead: str
    standing: str
    reading: str
    key_figures: tuple[KeyFigure, ...]
    sections: tuple[Section, ...]
    made: str
    warning: str = ""
    skip: str = "Skip to the report"


def with_record(page: Page, record: str) -> Page:
    """The page with a text in each part that is to hold the record of how it was made."""
    sections = (
        replace(
            s,
            parts=tuple(replace(p, record=record) if p.record is not None else p for p in s.parts),
        )
        for s in page.sections
    )
    return replace(page, sections=tuple(sections))


def render(page: Page) -> str:
    """The page as HTML that needs no script and no other file."""
    own = resources.files(_PACKAGE).joinpath("templates", "style.css").read_text(encoding="utf-8")
    template = _environment().get_template("review.html.j2")
    return template.render(page=page, style=own, chart_style=css())


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_kept_together,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["css_text"] = _css_text
    return made


def _css_text(text: str) -> Markup:
    """A text as a string of CSS, in which nothing ends it or the style that it stands in."""
    from markupsafe import Markup

    safe = "".join(c if c.isalnum() or c in " .,:;" else f"\\{ord(c):x} " for c in text)
    return Markup(f'"{safe}"')  # noqa: S704 - letters and escapes only


def _kept_together(value: object) -> object:
    """A number stays on one line with its percent sign."""
    return value.replace(" %", "\N{NO-BREAK SPACE}%") if type(value) is str else value
