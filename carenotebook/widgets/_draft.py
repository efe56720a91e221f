"""A rule that is being edited: clauses can be off, and every change makes a new draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from carenotebook.core.errors import RuleError
from carenotebook.criteria import nodes, syntax
from carenotebook.criteria.header import RuleKind
from carenotebook.criteria.language import Expression
from carenotebook.criteria.rule import Rule
from carenotebook.criteria.syntax import Param

WRAPPERS = (nodes.Not, nodes.Sustained, nodes.IsUnknown)
_ADDED_ROOT = 0
"""Id of a root that stands around a rule that is one clause."""

HOW = ("all", "any", "at_least")
_GROUPS = (nodes.All, nodes.Any_, nodes.AtLeast)


@dataclass(frozen=True)
class Item:
    """A clause, a wrapper with the clause below it, or a group of any number of them.

    Attributes
    ----------
    id : int
    node : Truth or None
        The clause, or the wrapper (whose clause is the child); None for a group.
    how : {"", "all", "any", "at_least"}
        What a group asks for.
    k : int or Param
        How many, for "at_least".
    """

    id: int
    node: syntax.Truth | None
    children: tuple[Item, ...] = ()
    on: bool = True
    how: str = ""
    k: int | Param = 1

    @property
    def is_group(self) -> bool:
        """Whether it takes any number of clauses."""
        return self.node is None

    @property
    def is_wrapper(self) -> bool:
        """Whether it belongs to the one clause below it."""
        return self.node is not None and bool(self.children)

    def walk(self) -> Iterator[Item]:
        """The item and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Draft:
    """A rule with clauses that may be off. The root is always a group.

    `keeps_group` says that it was opened as a group of one, which is then no other rule.
    """

    root: Item
    name: str
    source: str | None = None
    grace: str = "7d"
    rule_kind: RuleKind = "local"
    safeguards: tuple[str, ...] = ()
    keeps_group: bool = False

    def rule(self) -> Rule | None:
        """The rule that the draft stands for; None without a clause that is on.

        Raises
        ------
        RuleError
            If what is on makes no rule ("at least 2" of one clause).
        """
        when = built(self.root)
        if when is None:
            return None
        single = isinstance(when, nodes.All | nodes.Any_) and len(when.operands) == 1
        if isinstance(when, nodes.All | nodes.Any_) and single and not self.keeps_group:
            when = when.operands[0]
        return Rule(
            self.name,
            Expression(when),
            self.source,
            self.grace,
            self.rule_kind,
            self.safeguards,
        )

    def item(self, id_: int) -> Item:
        """The item with an id.

        Raises
        ------
        RuleError
            If it is no longer there.
        """
        for item in self.root.walk():
            if item.id == id_:
                return item
        raise RuleError("That clause is no longer there.")

    def parent(self, id_: int) -> Item | None:
        """The item above one; None for the root."""
        for item in self.root.walk():
            if any(c.id == id_ for c in item.children):
                return item
        return None

    def with_item(self, item: Item) -> Draft:
        """A draft in which an item stands in for the one with its id."""
        return replace(self, root=_replaced(self.root, item))


def draft_of(rule: Rule | None, name: str = "My rule") -> Draft:
    """The draft of a rule; without one, an empty draft."""
    if rule is None:
        return Draft(Item(_ADDED_ROOT, None, how="all"), name)
    node = rule.when.node
    root = _item(node, iter(range(1, 10**9)))
    if not root.is_group:
        root = Item(_ADDED_ROOT, None, (root,), how="all")
    told = (rule.name, rule.source, rule.grace, rule.kind, rule.safeguards)
    return Draft(root, *told, keeps_group=root.id != _ADDED_ROOT and len(root.children) == 1)


def built(item: Item) -> syntax.Truth | None:
    """The node that an item stands for, without what is off."""
    if not item.on:
        return None
    if item.node is not None and not item.children:
        return item.node
    operands = tuple(b for c in item.children if (b := built(c)) is not None)
    if not operands:
        return None
    if isinstance(item.node, WRAPPERS):
        return replace(item.node, operand=operands[0])
    if item.how == "at_least":
        return nodes.AtLeast(item.k, operands)
    return nodes.All(operands) if item.how == "all" else nodes.Any_(operands)


def toggled(draft: Draft, id_: int, *, on: bool) -> Draft:
    """With a clause switched on or off."""
    return draft.with_item(replace(draft.item(id_), on=on))


def removed(draft: Draft, id_: int) -> Draft:
    """Without a clause; a wrapper without its clause goes too."""
    parent = draft.parent(id_)
    if parent is None:
        raise RuleError("The whole rule cannot be removed; start from another one.")
    if parent.is_wrapper:
        return removed(draft, parent.id)
    left = tuple(c for c in parent.children if c.id != id_)
    return draft.with_item(replace(parent, children=left))


def moved(draft: Draft, id_: int, way: str) -> Draft:
    """With a clause moved up or down in its group, into a group, or out of its own."""
    parent = draft.parent(id_)
    if parent is None or parent.is_wrapper:
        raise RuleError("This clause moves with the line above it.")
    place = [c.id for c in parent.children].index(id_)
    if way in ("up", "down"):
        return _swapped(draft, parent, place, place + (1 if way == "down" else -1))
    return _nested(draft, parent, place) if way == "in" else _lifted(draft, parent, place)


def added(draft: Draft, group: int, node: syntax.Truth) -> tuple[Draft, int]:
    """With a clause at the end of a group, and the clause's id."""
    into = draft.item(group)
    if not into.is_group:
        raise RuleError("A clause can only be added to a group.")
    item = _item(node, iter(range(_next_id(draft), 10**9)))
    return draft.with_item(replace(into, children=(*into.children, item))), item.id


def added_group(draft: Draft, group: int) -> tuple[Draft, int]:
    """With an empty group at the end of a group, and its id."""
    into = draft.item(group)
    if not into.is_group:
        raise RuleError("A group can only be added to a group.")
    item = Item(_next_id(draft), None, how="any")
    return draft.with_item(replace(into, children=(*into.children, item))), item.id


def matched(draft: Draft, id_: int, how: str) -> Draft:
    """With a group that asks for all, any, or at least k of its clauses."""
    item = draft.item(id_)
    if not item.is_group or how not in HOW:
        raise RuleError(f"A group asks for one of: {', '.join(HOW)}.")
    return draft.with_item(replace(item, how=how))


def _item(node: syntax.Truth, ids: Iterator[int]) -> Item:
    id_ = next(ids)
    if isinstance(node, _GROUPS):
        children = tuple(_item(n, ids) for n in node.operands)
        k = node.k if isinstance(node, nodes.AtLeast) else 1
        return Item(id_, None, children, how=node.key, k=k)
    if isinstance(node, WRAPPERS) and isinstance(node.operand, syntax.Truth):
        return Item(id_, node, (_item(node.operand, ids),))
    return Item(id_, node)


def _next_id(draft: Draft) -> int:
    return max(i.id for i in draft.root.walk()) + 1


def _replaced(tree: Item, item: Item) -> Item:
    if tree.id == item.id:
        return item
    return replace(tree, children=tuple(_replaced(c, item) for c in tree.children))


def _swapped(draft: Draft, parent: Item, place: int, other: int) -> Draft:
    children = list(parent.children)
    if not 0 <= other < len(children):
        return draft
    children[place], children[other] = children[other], children[place]
    return draft.with_item(replace(parent, children=tuple(children)))


def _nested(draft: Draft, parent: Item, place: int) -> Draft:
    """Into the group above it; where there is none, into a new one."""
    children = list(parent.children)
    item = children.pop(place)
    before = children[place - 1] if place else None
    if before is not None and before.is_group:
        children[place - 1] = replace(before, children=(*before.children, item))
    else:
        group = Item(_next_id(draft), None, (item,), how="any")
        children.insert(place, group)
    return draft.with_item(replace(parent, children=tuple(children)))


def _lifted(draft: Draft, parent: Item, place: int) -> Draft:
    above = draft.parent(parent.id)
    if above is None:
        return draft
    if not above.is_group:
        raise RuleError("This group cannot be left: the line above it belongs to it.")
    item = parent.children[place]
    left = (*parent.children[:place], *parent.children[place + 1 :])
    siblings: list[Item] = []
    for child in above.children:
        if child.id == parent.id:
            siblings += [*([replace(parent, children=left)] if left else []), item]
        else:
            siblings.append(child)
    return draft.with_item(replace(above, children=tuple(siblings)))


@dataclass(frozen=True)
class History:
    """Drafts in order of time, and which one holds.

    Examples
    --------
    >>> history = History((draft_of(None),)).then(draft_of(None, "Other"))
    >>> history.undone().now.name, history.undone().redone().now.name
    ('My rule', 'Other')
    """

    drafts: tuple[Draft, ...]
    at: int = 0

    @property
    def now(self) -> Draft:
        """The draft that holds."""
        return self.drafts[self.at]

    @property
    def can_undo(self) -> bool:
        return self.at > 0

    @property
    def can_redo(self) -> bool:
        return self.at < len(self.drafts) - 1

    def then(self, draft: Draft) -> History:
        """With one more change; what was taken back is forgotten, and the oldest of 200."""
        if draft == self.now:
            return self
        kept = (*self.drafts[: self.at + 1], draft)[-200:]
        return History(kept, len(kept) - 1)

    def undone(self) -> History:
        return replace(self, at=max(self.at - 1, 0))

    def redone(self) -> History:
        return replace(self, at=min(self.at + 1, len(self.drafts) - 1))
