"""`Rule`: a criterion with a name, where it comes from, and what must be done before it counts."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from carenotebook.core.errors import RuleError
from carenotebook.criteria import serial, words
from carenotebook.criteria.header import (
    RuleKind,
    check_header,
    parsed,
    read_header,
    save_tree,
    tree_of,
)
from carenotebook.criteria.language import Expression
from carenotebook.criteria.safeguards import check_preset


@dataclass(frozen=True, repr=False)
class Rule:
    """A criterion that puts a client up for a clinician's review; it discharges nobody.

    Parameters
    ----------
    name : str
    when : Expression
        When the review is due.
    source : str, optional
        Where the rule comes from.
    grace : str
        The rule is never true in a pause or for so long after one.
    kind : {"local", "model", "cautionary", "housekeeping"}
        What a published rule is an example of.
    safeguards : sequence of str
        What its source does before, beside and after it, in words. One that begins with a
        safeguard's title and a colon ("Way back: ...") declares it; see
        `carenotebook.ethics_review`.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> rule = c.Rule("silence", c.days_since_heard() >= 30)
    >>> print(rule.explain())
    silence: a clinician reviews the client when this holds:
      1. time since the client was last heard from: 30 days or longer
    Never during a pause in care or in the 7 days after one. It ends in a review, never in a
    discharge.
    """

    name: str
    when: Expression
    source: str | None = None
    grace: str = "7d"
    kind: RuleKind = "local"
    safeguards: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_header(self, "rule")
        if not isinstance(self.when, Expression):
            raise RuleError(
                "A rule needs an expression that is true or false, such as "
                "c.missed(within='90d') >= 3."
            )

    @property
    def clauses(self) -> tuple[Expression, ...]:
        """The conditions that must hold together."""
        return tuple(Expression(n) for n in words.clauses_of(self.when.node))

    @property
    def hash(self) -> str:
        """SHA-256 of the rule's meaning: its tree and grace, without name, source and the like."""
        return serial.canonical_hash(self.when.node, self.grace)

    def explain(self) -> str:
        """The rule in plain English, one line per clause."""
        return words.explain(self.when.node, self.grace, self.name)

    def save(self, path: str | Path) -> Path:
        """Write the rule as a YAML file (by custom ``*.rule.yml``) that `load` reads.

        Raises
        ------
        OptionError
            If the file's name does not end in .yml or .yaml.
        RuleError
            If the file cannot be written, or the rule calls itself a model while it lacks a
            blocking safeguard. It may still be saved under another `kind`, to be studied; a
            published preset may be copied as it is.
        """
        if self.kind == "model":
            check_preset(self, "rule", published=self in library().values())
        return save_tree(self.tree(), "rule", path)

    def tree(self) -> dict[str, Any]:
        """The rule as plain data, as its file holds it."""
        return tree_of(self, "rule", {"when": serial.to_tree(self.when.node)})

    def check(self, cases: Any) -> None:
        """Run unit tests of the rule; see `carenotebook.criteria.Case`.

        Raises
        ------
        RuleError
            Naming every case whose intervals are not as expected, with both.
        """
        from carenotebook.criteria.cases import check_cases

        check_cases(self, cases)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[object, ...]:
        return (self.name, self.source, self.kind, self.safeguards, self.hash)

    def __repr__(self) -> str:
        return f"Rule({self.name!r}, {words.say(self.when.node)})"


def read_rule(text: str, name: str = "This text") -> Rule:
    """Read a rule from the text of a rule file; see `carenotebook.criteria.load`.

    Parameters
    ----------
    text : str
        YAML, as `Rule.save` writes it.
    name : str
        What an error calls it.

    Raises
    ------
    RuleError
        Naming the place of what is not understood.

    Examples
    --------
    >>> silent = "{term: days_since_heard, op: '>=', value: 30}"
    >>> read_rule(f"{{carenotebook_rule: 1, name: silence, when: {silent}}}").name
    'silence'
    """
    return parsed(text, name, rule_of)


def library() -> dict[str, Rule]:
    """Published non-attendance rules by name, each with its safeguards and where it was seen.

    They are there to be studied. A `cautionary` one shows what to avoid.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> c.library()["ruh"].kind
    'model'
    """
    folder = resources.files("carenotebook.criteria") / "library"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yml")), key=lambda f: f.name)
    return {
        f.name.removesuffix(".rule.yml"): read_rule(f.read_text(encoding="utf-8"), f.name)
        for f in files
    }


def rule_of(tree: Any) -> Rule:
    """The rule of a file's tree."""
    header = read_header(tree, "rule", "when", "the expression that the rule stands on")
    return Rule(when=Expression(serial.from_tree(tree["when"])), **header)
