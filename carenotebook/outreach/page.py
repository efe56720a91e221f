"""A printable page: headings, paragraphs, lists and tables, as text or as self-contained HTML."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template

_WIDTH = 80


@dataclass(frozen=True)
class Section:
    """A part of a page: a heading, then whatever it has; `lines` to write on after each item."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    lines: int = 0


@dataclass(frozen=True)
class Page:
    """A title, a line beneath it, and sections.

    Its text and HTML hold what it was given and nothing else; HTML is escaped.
    """

    title: str
    lead: str
    sections: tuple[Section, ...]

    def text(self, width: int = _WIDTH) -> str:
        """The page for a terminal or an e-mail.

        Parameters
        ----------
        width : int
            Letters a line.
        """
        parts = [self.title.upper(), _wrapped(self.lead, width)]
        parts += [_section_text(s, width) for s in self.sections]
        return "\n\n".join(p for p in parts if p) + "\n"

    def html(self) -> str:
        """The page as one HTML file that needs nothing else; made to be printed."""
        return template("case_page.html.j2").render(page=self)

    def _repr_html_(self) -> str:
        return fragment(self)

    def __str__(self) -> str:
        return self.text()


def fragment(page: Page) -> str:
    """The page's body alone, for a notebook."""
    return template("case_body.html.j2").render(page=page)


@cache
def template(name: str) -> Template:
    """A template of this folder; what it is given is escaped, and what it lacks is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("carenotebook.outreach"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a text."""
    return tuple(text.split("\n\n"))


def _section_text(section: Section, width: int) -> str:
    blocks = [f"{section.heading}\n{'-' * len(section.heading)}"] if section.heading else []
    blocks += [_wrapped(p, width) for p in section.paragraphs]
    if section.items:
        room = "\n" + "\n".join(["  " + "." * (width - 2)] * section.lines) if section.lines else ""
        blocks.append("\n".join(_wrapped(i, width, "- ") + room for i in section.items))
    if section.rows:
        blocks.append("\n".join(_row_text(section.columns, r, width) for r in section.rows))
    return "\n\n".join(blocks)


def _row_text(columns: tuple[str, ...], row: tuple[str, ...], width: int) -> str:
    head, *rest = row
    lines = [_wrapped(head, width)]
    lines += [
        _wrapped(f"{c}: {v}" if c else v, width, "    ")
        for c, v in zip(columns[1:], rest, strict=True)
        if v
    ]
    return "\n".join(lines)


def _wrapped(text: str, width: int, bullet: str = "") -> str:
    return textwrap.fill(
        text,
        max(width, 20),
        initial_indent=bullet,
        subsequent_indent=" " * len(bullet),
        break_on_hyphens=False,
    )
