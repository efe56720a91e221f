"""The fast walk of a protocol and the reference give the same answer, to the microsecond.

`CARENOTEBOOK_PAIRS` sets how many pairs of a random protocol and a random cohort are tried, and
makes them new ones in every run; without it the same pairs are tried every time.
"""

from __future__ import annotations

import os
import secrets

import polars as pl
import pytest
from generative.strategies import cohorts, expressions, protocols, rules
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st

from carenotebook.core import options
from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import MissingDataError
from carenotebook.criteria import Protocol, Rule, Stage
from carenotebook.criteria.protocol_run import walk
from carenotebook.criteria.replay import find_spans

CHOSEN = os.environ.get("CARENOTEBOOK_PAIRS")
PAIRS = int(CHOSEN or "500")
SHARDS = 4
CALM = {
    "deadline": None,
    "database": None,
    "derandomize": False,
    "suppress_health_check": list(HealthCheck),
}


@pytest.mark.parametrize("shard", range(SHARDS))
def test_walks_agree(shard: int) -> None:
    @seed(secrets.randbits(32) if CHOSEN else shard)
    @settings(max_examples=-(-PAIRS // SHARDS), **CALM)
    @given(protocol=protocols, cohort=cohorts(), unknown=st.sampled_from(options.UNKNOWNS))
    def agree(protocol: Protocol, cohort: Cohort, unknown: options.Unknown) -> None:
        try:
            fast = walk(protocol, cohort, unknown)
        except MissingDataError:
            with pytest.raises(MissingDataError):
                walk(protocol, cohort, unknown, "reference")
            assume(condition=False)
        slow = walk(protocol, cohort, unknown, "reference")
        for ours, reference in zip(fast, slow, strict=True):
            assert ours.equals(reference)
            assert ours.schema == reference.schema

    agree()


@seed(1)
@settings(max_examples=40, **CALM)
@given(rule=rules, cohort=cohorts())
def test_a_protocol_of_one_stage_is_a_rule(rule: Rule, cohort: Cohort) -> None:
    protocol = Protocol("one", [Stage("review", rule.when)], grace=rule.grace)
    try:
        expected = find_spans(rule, cohort)
    except MissingDataError:
        assume(condition=False)
    for ours, theirs in zip(walk(protocol, cohort), expected, strict=True):
        spans = ours.drop("number", "ready_at", "recorded", strict=False)
        renamed = spans.rename(
            {"entered_at": "flagged_at", "left_at": "cleared_at", "left_by": "ended_by"}
        )
        assert renamed.equals(theirs.sort("client_id", "episode", "flagged_at"))


@seed(2)
@settings(max_examples=40, **CALM)
@given(protocol=protocols, when=expressions, cohort=cohorts())
def test_a_further_stage_changes_nothing_of_those_before(
    protocol: Protocol, when: pl.Expr, cohort: Cohort
) -> None:
    longer = Protocol("longer", [*protocol.stages, Stage("last", when)], grace=protocol.grace)
    try:
        after = walk(longer, cohort)
    except MissingDataError:
        assume(condition=False)
    for one, other in zip(walk(protocol, cohort), after, strict=True):
        assert one.equals(other.filter(pl.col("number") <= len(protocol.stages)))
