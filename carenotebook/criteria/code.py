"""A rule as the Python that makes it, to paste into a cell."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from carenotebook.core import options
from carenotebook.criteria import nodes, syntax
from carenotebook.criteria.syntax import Param

if TYPE_CHECKING:
    from carenotebook.criteria.rule import Rule

_SUGAR = {
    options.MISSED: "missed",
    options.SCHEDULED: "scheduled",
    ("no_show",): "no_shows",
    ("late_cancel",): "late_cancels",
    ("early_cancel",): "early_cancels",
    ("attended",): "attended",
    ("provider_cancel",): "provider_cancels",
    ("technical_failure",): "technical_failures",
}
_GROUPS = {"all": "all_of", "any": "any_of"}


def rule_code(rule: Rule) -> str:
    """Python that makes the rule.

    Parameters
    ----------
    rule : Rule

    Returns
    -------
    str
        An assignment to `rule`; it needs ``from carenotebook import criteria as c``.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> print(rule_code(c.Rule("silence", c.days_since_heard() >= 30)))
    from carenotebook import criteria as c
    <BLANKLINE>
    rule = c.Rule(
        'silence',
        c.days_since_heard() >= 30,
    )
    """
    lines = [f"{rule.name!r},", f"{code(rule.when.node, 1)},"]
    defaults = {"source": None, "grace": "7d", "kind": "local", "safeguards": ()}
    given = {n: getattr(rule, n) for n in defaults if getattr(rule, n) != defaults[n]}
    lines += [f"{name}={value!r}," for name, value in given.items()]
    body = "\n".join(f"    {line}" for line in lines)
    return f"from carenotebook import criteria as c\n\nrule = c.Rule(\n{body}\n)"


def code(node: syntax.Node, depth: int = 0) -> str:  # noqa: PLR0911 - one case a node
    """Python that makes an expression or a term.

    Examples
    --------
    >>> from carenotebook import criteria as c
    >>> code((c.missed(within="90d") >= 3).node)
    "c.missed(within='90d') >= 3"
    """
    match node:
        case nodes.All() | nodes.Any_():
            return _group(_GROUPS[node.key], (), node.operands, depth)
        case nodes.AtLeast():
            return _group("at_least", (_plain(node.k),), node.operands, depth)
        case nodes.Not():
            return f"~{_wrapped(node.operand, depth)}"
        case nodes.IsUnknown():
            return f"{_wrapped(node.operand, depth)}.is_unknown()"
        case nodes.Sustained():
            return f"{_wrapped(node.operand, depth)}.for_at_least({_plain(node.duration)})"
        case nodes.Compare():
            return f"{code(node.term)} {node.op} {_plain(node.value)}"
        case nodes.IsIn():
            return f"{code(node.term)}.is_in({list(node.values)!r})"
    return _call(node)


def _group(
    name: str, first: tuple[str, ...], operands: tuple[syntax.Truth, ...], depth: int
) -> str:
    indent = "    " * (depth + 1)
    lines = [f"{indent}{part}," for part in (*first, *(code(o, depth + 1) for o in operands))]
    return "\n".join([f"c.{name}(", *lines, f"{'    ' * depth})"])


def _wrapped(node: syntax.Node, depth: int) -> str:
    text = code(node, depth)
    return f"({text})" if isinstance(node, nodes.Compare | nodes.Not) else text


def _call(node: syntax.Node) -> str:
    name, skip = node.key, ""
    if isinstance(node, nodes.Appointments) and node.outcome in _SUGAR:
        name, skip = _SUGAR[node.outcome], "outcome"
    given = []
    for field in fields(node):  # type: ignore[arg-type]
        value = getattr(node, field.name)
        needed = field.default is MISSING
        if field.name != skip and (needed or value != field.default):
            positional = needed and not isinstance(node, nodes.Appointments)
            given.append(_plain(value) if positional else f"{field.name}={_plain(value)}")
    return f"c.{name}({', '.join(given)})"


def _plain(value: Any) -> str:
    if isinstance(value, Param):
        return f"c.param({value.name!r})"
    if isinstance(value, tuple):
        return repr(value[0]) if len(value) == 1 else repr(list(value))
    return repr(value)
