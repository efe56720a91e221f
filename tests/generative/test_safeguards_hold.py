"""What a design is said to ask for holds in every way in which it could put somebody up."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from carenotebook import criteria as c
from carenotebook.criteria import nodes
from carenotebook.criteria.design import holds

LEAVES = (c.unanswered() >= 2, c.missed() >= 3, c.days_since_heard() >= 30)
WANTED = LEAVES[0].node


def trees(parts):
    several = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        several.map(lambda e: c.all_of(*e)),
        several.map(lambda e: c.any_of(*e)),
        several.flatmap(
            lambda e: st.integers(1, len(e)).map(lambda k: c.at_least(k, *e)),
        ),
        parts.map(lambda e: ~e),
        parts.map(lambda e: e.for_at_least("7d")),
    )


def true_in(node, world):
    match node:
        case nodes.All():
            return all(true_in(o, world) for o in node.operands)
        case nodes.Any_():
            return any(true_in(o, world) for o in node.operands)
        case nodes.AtLeast():
            return sum(true_in(o, world) for o in node.operands) >= node.k
        case nodes.Not():
            return not true_in(node.operand, world)
        case nodes.Sustained():
            return true_in(node.operand, world)
    return world[node]


@given(st.recursive(st.sampled_from(LEAVES), trees, max_leaves=6))
def test_a_condition_that_holds_is_true_wherever_the_whole_is(expression):
    if not holds(expression.node, lambda node: node == WANTED):
        return
    for values in product([True, False], repeat=len(LEAVES)):
        world = dict(zip((leaf.node for leaf in LEAVES), values, strict=True))
        assert world[WANTED] or not true_in(expression.node, world)
