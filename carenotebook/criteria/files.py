"""Read a criterion from a file: a rule or a protocol, whichever its content says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carenotebook.core.errors import RuleError
from carenotebook.core.oserrors import why_unreadable
from carenotebook.criteria.header import parsed
from carenotebook.criteria.protocol import Protocol, protocol_of
from carenotebook.criteria.rule import Rule, rule_of


def load(path: str | Path) -> Rule | Protocol:
    """Read a rule or a protocol from a YAML file. It is data: nothing in it is ever executed.

    Raises
    ------
    RuleError
        If the file cannot be read, or naming the place of what is not understood.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> import tempfile, pathlib
    >>> rule = c.Rule("silence", c.days_since_heard() >= 30)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     c.load(rule.save(pathlib.Path(folder) / "silence.rule.yml")) == rule
    True
    """
    source = Path(path)
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{source}: {why_unreadable(error)}") from None
    return parsed(text, source.name, criterion_of)


def criterion_of(tree: Any) -> Rule | Protocol:
    """The rule or protocol of a tree of plain data."""
    staged = isinstance(tree, Mapping) and "carenotebook_protocol" in tree
    return protocol_of(tree) if staged else rule_of(tree)
