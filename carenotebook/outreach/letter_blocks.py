"""The Markdown that a letter may hold, as blocks: headings, paragraphs, lists, bold.

A letter that is read aloud, printed, or read on a telephone needs no more. Links, pictures, tables
and HTML are refused with their line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from carenotebook.outreach.letter_jinja import Inserted, Rendered
from carenotebook.outreach.letter_model import contents

_MARK = re.compile(r"[ \t]*\{:[ \t]*([^{}\n]*?)[ \t]*\}[ \t]*$")
_REFUSED = (
    (re.compile(r"<[a-zA-Z!/?]"), "HTML has no place in a letter; write plain text."),
    (re.compile(r"!?\[[^\]\n]*\]\("), "links and pictures are not for letters; write the address."),
    (re.compile(r"^\s*(```|~~~|\t| {4})"), "no code blocks; start the line at the left."),
    (re.compile(r"^\s*\|"), "no tables; write a list."),
    (re.compile(r"^\s*>"), "no quotation blocks; write a paragraph."),
    (re.compile(r"^\s*(?:[*+]|\d+[.)])[ \t]"), "write a list with '- '."),
    (re.compile(r"^#{3,}"), "use # once for the title, and ## for sections."),
    (re.compile(r"^#{1,2}[^#\s]"), "leave a space after #."),
    (
        re.compile(r"^\s*(?:-{3,}|={3,}|_{3,}|\*{3,})\s*$"),
        "no rules or underlines; leave a line free.",
    ),
    (
        re.compile(
            "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ue000-\uf8ff]"
        ),
        "it holds a character that is not to be read.",
    ),
)


@dataclass(frozen=True)
class Span:
    """A run of text: wording, or what a person put in (`fact` is its key)."""

    text: str
    fact: str | None = None
    is_open: bool = False
    strong: bool = False


Line = tuple[Span, ...]


@dataclass(frozen=True)
class Block:
    """A heading, a paragraph, or a list; `marks` say what it is there to tell."""

    kind: Literal["h1", "h2", "p", "ul"]
    lines: tuple[Line, ...]
    marks: frozenset[str] = frozenset()

    @property
    def facts(self) -> frozenset[str]:
        """The facts that stand in it."""
        return frozenset(s.fact for line in self.lines for s in line if s.fact)

    @property
    def words(self) -> int:
        """How many words it has."""
        return sum(len(plain(line).split()) for line in self.lines)


def plain(line: Line) -> str:
    """The text of a line."""
    return "".join(s.text for s in line)


def markdown_problems(body: str) -> list[tuple[int, str]]:
    """What a letter's body may not hold, by the line in it."""
    problems = []
    titles = 0
    lines = body.split("\n")
    for number, line in enumerate(lines, 1):
        problems += [(number, said) for pattern, said in _REFUSED if pattern.search(line)]
        titles += line.startswith("# ")
        if line.startswith("# ") and titles > 1:
            problems.append((number, "a letter has one title; use ## here."))
        after = lines[number].strip() if number < len(lines) else ""
        problems += [(number, said) for said in _mark_problems(line, after)]
        if line.count("**") % 2:
            problems.append((number, "bold is opened and not closed in this line."))
    if not titles:
        problems.append((1, "it has no title; write one line that begins with # and a space."))
    return problems


def _mark_problems(line: str, after: str) -> Iterator[str]:
    """`after`: the line that follows, which may not go on with the paragraph."""
    if "{:" not in line:
        return
    found = _MARK.search(line)
    goes_on = not line.startswith("#") and after and not after.startswith(("- ", "{%", "#"))
    if found is None or line.count("{:") > 1 or goes_on:
        yield "write {: name } once, at the end of a heading or of a paragraph's last line."
        return
    for name in found[1].split() or [""]:
        if name not in contents():
            yield f"there is no mark {name[:60]!r}; there are: {', '.join(contents())}."


def blocks_of(rendered: Rendered) -> tuple[Block, ...]:
    """A rendered body, taken apart, with the facts set in."""
    found: list[Block] = []
    for chunk in re.split(r"\n[ \t]*\n", rendered.text):
        found += _chunk([line.strip() for line in chunk.split("\n") if line.strip()], rendered)
    return tuple(_marked(found))


def _chunk(lines: list[str], rendered: Rendered) -> Iterator[Block]:
    group: list[str] = []
    kind: Literal["p", "ul"] = "p"
    for line in lines:
        if line.startswith("#"):
            yield from _grouped(kind, group, rendered)
            group = []
            level, _, text = line.partition(" ")
            yield _block("h1" if level == "#" else "h2", [text], rendered)
            continue
        starts_item = line.startswith("- ")
        if starts_item and (kind == "p" or not group):
            yield from _grouped(kind, group, rendered)
            group, kind = [], "ul"
        if starts_item or not group:
            group.append(line.removeprefix("- "))
            kind = "ul" if starts_item else "p"
        else:
            group[-1] = f"{group[-1]} {line}"
    yield from _grouped(kind, group, rendered)


def _grouped(kind: Literal["p", "ul"], group: list[str], rendered: Rendered) -> Iterator[Block]:
    if group:
        yield _block(kind, group, rendered)


def _block(kind: Literal["h1", "h2", "p", "ul"], lines: list[str], rendered: Rendered) -> Block:
    marks: set[str] = set()
    made = []
    for line in lines:
        found = _MARK.search(line)
        if found:
            marks |= set(found[1].split())
        made.append(tuple(_spans(_MARK.sub("", line), rendered)))
    return Block(kind, tuple(made), frozenset(marks))


def _spans(line: str, rendered: Rendered) -> Iterator[Span]:
    strong = False
    for piece in rendered.pieces(line):
        if isinstance(piece, Inserted):
            yield Span(str(piece), piece.key, piece.is_open, strong)
            continue
        for i, part in enumerate(piece.split("**")):
            strong = strong != (i > 0)
            if part:
                yield Span(part, strong=strong)


def _marked(found: list[Block]) -> Iterator[Block]:
    """A heading's marks hold down to the next heading; a paragraph's for the list that follows."""
    section: frozenset[str] = frozenset()
    before: Block | None = None
    for block in found:
        if block.kind in ("h1", "h2"):
            section = block.marks
            before = block
            yield block
            continue
        own = block.marks | section
        if block.kind == "ul" and before is not None and before.kind == "p":
            own |= before.marks
        before = block
        yield replace(block, marks=own)
