"""The fast engine and the reference give the same answer, to the microsecond.

`CARENOTEBOOK_PAIRS` sets how many pairs of a random rule and a random cohort are tried, and makes
them new ones in every run; without it the same pairs are tried every time.
"""

from __future__ import annotations

import os
import secrets

import pytest
from generative.strategies import cohorts, rules
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st

from carenotebook.core import options
from carenotebook.core.cohort import Cohort
from carenotebook.core.errors import MissingDataError
from carenotebook.criteria import Rule
from carenotebook.criteria.replay import find_spans

CHOSEN = os.environ.get("CARENOTEBOOK_PAIRS")
PAIRS = int(CHOSEN or "2400")
SHARDS = 8
"""Pairs are tried in shards, so that the tests can run side by side."""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_engines_agree(shard: int) -> None:
    @seed(secrets.randbits(32) if CHOSEN else shard)
    @settings(
        max_examples=-(-PAIRS // SHARDS),
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(rule=rules, cohort=cohorts(), unknown=st.sampled_from(options.UNKNOWNS))
    def agree(rule: Rule, cohort: Cohort, unknown: options.Unknown) -> None:
        try:
            fast = find_spans(rule, cohort, unknown)
        except MissingDataError:
            with pytest.raises(MissingDataError):
                find_spans(rule, cohort, unknown, "reference")
            assume(condition=False)
        slow = find_spans(rule, cohort, unknown, "reference")
        for ours, reference in zip(fast, slow, strict=True):
            assert ours.equals(reference)

    agree()
