"""The rule as rows of the clause list, in words, and as Python."""

from __future__ import annotations

from collections.abc import Iterator

from carenotebook.appraise.ethics import UNFIT, ethics_review
from carenotebook.core.errors import RuleError
from carenotebook.criteria import words
from carenotebook.criteria.code import rule_code
from carenotebook.criteria.rule import Rule
from carenotebook.widgets._builder_messages import Clause, Document
from carenotebook.widgets._draft import Draft, History, Item, built
from carenotebook.widgets._fields import fields_of, label


def document(revision: int, answers: str, history: History) -> Document:
    """What the browser shows of a draft, before any figure."""
    draft = history.now
    said, code, problem = _told(draft)
    unfit, lacking = _safeguards(draft)
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
        unfit,
        lacking,
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


def _safeguards(draft: Draft) -> tuple[str, tuple[str, ...]]:
    try:
        rule = draft.rule()
    except RuleError:
        return "", ()
    return unfitness(rule) if rule is not None else ("", ())


def unfitness(rule: Rule) -> tuple[str, tuple[str, ...]]:
    """That a rule lacks blocking safeguards, in a sentence, and each with what to do about it."""
    review = ethics_review(rule)
    if review.fit:
        return "", ()
    many = len(review.lacking)
    missing = "1 blocking safeguard is" if many == 1 else f"{many} blocking safeguards are"
    blocking = (a.safeguard for a in review.answers if a.safeguard.title in review.lacking)
    return (
        f"{UNFIT}: {missing} missing. Study it on past data; do not use it with clients.",
        tuple(f"{s.title}: {s.change}" for s in blocking),
    )


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
