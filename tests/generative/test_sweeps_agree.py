"""Every cell of a sweep is what replaying it alone finds, to the microsecond."""

from __future__ import annotations

import dataclasses
import operator
from typing import Any

import numpy as np
import pytest
from generative.strategies import busy_cohorts, cohorts, expressions, rules
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core import options
from carenotebook.core.cohort import Cohort
from carenotebook.core.durations import DAY
from carenotebook.core.errors import MissingDataError
from carenotebook.criteria import Rule, nodes, syntax
from carenotebook.criteria.language import Expression
from carenotebook.criteria.replay import replay
from carenotebook.criteria.sweep_counts import counts
from carenotebook.criteria.sweep_grid import Filler
from carenotebook.criteria.sweep_incidence import follow
from carenotebook.results.statistics import cumulative_incidence

WINDOWS = ("7d", "30d", "61d", "36h")
PLACES = {"value", "within", "last", "k", "duration"}


def _values(node: syntax.Node, name: str) -> tuple[Any, ...]:
    """What could stand in a place of a node; nothing where no parameter may."""
    if name not in PLACES or getattr(node, name) is None:
        return ()
    match node:
        case nodes.Compare(nodes.Attribute()):
            return (20, 30, 25) if not isinstance(node.value, str) else ("Spanish", "Welsh")
        case nodes.Compare():
            quantity = node.term.quantity
            return {"days": (7, "14d", 10.5, 0), "rate": (0, 0.5, 1)}.get(quantity, (0, 1, 2, 3))
        case nodes.AtLeast():
            return tuple(range(1, len(node.operands) + 1))
    return (1, 2, 4) if name == "last" else WINDOWS


@st.composite
def sweeps(draw: st.DrawFn) -> tuple[Rule, dict[str, list[Any]]]:
    """A random rule with up to three parameters in random places, and a grid."""
    rule = draw(rules)
    grid: dict[str, list[Any]] = {}

    def opened(node: syntax.Node) -> syntax.Node:
        changed: dict[str, Any] = {}
        for field in dataclasses.fields(node):  # type: ignore[arg-type]
            value = getattr(node, field.name)
            could = _values(node, field.name)
            if could and len(grid) < 3 and draw(st.booleans()):
                name = f"p{len(grid)}"
                chosen = draw(st.lists(st.sampled_from(could), min_size=1, max_size=3, unique=True))
                grid[name] = chosen
                changed[field.name] = syntax.Param(name)
            elif isinstance(value, syntax.Node):
                changed[field.name] = opened(value)
            elif isinstance(value, tuple):
                changed[field.name] = tuple(
                    opened(v) if isinstance(v, syntax.Node) else v for v in value
                )
        return dataclasses.replace(node, **changed)  # type: ignore[type-var]

    when = opened(rule.when.node)
    assume(bool(grid))
    assert isinstance(when, syntax.Truth)
    return dataclasses.replace(rule, when=Expression(when)), grid


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(asked=sweeps(), cohort=cohorts(), unknown=st.sampled_from(options.UNKNOWNS))
@pytest.mark.filterwarnings("ignore::carenotebook.core.errors.CareNotebookWarning")
def test_every_cell_is_the_replay_of_its_rule(
    asked: tuple[Rule, dict[str, list[Any]]], cohort: Cohort, unknown: options.Unknown
) -> None:
    rule, grid = asked
    try:
        found = cn.sweep(rule, cohort, grid, unknown=unknown, person_days=True, first=True)
    except MissingDataError:
        assume(condition=False)
    check_each_cell(found)


def check_each_cell(found: cn.Sweep) -> None:
    """A sweep with person-days and first flags is what replaying each of its cells finds."""
    rule, cohort, grid, unknown = (
        found.run.rule,
        found.run.cohort,
        found.run.grid,
        found.run.unknown,
    )
    assert found.first is not None
    told, rest = found.tidy(), found.first
    for row, values in zip(told.iter_rows(named=True), grid.cells(), strict=True):
        alone = dataclasses.replace(rule, when=Expression(Filler(rule.when.node).truth(values)))
        replayed = replay(alone, cohort, unknown=unknown)
        mine, rest = rest.head(row["flagged"]), rest.slice(row["flagged"])
        assert mine.select(replayed.first.columns).equals(replayed.first)
        assert mine.select(*grid.axes).unique().height == min(1, mine.height)
        spans = replayed.intervals
        true = (spans["cleared_at"] - spans["flagged_at"]).dt.total_microseconds().sum()
        assert row["person_days"] == true / DAY
        last = replayed.tidy().row(-1, named=True)
        ours = [row[c] for c in ("incidence", "conf_low", "conf_high")]
        theirs = [last[c] for c in ("estimate", "conf_low", "conf_high")]
        np.testing.assert_allclose(ours, theirs, atol=1e-9)  # two orders of the same sums
    assert rest.is_empty()


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    cohort=busy_cohorts(paused=True),
    silence=st.sampled_from(
        (c.days_since_attended(), c.days_since_contact(direction="inbound"), c.days_since_heard())
    ),
    lengths=st.permutations((1, 3, "36h", 7, 10.5, 14, 30)),
)
@pytest.mark.filterwarnings("ignore::carenotebook.core.errors.CareNotebookWarning")
def test_a_longer_silence_found_from_a_shorter_one_stands_still_in_pauses(
    cohort: Cohort, silence: c.Term, lengths: list[Any]
) -> None:
    rule = Rule("silence", silence >= c.param("long"), grace="0d")
    check_each_cell(cn.sweep(rule, cohort, {"long": lengths}, person_days=True, first=True))


@st.composite
def counting(draw: st.DrawFn) -> tuple[Rule, dict[str, list[Any]]]:
    """A count whose threshold and window vary, and beside it whatever else, or nothing."""
    count = draw(
        st.sampled_from(
            (
                lambda within: c.missed(within=within),
                lambda within: c.attended(within=within),
                lambda within: c.contacts(direction="outbound", within=within),
                lambda within: c.actions("risk_review", within=within),
                lambda within: c.barriers("cost", within=within),
            )
        )
    )
    window = draw(st.sampled_from((c.param("window"), None, "30d")))
    compare = draw(st.sampled_from((operator.ge, operator.gt)))
    grid: dict[str, list[Any]] = {"k": [1, 2, 3, 2.5]}
    if isinstance(window, syntax.Param):
        grid["window"] = list(WINDOWS)
    members = [compare(count(window), c.param("k")), *draw(st.lists(expressions, max_size=1))]
    if draw(st.booleans()):
        members.append(c.days_since_heard() >= c.param("silent"))
        grid["silent"] = draw(st.permutations((7, "14d", 0, 10.5)))[: len(grid)]
    when = draw(st.permutations(members))
    grace = draw(st.sampled_from(("0d", "14d")))
    return Rule("counting", c.all_of(*when) if len(when) > 1 else when[0], grace=grace), grid


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(asked=counting(), cohort=busy_cohorts(), unknown=st.sampled_from(options.UNKNOWNS))
def test_cells_that_differ_in_a_count_are_found_without_cutting_the_line(
    asked: tuple[Rule, dict[str, list[Any]]], cohort: Cohort, unknown: options.Unknown
) -> None:
    rule, grid = asked
    try:
        found = cn.sweep(rule, cohort, grid, unknown=unknown, first=True)
    except MissingDataError:
        assume(condition=False)
    assert counts(found.run.cells()) is not None
    general = cn.sweep(rule, cohort, grid, unknown=unknown, first=True, person_days=True)
    assert found.first is not None
    assert general.first is not None
    assert found.first.equals(general.first)
    assert found.tidy().equals(general.tidy().drop("person_days"))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    rows=st.lists(
        st.tuples(st.integers(1, 8), st.integers(0, 12), st.booleans(), st.integers(0, 5)),
        min_size=1,
        max_size=25,
    ),
    until=st.none() | st.integers(0, 9),
)
def test_incidence_is_that_of_the_general_estimator(
    rows: list[tuple[int, int, bool, int]], until: int | None
) -> None:
    length, waited, ended = (np.array(column) for column in list(zip(*rows, strict=True))[:3])
    client = np.unique([r[3] for r in rows], return_inverse=True)[1]
    flagged = np.flatnonzero(waited < length)
    ours = follow(length, ended, client).incidence(flagged, waited[flagged], until)
    lasting = np.minimum(length, waited)
    cause = np.where(waited < length, 1, np.where(ended, 2, 0))
    at = np.array([100 if until is None else until])
    theirs = cumulative_incidence(lasting, cause, client, at)
    np.testing.assert_allclose(ours.estimate, theirs.estimate[0], atol=1e-12)
    np.testing.assert_allclose(ours.std_error, theirs.std_error[0], atol=1e-9)
