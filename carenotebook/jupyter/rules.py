"""A rule file's text in words."""

from __future__ import annotations

from carenotebook.criteria import words
from carenotebook.criteria.rule import read_rule


def describe_rule(text: str) -> dict[str, str | list[str]]:
    """What a rule says, for the viewer.

    Parameters
    ----------
    text : str
        The content of a ``*.rule.yml`` file. It is data; nothing in it is executed.

    Returns
    -------
    dict
        name, lead, clauses, note, source, safeguards and hash.

    Raises
    ------
    RuleError
        Naming the place of what is not understood.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = c.library()["ruh"].save(pathlib.Path(folder) / "x.rule.yml")
    ...     describe_rule(file.read_text())["name"]
    'Ruh: long silence, or three in a row'
    """
    rule = read_rule(text, "This rule")
    lines = rule.explain().split("\n")
    return {
        "name": rule.name,
        "lead": "\n".join(lines[: -1 - len(rule.clauses)]),
        "clauses": [words.say(clause.node) for clause in rule.clauses],
        "note": lines[-1],
        "source": rule.source or "",
        "safeguards": list(rule.safeguards),
        "hash": rule.hash,
    }
