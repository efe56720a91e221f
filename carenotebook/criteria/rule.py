"""`Rule`: a criterion with a name, where it comes from, and what must be done before it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from carenotebook.core.durations import duration_us
from carenotebook.core.errors import OptionError, RuleError
from carenotebook.criteria import serial, syntax, words
from carenotebook.criteria.language import Expression
from carenotebook.criteria.ruletext import read_text

RuleKind = Literal["local", "model", "cautionary", "housekeeping"]
_KEYS = ("carenotebook_rule", "name", "source", "kind", "safeguards", "grace", "when")


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
        What its source does before, beside and after it, in words.

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
        if not isinstance(self.name, str) or not self.name.strip():
            raise RuleError("A rule needs a name.")
        if not isinstance(self.when, Expression):
            raise RuleError(
                "A rule needs an expression that is true or false, such as "
                "c.missed(within='90d') >= 3."
            )
        if self.kind not in get_args(RuleKind):
            raise RuleError(f"kind={self.kind!r} is not one of: {', '.join(get_args(RuleKind))}.")
        try:
            duration_us(self.grace, "grace")
        except OptionError as error:
            raise RuleError(str(error)) from None
        given: object = self.safeguards
        if isinstance(given, str):
            raise RuleError("safeguards takes a list of sentences, not one text.")
        object.__setattr__(self, "safeguards", tuple(self.safeguards))

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
        RuleError
            If the file cannot be written, or the rule calls itself a model without safeguards.
        """
        if self.kind == "model" and not self.safeguards:
            raise RuleError(
                f"{self.name}: a rule without safeguards may be studied, not saved as a model. "
                "Name its safeguards=, or give it another kind=."
            )
        tree = {
            "carenotebook_rule": syntax.LANGUAGE_VERSION,
            "name": self.name,
            "source": self.source,
            "kind": self.kind,
            "safeguards": list(self.safeguards),
            "grace": self.grace,
            "when": serial.to_tree(self.when.node),
        }
        kept = {k: v for k, v in tree.items() if v not in (None, [])}
        target = Path(path)
        text = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=100)
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise RuleError(f"{target}: the rule cannot be written ({reason}).") from None
        return target

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


def load(path: str | Path) -> Rule:
    """Read a rule from a YAML file. It is data: nothing in it is ever executed.

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
    except FileNotFoundError:
        raise RuleError(f"{source}: there is no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{source} cannot be read as a rule ({type(error).__name__}).") from None
    return _parsed(text, source.name)


def read_rule(text: str, name: str = "This text") -> Rule:
    """Read a rule from the text of a rule file; see `load`.

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
    return _parsed(text, name)


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
        f.name.removesuffix(".rule.yml"): _parsed(f.read_text(encoding="utf-8"), f.name)
        for f in files
    }


def _parsed(text: str, name: str) -> Rule:
    try:
        return _rule(read_text(text))
    except RuleError as error:
        raise RuleError(f"{name}: {error}") from None
    except RecursionError:
        raise RuleError(f"{name}: it is nested too deeply.") from None


def _rule(tree: Any) -> Rule:
    if not isinstance(tree, Mapping) or "carenotebook_rule" not in tree:
        raise RuleError("not a rule: it must begin with 'carenotebook_rule: 1'.")
    version = tree["carenotebook_rule"]
    if version != syntax.LANGUAGE_VERSION or isinstance(version, bool):
        raise RuleError(
            f"carenotebook_rule: this version reads language {syntax.LANGUAGE_VERSION} only."
        )
    extra = [str(k) for k in tree if k not in _KEYS]
    if extra:
        raise RuleError(f"unknown key {extra[0]!r}; known: {', '.join(_KEYS)}.")
    if "when" not in tree:
        raise RuleError("'when' is missing: the expression that the rule stands on.")
    texts = {k: tree[k] for k in ("name", "source", "kind", "grace") if k in tree}
    wrong = [k for k, v in texts.items() if not isinstance(v, str)]
    safeguards = tree.get("safeguards", [])
    if not isinstance(safeguards, list) or not all(isinstance(s, str) for s in safeguards):
        wrong.append("safeguards")
    if wrong or "name" not in texts:
        raise RuleError(f"{wrong[0] if wrong else 'name'}: text is needed here.")
    when = Expression(serial.from_tree(tree["when"]))
    return Rule(when=when, safeguards=tuple(safeguards), **texts)
