"""The rule as rows of the clause list, in words, and as Python."""

from __future__ import annotations

from collections.abc import Iterator

from carenotebook.core.errors import RuleError
from carenotebook.criteria import words
from carenotebook.criteria.code import rule_code
from carenotebook.widgets._draft import Draft, History, Item, built
from carenotebook.widgets._fields import fields_of, label
from carenotebook.widgets._messages import Clause, Document


def document(revision: int, answers: str, history: History) -> Document:
    """What the browser shows of a draft, before any figure."""
    draft = history.now
    said, code, problem = _told(draft)
    return Document(
        revision,
        answers,
        draft.name,
        draft.root.id,
        tuple(fields_of(draft.root)),
        tuple(_rows(draft.root, 0, counted=True)),
        said,
        code,
        problem,
        history.can_undo,
        history.can_redo,
    )


def _told(draft: Draft) -> tuple[tuple[str, ...], str, str]:
    try:
        rule = draft.rule()
    except RuleError as error:
        return (), "", str(error)
    if rule is None:
        return (), "", ""
    return tuple(rule.explain().split("\n")), rule_code(rule), ""


def _rows(group: Item, depth: int, *, counted: bool) -> Iterator[Clause]:
    for item in group.children:
        counts = counted and item.on
        node = built(item)
        yield Clause(
            item.id,
            depth,
            item.on,
            counts,
            item.is_group,
            label(item),
            words.say(node) if node is not None else label(item),
            tuple(fields_of(item)),
        )
        yield from _rows(item, depth + 1, counted=counts)
