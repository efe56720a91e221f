"""The text of a letter's file as a template, or everything that is wrong with it, line by line."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from carenotebook.outreach.case_shape import shape_problems
from carenotebook.outreach.case_text import Located, Problem, read_plain
from carenotebook.outreach.letter_blocks import Block, blocks_of, markdown_problems
from carenotebook.outreach.letter_facts import checked_facts, values_of
from carenotebook.outreach.letter_jinja import Inserted, render, template_problems
from carenotebook.outreach.letter_language import language, languages
from carenotebook.outreach.letter_model import (
    WRITTEN_ON,
    Approval,
    Fact,
    Kind,
    LetterTemplate,
    kinds,
    known_facts,
)
from carenotebook.outreach.letter_reading import TARGET
from carenotebook.outreach.letter_wording import missing_content, phrases_in

LARGEST = 20_000
"""Characters of a letter's file; a letter that is read is far shorter."""

_TOP = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*\n?", re.DOTALL | re.MULTILINE)
_TAGS = re.compile(r"\{[{%].*?[%}]\}|\{:[^}]*\}")
_ALWAYS = ("safe_channel",)
"""Facts that every letter to somebody needs, whether it prints them or not."""


@cache
def letter_schema() -> dict[str, Any]:
    """The JSON Schema of what stands at the top of a letter's file."""
    file = resources.files("carenotebook.outreach") / "content" / "letter.schema.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def read_template(text: str, name: str, file: str) -> tuple[LetterTemplate | None, list[Problem]]:
    """A template from text, or what is wrong with it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > LARGEST:
        return None, [Problem(file, 1, f"it has more than {LARGEST:,} characters; shorten it.")]
    top = _TOP.match(text)
    if top is None or not top[1].strip():
        said = (
            "a letter begins with --- and its kind, title, subject, language and version, then ---."
        )
        return None, [Problem(file, 1, said)]
    located = read_plain(f"\n{top[1]}", file)
    if isinstance(located, Problem):
        return None, [located]
    problems = [*_shape(located)]
    if problems:
        return None, sorted(set(problems))
    template, found = _template(located.data, _Source(name, file, text, top.end()))
    problems = [*found, *_phrases(template)]
    problems += [] if found else [*_missing(template)]
    return (None, sorted(set(problems))) if problems else (template, [])


def _shape(located: Located) -> Iterator[Problem]:
    problems = [*shape_problems(located, letter_schema())]
    yield from problems
    if problems:
        return
    data = located.data
    if data["kind"] not in kinds():
        known = ", ".join(kinds())
        yield located.problem(("kind",), f"there is no such kind; there are: {known}.")
    if data["language"] not in languages():
        known = ", ".join(languages())
        yield located.problem(("language",), f"there are words to check in: {known}.")
    for key in data.get("facts", {}):
        if key in (*known_facts(), WRITTEN_ON):
            yield located.problem(("facts", key), f"{key!r} is there already; use it as it is.")
    if "approved" in data and _day(data["approved"]["on"]) is None:
        yield located.problem(("approved", "on"), "write the day as 2026-03-02.")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class _Source:
    """A file's text, and where its body begins."""

    name: str
    file: str
    text: str
    start: int

    @property
    def body(self) -> str:
        return self.text[self.start :]

    @property
    def first_line(self) -> int:
        return self.text[: self.start].count("\n") + 1


def _template(data: Mapping[str, Any], source: _Source) -> tuple[LetterTemplate, list[Problem]]:
    kind = kinds()[data["kind"]]
    own = {k: Fact(k, **entry) for k, entry in data.get("facts", {}).items()}
    written = Fact(WRITTEN_ON, "the day of the letter", "date", required=False)
    usable = {WRITTEN_ON: written, **known_facts(), **own}
    used, found = template_problems(source.body, usable)
    problems = [
        Problem(source.file, source.first_line + line - 1, said)
        for line, said in (*found, *markdown_problems(source.body))
    ]
    approved = data.get("approved")
    named = {*used, *_asked(kind), *own} - {WRITTEN_ON}
    template = LetterTemplate(
        name=source.name,
        kind=kind,
        title=data["title"],
        subject=data["subject"],
        language=data["language"],
        version=data["version"],
        reading_age=float(data.get("reading_age", TARGET)),
        facts={k: f for k, f in usable.items() if k in named},
        body=source.body,
        first_line=source.first_line,
        file=source.file,
        approval=_approval(approved) if approved else None,
        sha256=_hash(data, source.body),
        text=source.text,
    )
    return template, problems


def _asked(kind: Kind) -> set[str]:
    notice = {day for day in (kind.notice or ())[:2] if day != WRITTEN_ON}
    always = () if kind.audience == "clinician" else _ALWAYS
    return {*kind.decision, *map(str, notice), *always}


def _approval(entry: Mapping[str, str]) -> Approval:
    return Approval(entry["by"], date.fromisoformat(entry["on"]), entry["sha256"])


def _hash(data: Mapping[str, Any], body: str) -> str:
    wording = {k: v for k, v in data.items() if k != "approved"}
    canonical = json.dumps([wording, body.strip()], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _missing(template: LetterTemplate) -> Iterator[Problem]:
    """What a wording lacks."""
    last = template.first_line + max(0, template.body.rstrip().count("\n"))
    for blocks in _both(template):
        for said in missing_content(template.kind, blocks):
            yield Problem(template.file, last, said)


def _phrases(template: LetterTemplate) -> Iterator[Problem]:
    """What a wording should not say, wherever it stands."""
    words = language(template.language)
    for number, said in _phrases_by_line(template):
        yield Problem(template.file, number, said)
    for phrase in phrases_in(template.subject, template.kind, words, outside=True):
        yield Problem(template.file, _line(template.text, "subject:"), f"the subject: {phrase}")


def _phrases_by_line(template: LetterTemplate) -> Iterator[tuple[int, str]]:
    """Phrases to avoid; one that runs over the end of a line is told where it begins."""
    kind, words = template.kind, language(template.language)
    lines = [_TAGS.sub(" | ", line) for line in template.body.split("\n")]
    for i, line in enumerate(lines):
        outside = line.startswith("# ") or kind.discreet
        after = lines[i + 1] if i + 1 < len(lines) else ""
        told = set(phrases_in(after, kind, words, outside=outside))
        for phrase in phrases_in(f"{line} {after}", kind, words, outside=outside):
            if phrase not in told or phrase.within(line):
                yield template.first_line + i, str(phrase)


def _both(template: LetterTemplate) -> Iterator[tuple[Block, ...]]:
    """The wording with every fact, and with no more than it must have."""
    words = language(template.language)
    given = checked_facts(template, template.example())
    needed = {k: v for k, v in given.items() if template.facts[k].required}
    for found in (given, needed):
        values = values_of(template, found, words)
        values[WRITTEN_ON] = Inserted.of(WRITTEN_ON, words.day(date(2026, 3, 2)))
        yield blocks_of(render(template.body, values))


def _line(text: str, start: str) -> int:
    lines = text.split("\n")
    return next((n for n, line in enumerate(lines, 1) if line.startswith(start)), 1)
