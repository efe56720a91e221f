"""Rules as data: plain trees of dicts, lists, text and numbers, written to YAML and hashed as JSON.

Reading one never executes anything. Whatever does not belong is refused with its place.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from carenotebook.core.errors import RuleError
from carenotebook.criteria import nodes, syntax
from carenotebook.criteria.language import Expression
from carenotebook.criteria.stage import Requirement, Stage
from carenotebook.criteria.syntax import Param

Tree = Any
T = TypeVar("T")
_CHOICES = ("outcome", "kind", "reason", "modality", "direction", "purpose", "detail")
_GROUPS: dict[str, type[nodes.All | nodes.Any_]] = {"all": nodes.All, "any": nodes.Any_}
_RELIABLE: dict[str, type[nodes.Improved | nodes.Deteriorated]] = {
    "improved": nodes.Improved,
    "deteriorated": nodes.Deteriorated,
}
_FORMS = ("all", "any", "not", "at_least", "for_at_least", "term", "is_unknown", *_RELIABLE)


def canonical_hash(when: syntax.Truth, grace: str) -> str:
    """SHA-256 of the canonical JSON of a tree, with the language's version."""
    return tree_hash({"grace": grace, "when": to_tree(when)})


def tree_hash(tree: Mapping[str, Tree]) -> str:
    """SHA-256 of the canonical JSON of plain data, with the language's version."""
    versioned = {"language": syntax.LANGUAGE_VERSION, **tree}
    text = json.dumps(versioned, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def stage_to_tree(stage: Stage, *, named: bool = True) -> Tree:
    """A stage as plain data."""
    given = {
        "name": stage.name if named else None,
        "when": to_tree(stage.when.node),
        "requires": [_requirement_tree(r) for r in stage.requires],
        "wait": stage.wait,
        "sticky": stage.sticky,
    }
    return {k: v for k, v in given.items() if v is not None}


def _requirement_tree(requirement: Requirement) -> Tree:
    given = {k: _plain(getattr(requirement, k)) for k in requirement.columns}
    (*_, kind) = kinds = given["kind"]
    return kind if len(given) == len(kinds) == 1 else given


def stages_from_tree(tree: Tree, place: str = "stages") -> tuple[Stage, ...]:
    """Stages from plain data.

    Raises
    ------
    RuleError
        Naming the place of what does not belong.
    """
    if not isinstance(tree, list):
        raise RuleError(f"{place}: a list of stages is needed here.")
    return tuple(_stage(t, f"{place}[{i}]") for i, t in enumerate(tree))


def _stage(tree: Tree, place: str) -> Stage:
    given = dict(_mapping(tree, place))
    _only(given, {f.name for f in fields(Stage)}, place)
    if "when" not in given:
        raise RuleError(f"{place}.when: the expression of the stage is missing.")
    when = Expression(from_tree(given.pop("when"), f"{place}.when"))
    asked, at = given.pop("requires", []), f"{place}.requires"
    if not isinstance(asked, list):
        raise RuleError(f"{at}: a list of recorded safeguards is needed here.")
    requires = tuple(_requirement(r, f"{at}[{i}]") for i, r in enumerate(asked))
    return _placed(place, lambda: Stage(when=when, requires=requires, **given))


def _requirement(tree: Tree, place: str) -> Requirement:
    given = {"kind": tree} if isinstance(tree, str) else _mapping(tree, place)
    _only(given, {f.name for f in fields(Requirement)}, place)
    if "kind" not in given:
        raise RuleError(f"{place}: kind is missing: which recorded safeguard.")
    return _placed(place, lambda: Requirement(**given))


def to_tree(node: syntax.Node) -> Tree:  # noqa: PLR0911 - one case a node
    """A node as plain data."""
    match node:
        case syntax.Term():
            return {node.key: _arguments(node)}
        case nodes.All() | nodes.Any_():
            return {node.key: [to_tree(o) for o in node.operands]}
        case nodes.Not() | nodes.IsUnknown():
            return {node.key: to_tree(node.operand)}
        case nodes.AtLeast():
            return {node.key: {"k": _plain(node.k), "of": [to_tree(o) for o in node.operands]}}
        case nodes.Sustained():
            return {node.key: {"duration": _plain(node.duration), "of": to_tree(node.operand)}}
        case nodes.Compare():
            return {"term": to_tree(node.term), "op": node.op, "value": _plain(node.value)}
        case nodes.IsIn():
            return {"term": to_tree(node.term), "is_in": [_plain(v) for v in node.values]}
        case nodes.Improved() | nodes.Deteriorated():
            return {node.key: node.instrument}
    raise TypeError(type(node).__name__)


def _arguments(term: syntax.Term) -> dict[str, Tree]:
    """The arguments that differ from their defaults."""
    given = {}
    for field in fields(term):  # type: ignore[arg-type]
        value = getattr(term, field.name)
        if field.default is MISSING or value != field.default:
            given[field.name] = _plain(value)
    return given


def _plain(value: object) -> Tree:
    if isinstance(value, Param):
        return {"param": value.name}
    if isinstance(value, tuple):
        return list(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def from_tree(tree: Tree, place: str = "when") -> syntax.Truth:
    """A truth from plain data.

    Raises
    ------
    RuleError
        Naming the place of what does not belong, and the nearest thing that does.
    """
    given = _mapping(tree, place)
    form = next((f for f in _FORMS if f in given), None)
    if form is None:
        raise RuleError(f"{place}: {_unknown('form', given, _FORMS)}")
    if form == "term":
        return _comparison(given, place)
    _only(given, {form}, place)
    inner, at = given[form], f"{place}.{form}"
    if form in _GROUPS:
        operands = _truths(inner, at)
        return _placed(at, lambda: _GROUPS[form](operands))
    if form in _RELIABLE:
        return _placed(at, lambda: _RELIABLE[form](inner))
    return _wrapping(form, inner, at)


def _wrapping(form: str, inner: Tree, at: str) -> syntax.Truth:
    if form == "not":
        return nodes.Not(from_tree(inner, at))
    if form == "is_unknown":
        return nodes.IsUnknown(_term_or_truth(inner, at))
    arguments = _mapping(inner, at)
    if form == "at_least":
        _only(arguments, {"k", "of"}, at, required=True)
        k, operands = _param(arguments["k"], at), _truths(arguments["of"], f"{at}.of")
        return _placed(at, lambda: nodes.AtLeast(k, operands))
    _only(arguments, {"duration", "of"}, at, required=True)
    duration, operand = _param(arguments["duration"], at), from_tree(arguments["of"], f"{at}.of")
    return _placed(at, lambda: nodes.Sustained(duration, operand))


def _comparison(given: Mapping[str, Tree], place: str) -> syntax.Truth:
    term = _term(given["term"], f"{place}.term")
    if "is_in" in given:
        _only(given, {"term", "is_in"}, place)
        values = given["is_in"]
        if not isinstance(values, list):
            raise RuleError(f"{place}.is_in: a list of values is needed here.")
        return _placed(f"{place}.is_in", lambda: nodes.IsIn(term, tuple(values)))
    _only(given, {"term", "op", "value"}, place, required=True)
    value = _param(given["value"], place)
    return _placed(place, lambda: nodes.Compare(term, given["op"], value))


def _term(tree: Tree, place: str) -> syntax.Term:
    given = {tree: None} if isinstance(tree, str) else _mapping(tree, place)
    if len(given) != 1:
        raise RuleError(f"{place}: one term is needed here; found {len(given)} keys.")
    ((key, raw),) = given.items()
    if key not in nodes.TERMS:
        raise RuleError(f"{place}: {_unknown('term', [key], nodes.TERMS)}")
    kind = nodes.TERMS[key]
    arguments = {} if raw is None else _mapping(raw, f"{place}.{key}")
    _only(arguments, {f.name for f in fields(kind)}, f"{place}.{key}")  # type: ignore[arg-type]
    needed = [f.name for f in fields(kind) if f.default is MISSING]  # type: ignore[arg-type]
    lacking = [n for n in needed if n not in arguments]
    if lacking:
        raise RuleError(f"{place}.{key}: {', '.join(lacking)} is missing.")
    ready = {
        n: _choice(v, f"{place}.{key}.{n}") if n in _CHOICES else _param(v, f"{place}.{key}.{n}")
        for n, v in arguments.items()
    }
    return _placed(f"{place}.{key}", lambda: kind(**ready))


def _term_or_truth(tree: Tree, place: str) -> syntax.Term | syntax.Truth:
    if isinstance(tree, str) or (isinstance(tree, Mapping) and set(tree) <= set(nodes.TERMS)):
        return _term(tree, place)
    return from_tree(tree, place)


def _truths(tree: Tree, place: str) -> tuple[syntax.Truth, ...]:
    if not isinstance(tree, list):
        raise RuleError(f"{place}: a list of expressions is needed here.")
    return tuple(from_tree(t, f"{place}[{i}]") for i, t in enumerate(tree))


def _choice(value: Tree, place: str) -> Tree:
    return _placed(place, lambda: syntax.as_choice(value))


def _param(value: Tree, place: str) -> Tree:
    if not isinstance(value, Mapping):
        return value
    _only(value, {"param"}, place, required=True)
    return _placed(place, lambda: Param(value["param"]))


def _placed(place: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except RuleError as error:
        raise RuleError(f"{place}: {error}") from None
    except TypeError:
        raise RuleError(f"{place}: a value here is of a wrong type.") from None


def _mapping(tree: Tree, place: str) -> Mapping[str, Tree]:
    if not isinstance(tree, Mapping) or not all(isinstance(k, str) for k in tree):
        raise RuleError(f"{place}: names with values are needed here, not {_kind(tree)}.")
    return tree


def _only(
    given: Mapping[str, Tree], allowed: set[str], place: str, *, required: bool = False
) -> None:
    extra = [k for k in given if k not in allowed]
    if extra:
        raise RuleError(f"{place}: {_unknown('key', extra, sorted(allowed))}")
    lacking = sorted(allowed - set(given))
    if required and lacking:
        raise RuleError(f"{place}: {', '.join(lacking)} is missing.")


def _unknown(what: str, found: Iterable[str], known: Iterable[str]) -> str:
    name = next(iter(found), "")
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}."
    return f"unknown {what} {name!r}; {hint}" if name else f"a {what} is missing; {hint}"


def _kind(tree: Tree) -> str:
    return {list: "a list", str: "text", type(None): "nothing"}.get(type(tree), "a single value")
