"""Whether a letter says what its kind asks for, and says nothing that wounds or gives away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carenotebook.outreach.letter_blocks import Block
from carenotebook.outreach.letter_language import Language, Phrase
from carenotebook.outreach.letter_model import Content, Kind

OFFICIAL = ("jargon", "cold")
"""Tones that are all right among clinicians, and in the name of a service."""

_FEWEST = 4
"""Words without which nothing is said."""


def missing_content(kind: Kind, blocks: Sequence[Block]) -> Iterator[str]:
    """What the kind asks for and the blocks do not say, with where to add it."""
    for content in kind.asks:
        said = [b for b in blocks if content.key in b.marks and b.kind in ("p", "ul")]
        if sum(b.words for b in said) < _FEWEST:
            yield (
                f"missing: {content.label}. In a section or a paragraph that ends with "
                f"{{: {content.key} }}, {content.add}."
            )
        elif content.facts and not any(set(content.facts) & b.facts for b in said):
            yield _without_fact(content)
        elif (
            content.key == "options"
            and not _is_open(said)
            and max((len(b.lines) for b in said), default=0) < 2
        ):
            yield "the options are fewer than two. List at least two things to choose from."


def _is_open(blocks: Sequence[Block]) -> bool:
    return any(s.is_open for b in blocks for line in b.lines for s in line)


def _without_fact(content: Content) -> str:
    facts = " or ".join(content.facts)
    return (
        f"{content.label}: insert {facts} in what is marked {{: {content.key} }}, so that somebody "
        f"has to {content.add}."
    )


def phrases_in(
    text: str, kind: Kind, words: Language, *, outside: bool = False
) -> Iterator[Phrase]:
    """Phrases to avoid that stand in a text.

    `outside`: whether the text can be seen by others, so that nothing may give the reader away.
    """
    to_client = kind.audience != "clinician"
    for phrase in words.tone:
        if (to_client or phrase.tone not in OFFICIAL) and phrase.within(text):
            yield phrase
    if outside and to_client:
        yield from (p for p in words.reveals if p.within(text))
