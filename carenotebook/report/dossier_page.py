"""What stands where in a dossier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

import carenotebook
from carenotebook.report.layout import (
    AUDIT,
    DECISION,
    GROUP,
    LIMITS,
    block_part,
    data_section,
    key_figures,
    lead,
    reading,
    rule_section,
    warning,
)
from carenotebook.report.page import Fact, Page, Part, Section
from carenotebook.report.tables import Cell, Table, lay_out

if TYPE_CHECKING:
    from carenotebook.report.manifest import Asked
    from carenotebook.report.review import Review
    from carenotebook.report.stopping import Limit

PLACES = (
    "question",
    "not_in_the_data",
    "alternatives",
    "open_questions",
    "after_an_ending",
    "stopping",
    "dissent",
)
"""Where people can write."""

_LONG = ("attendance", "by_month", "rule_changes", "sweep", "table_one")
"""Blocks whose tables stand at the end, as those of audits do."""

_LINES, _ROOM = 4, 8
_EMPTY_SEATS = 2
_WRITE = Cell("", "write")


def page_of_dossier(
    review: Review, asked: Asked, limits: tuple[Limit, ...], unfinished: tuple[str, ...]
) -> Page:
    """The page of a dossier, with a part left for the manifest."""
    texts, written = _texts(), asked.written
    return Page(
        title=f"Dossier on a criterion: {review.rule['name']}",
        lead=lead(review),
        standing=texts["standing"],
        reading=reading(review),
        key_figures=tuple(key_figures(review)),
        sections=(
            _question(written, unfinished),
            _data(review, written),
            rule_section(review.rule),
            _told(review, "attendance", "Attendance as it is", _ATTENDANCE),
            _told(review, "affected", "Whom it would affect, and when", _affected(review)),
            _harms(review),
            _told(review, "fairness", "Fairness", _fairness(review)),
            _told(review, "safeguards", "Safeguards", ("safeguards", "safeguards_recorded")),
            _alternatives(review, written),
            _told(review, "unknown", "What is not known", _UNKNOWN),
            _open(written),
            _after(written),
            _stopping(limits, written),
            _dissent(written),
            _sign_off(),
            Section("limits", "Limits of the method", (Part(points=LIMITS),)),
            _made_from(review, asked),
            _annex(review),
        ),
        warning=warning(review.rule),
        made=f"Made by carenotebook {carenotebook.__version__}.",
        skip="Skip to the dossier",
    )


_ATTENDANCE = ("attendance", "outcome_panel", "obstacles")
_UNKNOWN = ("states", "unknown_outcomes", "misclassification")


def _told(review: Review, name: str, title: str, blocks: tuple[str, ...]) -> Section:
    parts = (_in_the_body(block_part(review, b), b) for b in blocks if b in review.blocks)
    return Section(name, title, tuple(parts) or (Part("Not asked for."),))


def _in_the_body(part: Part, block: str) -> Part:
    """A long table is set at the end, so that what is to be weighed can be read through."""
    if part.table is None or not _is_long(block):
        return part
    return replace(part, table=None, close=f"{part.close}\n{_texts()['in_the_annex']}")


def _is_long(block: str) -> bool:
    return block in _LONG or block.split("_", maxsplit=1)[0] == AUDIT


def _annex(review: Review) -> Section:
    parts = (
        Part(title=block.title, table=lay_out(block.released, block.title))
        for name, block in review.blocks.items()
        if _is_long(name) and block.released is not None and not block.released.frame.is_empty()
    )
    return Section("annex", "Annex: every figure", tuple(parts))


def _question(written: Mapping[str, tuple[str, ...]], unfinished: tuple[str, ...]) -> Section:
    texts = _texts()
    asked = _own(written, "question", "The question", texts["not_written"], _LINES)
    if unfinished:
        what = Part("Before a decision, it lacks:", "What is missing", points=unfinished)
    else:
        what = Part("Nothing that a dossier is asked for.", "What is missing")
    return Section("question", "What is to be decided", (Part(texts["asked"]), asked, what))


def _data(review: Review, written: Mapping[str, tuple[str, ...]]) -> Section:
    section = data_section(review)
    own = written.get("not_in_the_data", ())
    absent = Part(
        title="Who is not in it", points=(*own, *_texts()["not_in_the_data"]), blank=0 if own else 2
    )
    return replace(section, parts=(*section.parts, absent))


def _affected(review: Review) -> tuple[str, ...]:
    groups = tuple(b for b in review.blocks if b.startswith(GROUP))
    return (
        "flagged",
        "by_month",
        "attrition",
        "stages",
        "stage_curves",
        "waiting",
        "table_one",
        *groups,
    )


def _harms(review: Review) -> Section:
    return _told(review, "harms", "Harms of acting and of not acting", ("harms", "came_back"))


def _fairness(review: Review) -> tuple[str, ...]:
    return tuple(b for b in review.blocks if b.split("_")[0] == AUDIT)


def _alternatives(review: Review, written: Mapping[str, tuple[str, ...]]) -> Section:
    texts = _texts()
    staged = review.rule["form"] == "protocol"
    points = (
        *written.get("alternatives", ()),
        *(texts[k] for k in ("do_nothing", "reach_out", "own_house")),
        texts["stages_alone" if staged else "other_rules"],
        texts["wait"],
    )
    first = Part(title="What was weighed", points=points)
    blocks = (DECISION, "practice", "rules", "rule_changes", "sweep")
    told = _told(review, "alternatives", "Alternatives considered", blocks)
    return replace(told, parts=(first, *told.parts))


def _open(written: Mapping[str, tuple[str, ...]]) -> Section:
    own = written.get("open_questions", ())
    part = Part(points=(*own, *_texts()["open_questions"]), blank=_LINES)
    return Section("open", "Open questions", (part,))


def _after(written: Mapping[str, tuple[str, ...]]) -> Section:
    texts = _texts()
    asked = Part(points=tuple(texts["after_an_ending"]))
    own = _own(written, "after_an_ending", "How it is done here", texts["not_written"], _LINES)
    return Section("after", "What happens after an ending", (asked, own))


def _stopping(limits: tuple[Limit, ...], written: Mapping[str, tuple[str, ...]]) -> Section:
    texts = _texts()
    heads = ("Withdrawn when", "Found on these data", "Now")
    rows = tuple((Cell(x.when), Cell(x.found, "short"), Cell(x.verdict, "short")) for x in limits)
    table = Table("Figures at which it is withdrawn", tuple(map(Cell, heads)), rows)
    figures = Part(
        "" if limits else texts["stopping_unnamed"],
        "At these figures",
        table=table if limits else None,
        blank=0 if limits else _LINES,
    )
    always = Part(title="And whenever", points=tuple(texts["stopping_always"]))
    own = _own(written, "stopping", "Who withdraws it, and how", texts["not_written"], _LINES)
    dated = Part(texts["stopping_last"], "Until when", blank=1)
    return Section(
        "stopping", "When it is withdrawn", (Part(texts["stopping"]), figures, always, own, dated)
    )


def _dissent(written: Mapping[str, tuple[str, ...]]) -> Section:
    own = written.get("dissent", ())
    return Section("dissent", "Dissent", (Part(_texts()["dissent"], points=own, blank=_ROOM),))


def _sign_off() -> Section:
    texts = _texts()
    heads = ("Seat", "Name", "For, against or abstaining, and on what terms", "Date, signature")
    seats = (*(Cell(seat) for seat in texts["seats"]), *([_WRITE] * _EMPTY_SEATS))
    table = Table(
        "Sign-off",
        tuple(map(Cell, heads)),
        tuple((seat, *([_WRITE] * (len(heads) - 1))) for seat in seats),
    )
    return Section("sign-off", "Sign-off", (Part(texts["sign_off"], table=table),))


def _made_from(review: Review, asked: Asked) -> Section:
    facts = (
        Fact("Made again with", "carenotebook dossier DATA --verify FILE", code=True),
        Fact("Hash of the data (SHA-256)", review.data["content_hash"], code=True),
        Fact("Hash of the criterion's meaning (SHA-256)", review.rule["hash"], code=True),
        Fact("Held against", ", ".join(asked.profile or ("every code that is known",))),
        Fact("Fairness looked at by", ", ".join(asked.by) or "no column"),
        Fact("Other rules beside it", ", ".join(r.name for r in asked.compare) or "none"),
    )
    return Section(
        "made", "What it was made from", (Part(_texts()["remake"], facts=facts, record=""),)
    )


def _own(
    written: Mapping[str, tuple[str, ...]], place: str, title: str, absent: str, blank: int
) -> Part:
    """What people wrote in a place, or room for it."""
    own = written.get(place, ())
    if not own:
        return Part(absent, title, blank=blank)
    return Part(own[0], title) if len(own) == 1 else Part(title=title, points=own)


@cache
def _texts() -> Mapping[str, Any]:
    text = resources.files("carenotebook.report").joinpath("dossier.yml")
    read: dict[str, Any] = yaml.safe_load(text.read_text(encoding="utf-8"))
    return read
