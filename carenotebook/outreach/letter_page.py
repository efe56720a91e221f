"""A letter as text for a terminal or an e-mail, and as one HTML file to print."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from carenotebook.outreach.letter_blocks import Block, Line, plain
from carenotebook.outreach.letter_language import language
from carenotebook.outreach.page import template

if TYPE_CHECKING:
    from carenotebook.outreach.letter_draft import Letter

_WIDTH = 76


def letter_text(letter: Letter) -> str:
    """The letter as plain text."""
    blocks = [_block_text(b) for b in letter.blocks]
    if not letter.ready:
        blocks.insert(0, f"*** {notice(letter)} ***")
    return "\n\n".join(blocks) + "\n"


def _block_text(block: Block) -> str:
    if block.kind == "ul":
        return "\n".join(_wrapped(line, "- ") for line in block.lines)
    text = _wrapped(block.lines[0])
    if block.kind == "h2":
        return f"{text}\n{'-' * min(len(text), _WIDTH)}"
    return text.upper() if block.kind == "h1" and not block.facts else text


def _wrapped(line: Line, bullet: str = "") -> str:
    return textwrap.fill(
        plain(line).strip(),
        _WIDTH,
        initial_indent=bullet,
        subsequent_indent=" " * len(bullet),
        break_on_hyphens=False,
        break_long_words=False,
    )


def letter_html(letter: Letter) -> str:
    """The letter as one self-contained HTML file; whatever was put in is escaped."""
    return template("letter.html.j2").render(
        letter=letter, blocks=letter.blocks, notice="" if letter.ready else notice(letter)
    )


def notice(letter: Letter) -> str:
    """What a draft says at its head, in the language of the letter."""
    return language(letter.template.language).labels["not_ready"]
