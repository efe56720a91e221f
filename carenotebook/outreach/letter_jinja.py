"""The part of Jinja2 that a letter may use: insert a fact, ask for one, go through a list of them.

A wording is data that somebody sent. So it is read by Jinja2's immutable sandbox with nothing in
it: no loader, no filter, no test, no global, no attribute. Before that, its tree is held against a
list of what it may contain; a call, an attribute or an import is refused with its line. Nothing can
run long: there is one loop at a time, over a short list.

What a fact says is set in only after the wording has been taken apart into headings, paragraphs and
lists, so no fact can become a heading, a link, or a piece of the template's own language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carenotebook.outreach.letter_model import Fact

if TYPE_CHECKING:
    from jinja2 import nodes

_DEEPEST = 3
_BEGIN, _END = "\ue000", "\ue001"

ALLOWED = (
    "A letter may hold {{ fact }}, {% if fact %}, {% if not fact %}, {% else %}, {% endif %}, "
    "{% for item in fact %} and {% endfor %}, and nothing else of Jinja."
)


class Inserted(str):
    """The text of a fact, and whose it is; `is_open` where a person still has to write it."""

    __slots__ = ("is_open", "key")
    key: str
    is_open: bool

    @classmethod
    def of(cls, key: str, text: str, *, is_open: bool = False) -> Inserted:
        """A text of the fact `key`."""
        made = cls(text)
        made.key, made.is_open = key, is_open
        return made


@dataclass(frozen=True)
class Rendered:
    """A wording with its conditions decided, and a mark wherever a fact stands."""

    text: str
    inserted: tuple[Inserted, ...]

    def pieces(self, text: str) -> Iterator[str | Inserted]:
        """A part of `text`, taken apart into wording and facts."""
        for part in text.split(_BEGIN):
            number, mark, rest = part.partition(_END)
            if mark:
                yield self.inserted[int(number)]
            if wording := (rest if mark else part):
                yield wording


def template_problems(
    body: str, facts: Mapping[str, Fact]
) -> tuple[set[str], list[tuple[int, str]]]:
    """The facts that a wording uses, and what it may not hold.

    Parameters
    ----------
    body : str
    facts : mapping of str to Fact
        Those that it may use.

    Returns
    -------
    used : set of str
    problems : list of (int, str)
        The line in the body, from 1, and what is wrong.
    """
    from jinja2 import TemplateSyntaxError

    try:
        tree = _environment([]).parse(body)
    except TemplateSyntaxError as error:
        return set(), [(error.lineno, f"this is not a letter's template: {_plain(error)}")]
    except RecursionError:
        return set(), [(1, "it is nested too deeply.")]
    reader = _Reader(facts)
    try:
        reader.blocks(tree.body, 0)
    except RecursionError:
        return set(), [(1, "it is nested too deeply.")]
    return reader.used, reader.problems


def _plain(error: Any) -> str:
    said = str(error.message or "")[:120].rstrip(".")
    return f"{said}. {ALLOWED}" if said.isprintable() else ALLOWED


class _Reader:
    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self.facts, self.used = facts, set[str]()
        self.problems: list[tuple[int, str]] = []
        self._item: str | None = None

    def blocks(self, found: list[Any], depth: int) -> None:
        from jinja2 import nodes

        for node in found:
            if depth > _DEEPEST:
                self.problems.append((node.lineno, "conditions are nested too deeply here."))
            elif isinstance(node, nodes.Output):
                for part in node.nodes:
                    self._output(part)
            elif isinstance(node, nodes.If) and not node.elif_:
                self._condition(node.test)
                self.blocks([*node.body, *node.else_], depth + 1)
            elif isinstance(node, nodes.For):
                self._loop(node, depth)
            else:
                self._refuse(node)

    def _output(self, node: nodes.Node) -> None:
        from jinja2 import nodes

        if isinstance(node, nodes.Name):
            self._name(node, "print")
        elif not isinstance(node, nodes.TemplateData):
            self._refuse(node)

    def _condition(self, node: nodes.Node) -> None:
        from jinja2 import nodes

        if isinstance(node, nodes.Not):
            node = node.node
        if isinstance(node, nodes.Name):
            self._name(node, "ask")
        else:
            self._refuse(node)

    def _loop(self, node: nodes.For, depth: int) -> None:
        from jinja2 import nodes

        simple = isinstance(node.iter, nodes.Name) and isinstance(node.target, nodes.Name)
        if not simple or node.else_ or node.test or node.recursive or self._item is not None:
            self._refuse(node)
            return
        target = node.target.name  # type: ignore[attr-defined]
        if target in self.facts:
            self.problems.append((node.lineno, f"{target!r} is a fact; call each entry otherwise."))
            return
        self._name(node.iter, "loop")
        self._item = target
        self.blocks(node.body, depth + 1)
        self._item = None

    def _name(self, node: Any, what: str) -> None:
        name = node.name
        if name == self._item and what != "loop":
            return
        fact = self.facts.get(name)
        if fact is None:
            self.problems.append((node.lineno, _unknown(name, self.facts)))
            return
        self.used.add(name)
        if not fact.shown:
            self.problems.append((node.lineno, f"{name!r} is for the sender, not for the letter."))
        elif what == "loop" and fact.kind != "list":
            self.problems.append(
                (node.lineno, f"{name!r} is no list; write it as {{{{ {name} }}}}.")
            )
        elif what == "print" and fact.kind == "list":
            loop = f"{{% for item in {name} %}}"
            self.problems.append((node.lineno, f"{name!r} is a list; go through it with {loop}."))

    def _refuse(self, node: nodes.Node) -> None:
        kind = type(node).__name__
        line = node.lineno or next((n.lineno for n in node.iter_child_nodes() if n.lineno), 1)
        self.problems.append((line, f"this is not allowed here ({kind}). {ALLOWED}"))


def _unknown(name: str, facts: Mapping[str, Fact]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, facts, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else "Declare it under facts: at the top."
    return f"there is no fact {name[:60]!r}. {hint}"


def render(body: str, values: Mapping[str, Inserted | list[Inserted] | None]) -> Rendered:
    """Decide the conditions of a checked wording and mark where each fact stands."""
    inserted: list[Inserted] = []
    text = _environment(inserted).from_string(body).render(dict(values))
    return Rendered(text, tuple(inserted))


def _environment(inserted: list[Inserted]) -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        """No attribute of anything is safe here, and nothing can be called."""

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002
            return False

        def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002
            return False

    def marked(value: Any) -> str:
        if not isinstance(value, Inserted):
            return ""
        inserted.append(value)
        return f"{_BEGIN}{len(inserted) - 1}{_END}"

    environment = Sandbox(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=marked,
        loader=None,
    )
    for held in (environment.globals, environment.filters, environment.tests):
        held.clear()
    return environment
