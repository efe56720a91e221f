"""What can be edited of a clause, and putting an edited value back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from carenotebook.core.durations import duration_us, say_duration
from carenotebook.core.errors import OptionError, RuleError
from carenotebook.criteria import nodes, syntax, words
from carenotebook.criteria.syntax import Param
from carenotebook.widgets._builder_messages import Field
from carenotebook.widgets._draft import HOW, Draft, Item, matched
from carenotebook.widgets._messages import Option

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SIGNS = {
    ">=": "at least",
    ">": "more than",
    "<=": "at most",
    "<": "less than",
    "==": "exactly",
    "!=": "not",
}
_HOW = (Option("all", "all"), Option("any", "any"), Option("at_least", "at least"))
_SINCE = " since the episode began"


def label(item: Item) -> str:  # noqa: PLR0911 - one case a node
    """The name of a clause, without what its fields say."""
    match item.node:
        case None:
            return "Group"
        case nodes.Not():
            return "Not"
        case nodes.IsUnknown() if item.children:
            return "Not known whether"
        case nodes.IsUnknown(operand=operand):
            return f"Not known: {words.say(operand)}"
        case nodes.Sustained():
            return "Without a break"
        case nodes.Compare(term=term) | nodes.IsIn(term=term):
            return _capital(_bare(term))
        case node:
            return _capital(words.say(node))


def _bare(term: syntax.Term) -> str:
    """A term without what its fields say."""
    if isinstance(term, nodes.Unanswered):
        return words.say(term).removesuffix(f" for {say_duration(term.after)}")
    if isinstance(term, nodes.AttendanceRate):
        return "attendance rate"
    if getattr(term, "within", None) is None:
        return words.say(term).removesuffix(_SINCE)
    windowed: Any = term
    return words.say(replace(windowed, within=None)).removesuffix(_SINCE)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def fields_of(item: Item) -> Iterator[Field]:
    """The fields of a clause, in the order in which they are read."""
    node = item.node
    if node is None:
        yield Field("how", "Match", "choice", item.how, _HOW, optional=False)
        if item.how == "at_least":
            yield Field("k", "How many", "number", _text(item.k), (), optional=False)
    elif isinstance(node, nodes.Sustained):
        yield Field("duration", "For", "duration", _text(node.duration), (), optional=False)
    elif isinstance(node, nodes.Compare):
        yield from _compared(node)
    elif isinstance(node, nodes.IsIn):
        yield Field("values", "One of", "text", ", ".join(map(_text, node.values)), (), False)  # noqa: FBT003
        yield from _windows(node.term)


def _compared(node: nodes.Compare) -> Iterator[Field]:
    ordered = node.term.quantity in ("days", "rate")
    signs = [o for o in _SIGNS if not (ordered and o in ("==", "!="))]
    if node.term.quantity == "attribute" and isinstance(node.value, bool | str):
        signs = ["==", "!="]
    choices = tuple(Option(o, _SIGNS[o]) for o in signs)
    yield Field("op", "Comparison", "choice", node.op, choices, optional=False)
    yield _threshold(node)
    yield from _windows(node.term)


def _threshold(node: nodes.Compare) -> Field:
    value, quantity = node.value, node.term.quantity
    if isinstance(value, Param):
        return Field("value", "Threshold", "text", _text(value), (), optional=False)
    if quantity == "days":
        text = value if isinstance(value, str) else f"{_text(value)}d"
        return Field("value", "Threshold", "duration", text, (), optional=False)
    if quantity == "rate":
        return Field("value", "Threshold", "percent", f"{100 * float(value):g}", (), optional=False)
    if isinstance(value, bool):
        yes_no = (Option("true", "true"), Option("false", "false"))
        return Field("value", "Value", "choice", _text(value), yes_no, optional=False)
    control = "text" if isinstance(value, str) else "number"
    return Field("value", "Threshold", control, _text(value), (), optional=False)  # type: ignore[arg-type]


def _windows(term: syntax.Term) -> Iterator[Field]:
    if hasattr(term, "within"):
        yield Field("within", "Within", "duration", _text(term.within), (), optional=True)
    if isinstance(term, nodes.AttendanceRate):
        yield Field("last", "Of the last", "number", _text(term.last), (), optional=True)
        yield Field("minimum", "From at least", "number", _text(term.minimum), (), optional=False)
    if isinstance(term, nodes.Unanswered):
        yield Field("after", "Unanswered for", "duration", term.after, (), optional=False)


def changed(draft: Draft, id_: int, name: str, text: str) -> Draft:
    """A draft with another value in a field.

    Raises
    ------
    RuleError
        If the text is no value for that field; it says what is needed.
    """
    item = draft.item(id_)
    if name not in {f.name for f in fields_of(item)}:
        raise RuleError("That field is no longer there.")
    if name == "how":
        return matched(draft, id_, text if text in HOW else "all")
    if name == "k":
        return draft.with_item(replace(item, k=_whole(text)))
    return draft.with_item(replace(item, node=_changed(item.node, name, text.strip())))


def _changed(node: Any, name: str, text: str) -> syntax.Truth:
    made: syntax.Truth
    if isinstance(node, nodes.Sustained):
        made = replace(node, duration=_duration(text))
    elif name == "op":
        made = replace(node, op=text)
    elif name == "value":
        made = replace(node, value=_value(node, text))
    elif name == "values":
        values = tuple(v for part in text.split(",") if (v := part.strip()))
        made = replace(node, values=values)
    elif name in ("last", "minimum"):
        number = None if not text and name == "last" else _whole(text)
        made = replace(node, term=replace(node.term, **{name: number}))
    else:
        window = None if not text and name == "within" else _duration(text)
        made = replace(node, term=replace(node.term, **{name: window}))
    return made


def _value(node: nodes.Compare, text: str) -> syntax.Scalar:
    quantity, before = node.term.quantity, node.value
    if quantity == "days":
        return _days(text, before)
    if isinstance(before, bool):
        return text == "true"
    if isinstance(before, str):
        return text
    number = _number(text)
    return round(number / 100, 6) if quantity == "rate" else number


def _days(text: str, before: object) -> syntax.Scalar:
    if text.endswith("d") and not isinstance(before, str):
        return _number(text[:-1])
    return _duration(text)


def _number(text: str) -> int | float:
    try:
        number = float(text)
    except ValueError:
        raise RuleError("A number is needed here.") from None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text.strip()):
        raise RuleError("A whole number is needed here.")
    return int(text)


def _duration(text: str) -> str:
    if re.fullmatch(r"\d+", text):
        raise RuleError(
            f"{text} what? Choose minutes, hours, days or weeks. Months vary in length."
        )
    if not re.fullmatch(r"\d+[mhdw]", text):
        raise RuleError("A whole number and a unit are needed here, such as 90 days.")
    try:
        duration_us(text)
    except OptionError as error:
        raise RuleError(str(error)) from None
    return text


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Param):
        return f"[{value.name}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
