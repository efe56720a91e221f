"""What a rule and a protocol have in common: a name, a source, a kind, safeguards, and a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import yaml

from carenotebook.core.errors import OptionError, RuleError
from carenotebook.core.oserrors import reason_of
from carenotebook.criteria import checks, syntax
from carenotebook.criteria.ruletext import read_text

RuleKind = Literal["local", "model", "cautionary", "housekeeping"]
T = TypeVar("T")


def check_header(criterion: Any, what: str) -> None:
    """Check name, kind, grace and safeguards, and keep the safeguards as a tuple."""
    if not isinstance(criterion.name, str) or not criterion.name.strip():
        raise RuleError(f"A {what} needs a name.")
    kinds = get_args(RuleKind)
    if criterion.kind not in kinds:
        raise RuleError(f"kind={criterion.kind!r} is not one of: {', '.join(kinds)}.")
    checks.duration(criterion.grace, "grace")
    if isinstance(criterion.safeguards, str):
        raise RuleError("safeguards takes a list of sentences, not one text.")
    object.__setattr__(criterion, "safeguards", tuple(criterion.safeguards))


def tree_of(criterion: Any, what: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """A criterion as plain data, as its file holds it."""
    tree = {
        f"carenotebook_{what}": syntax.LANGUAGE_VERSION,
        "name": criterion.name,
        "source": criterion.source,
        "kind": criterion.kind,
        "safeguards": list(criterion.safeguards),
        "grace": criterion.grace,
        **content,
    }
    return {k: v for k, v in tree.items() if v not in (None, [])}


def save_tree(tree: Mapping[str, Any], what: str, path: str | Path) -> Path:
    """Write a criterion as YAML, in a file that the readers of criteria take for one."""
    target = Path(path)
    if target.suffix not in {".yml", ".yaml"}:
        raise OptionError(f"{target}: a {what} is saved as YAML; name a file *.{what}.yml.")
    text = yaml.safe_dump(dict(tree), sort_keys=False, allow_unicode=True, width=100)
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = reason_of(error)
        raise RuleError(f"{target}: the {what} cannot be written ({reason}).") from None
    return target


def read_header(tree: Any, what: str, content: str, meaning: str) -> dict[str, Any]:
    """The texts and safeguards of a file's tree, once everything in it is known.

    Parameters
    ----------
    tree : Any
    what : str
        "rule" or "protocol".
    content : str
        The key that holds what it stands on, and `meaning`, what that is.
    """
    mark = f"carenotebook_{what}"
    if not isinstance(tree, Mapping) or mark not in tree:
        raise RuleError(f"not a {what}: it must begin with '{mark}: 1'.")
    version = tree[mark]
    if version != syntax.LANGUAGE_VERSION or isinstance(version, bool):
        raise RuleError(f"{mark}: this version reads language {syntax.LANGUAGE_VERSION} only.")
    keys = (mark, "name", "source", "kind", "safeguards", "grace", content)
    extra = [str(k) for k in tree if k not in keys]
    if extra:
        raise RuleError(f"unknown key {extra[0]!r}; known: {', '.join(keys)}.")
    if content not in tree:
        raise RuleError(f"{content!r} is missing: {meaning}.")
    texts = {k: tree[k] for k in ("name", "source", "kind", "grace") if k in tree}
    wrong = [k for k, v in texts.items() if not isinstance(v, str)]
    safeguards = tree.get("safeguards", [])
    if not isinstance(safeguards, list) or not all(isinstance(s, str) for s in safeguards):
        wrong.append("safeguards")
    if wrong or "name" not in texts:
        raise RuleError(f"{wrong[0] if wrong else 'name'}: text is needed here.")
    return {**texts, "safeguards": tuple(safeguards)}


def parsed(text: str, name: str, make: Callable[[Any], T]) -> T:
    """What `make` makes of the plain data of a file; an error says which file."""
    try:
        return make(read_text(text))
    except RuleError as error:
        raise RuleError(f"{name}: {error}") from None
    except RecursionError:
        raise RuleError(f"{name}: it is nested too deeply.") from None
