"""Comparisons of terms, as truths of a block: the leaves of a rule."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from carenotebook.core.durations import days_us
from carenotebook.core.instruments import INSTRUMENTS
from carenotebook.core.parts import CLIENT
from carenotebook.criteria import nodes, syntax
from carenotebook.criteria.block import Block
from carenotebook.criteria.spans import (
    NOWHERE,
    Spans,
    Truth,
    complement,
    cover,
    known,
    union_in_order,
)
from carenotebook.criteria.spans import unknown as unknown_spans
from carenotebook.criteria.values import Reach, Steps, measure_change, value


def compare(node: nodes.Compare, block: Block, found: Reach | Steps | None = None) -> Truth:
    """A term against one threshold; `found` is its value, if that is known already."""
    term, op = node.term, node.op
    if isinstance(term, nodes.Attribute):
        return _attribute(term, block, lambda v: _compared(op, v, node.value))
    found = value(term, block) if found is None else found
    if isinstance(found, Steps):
        return found.where(lambda v: _compared(op, v, node.value), block.domain)
    threshold = days_us(node.value) if term.quantity == "days" else node.value
    return known(_reached(found, op, threshold, block.domain))


def is_in(node: nodes.IsIn, block: Block) -> Truth:
    """A term against several values."""
    if isinstance(node.term, nodes.Attribute):
        return _attribute(
            node.term, block, lambda v: pl.any_horizontal([v == x for x in node.values])
        )
    if isinstance(found := value(node.term, block), Steps):
        return found.where(lambda v: np.isin(v, np.array(node.values, float)), block.domain)
    each = [_reached(found, "==", v, block.domain) for v in dict.fromkeys(node.values)]
    return known(cover(each, 1))


def is_unknown(term: syntax.Term, block: Block) -> Truth:
    """Where a term has no value."""
    if isinstance(term, nodes.Attribute):
        truth = _attribute(term, block, lambda v: v.is_not_null())
        return known(unknown_spans(truth, block.domain))
    if isinstance(found := value(term, block), Steps):
        return known(complement(union_in_order(found.starts, found.stops), block.domain))
    return known(NOWHERE)


def reliable_change(node: nodes.Improved | nodes.Deteriorated, block: Block) -> Truth:
    """Reliable change since the first score."""
    instrument = INSTRUMENTS[node.instrument]
    least = instrument.reliable_change or math.inf
    upwards = instrument.higher_is_better == isinstance(node, nodes.Improved)
    change = measure_change(nodes.MeasureChange(node.instrument), block)
    return change.where(lambda v: v >= least if upwards else v <= -least, block.domain)


def _compared(op: str, values: Any, threshold: Any) -> Any:
    """Compare an array or a column with a threshold."""
    operation = {
        ">=": operator.ge,
        ">": operator.gt,
        "<=": operator.le,
        "<": operator.lt,
        "==": operator.eq,
        "!=": operator.ne,
    }[op]
    return operation(values, threshold)


def _reached(reach: Reach, op: str, threshold: Any, domain: Spans) -> Spans:
    """A comparison of a whole-numbered value, from where it is at least so much."""
    at, above = math.ceil(threshold), math.floor(threshold) + 1
    match op:
        case ">=":
            return reach(at)
        case ">":
            return reach(above)
        case "<":
            return complement(reach(at), domain)
        case "<=":
            return complement(reach(above), domain)
    equal = cover([reach(at), complement(reach(above), domain)], 2) if at < above else NOWHERE
    return equal if op == "==" else complement(equal, domain)


def _attribute(term: nodes.Attribute, block: Block, holds: Callable[[pl.Expr], pl.Expr]) -> Truth:
    clients = block.tables["clients"]
    given = pl.DataFrame([clients.series(CLIENT).cast(pl.Int64), clients.series(term.column)])
    asked = pl.DataFrame({CLIENT: block.episodes.client})
    found = asked.join(given, on=CLIENT, how="left", maintain_order="left")
    if found[term.column].dtype.is_float():
        found = found.with_columns(pl.col(term.column).fill_nan(None))
    known_value = pl.col(term.column)
    answer = found.select(pl.when(known_value.is_not_null()).then(holds(known_value)))
    truth = answer.to_series()
    sure = truth.fill_null(value=False).to_numpy()
    possible = truth.fill_null(value=True).to_numpy()
    domain = block.domain
    return Truth(
        Spans(domain.starts[sure], domain.stops[sure]),
        Spans(domain.starts[possible], domain.stops[possible]),
    )
