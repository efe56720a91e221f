"""Misclassification: what is recoded, what that changes, and that it can be repeated."""

import polars as pl
import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core.errors import OptionError

RULE = c.Rule("two misses", c.missed(within="90d") >= 2)


@pytest.fixture(scope="module")
def cohort():
    return cn.synthetic_cohort(clients=300, seed=3)[0]


@pytest.fixture(scope="module")
def replay(cohort):
    return cn.replay(RULE, cohort)


def test_with_nothing_recoded_nothing_changes(replay):
    (row,) = cn.appraise.misclassification(replay, shares=[0]).tidy().iter_rows(named=True)
    assert row["flagged"] == row["flagged_highest"] == replay.first["client_id"].n_unique()
    assert row["lost"] == row["gained"] == 0


def test_with_all_no_shows_recoded_a_rule_on_no_shows_flags_nobody(cohort):
    replay = cn.replay(c.Rule("no-shows", c.no_shows() >= 1), cohort)
    (row,) = cn.appraise.misclassification(replay, shares=[1]).tidy().iter_rows(named=True)
    assert row["flagged"] == 0
    assert row["lost"] == replay.first["client_id"].n_unique()


def test_a_rule_on_technical_failures_gains_as_if_all_no_shows_were_such(cohort):
    failures = c.technical_failures() >= 1
    replay = cn.replay(c.Rule("failures", failures), cohort)
    either = cn.replay(c.Rule("either", failures | (c.no_shows() >= 1)), cohort)
    (row,) = cn.appraise.misclassification(replay, shares=[1], draws=1).tidy().iter_rows(named=True)
    assert row["flagged"] == either.first["client_id"].n_unique()
    assert row["gained"] == row["flagged"] - replay.first["client_id"].n_unique() > 0


def test_what_is_recoded_as_unknown_is_taken_as_the_replay_takes_unknowns(cohort):
    taken = cn.replay(RULE, cohort, unknown="missed")
    changed = cn.appraise.misclassification(taken, to="unknown", shares=[0.5]).tidy()
    assert changed["lost_highest"].item() == changed["gained_highest"].item() == 0


def test_a_larger_share_recodes_what_a_smaller_one_does(replay):
    tidy = cn.appraise.misclassification(replay, shares=[0.3, 0.1, 0.2], draws=1).tidy()
    assert tidy["share"].to_list() == [0.1, 0.2, 0.3]
    assert tidy["lost"].is_sorted()
    assert tidy["lost"][0] > 0


def test_it_is_seeded(replay):
    one, again, other = (
        cn.appraise.misclassification(replay, shares=[0.2], seed=s).tidy() for s in (1, 1, 2)
    )
    assert one.equals(again)
    assert not one.equals(other)


def test_groups_add_up_to_everyone(replay):
    tidy = cn.appraise.misclassification(replay, "language", shares=[0.2], draws=1).tidy()
    groups, everyone = (tidy.filter((pl.col("split") == "everyone") == w) for w in (False, True))
    for count in ("clients", "flagged", "gained", "lost"):
        assert groups[count].sum() == everyone[count].item()


def test_a_saved_cohort_in_parts_is_recoded_part_by_part(cohort, tmp_path):
    cohort.save(tmp_path / "saved", partitions=3)
    replay = cn.replay(c.Rule("no-shows", c.no_shows() >= 1), cn.load(tmp_path / "saved"))
    (row,) = cn.appraise.misclassification(replay, shares=[1], draws=1).tidy().iter_rows(named=True)
    assert row["flagged"] == 0


def test_what_cannot_be_recoded_is_refused(replay):
    with pytest.raises(OptionError, match="needs a replay"):
        cn.appraise.misclassification(RULE)
    with pytest.raises(OptionError, match="from 0 to 1"):
        cn.appraise.misclassification(replay, shares=[5])
    with pytest.raises(OptionError, match="technical_failure"):
        cn.appraise.misclassification(replay, to="attended")


def test_a_protocol_is_replayed_as_one(cohort):
    stages = [
        c.Stage("concern", when=c.no_shows() >= 1, requires=["attendance_conversation"]),
        c.Stage("review", when=c.no_shows() >= 1),
    ]
    staged = cn.replay(c.Protocol("staged", stages), cohort)
    kept, gone = (cn.appraise.misclassification(staged, shares=[s], draws=1).tidy() for s in (0, 1))
    assert kept["flagged"].item() == staged.first["client_id"].n_unique() > 0
    assert gone["flagged"].item() == 0
    assert cn.audit(staged).tidy()["denominator"][1] == staged.first.height
    with pytest.raises(OptionError, match="not its reviews alone"):
        cn.appraise.misclassification(staged.reviews)


def test_a_cohort_of_nobody_has_no_groups(small_group_tables):
    nobody = {name: frame.clear() for name, frame in small_group_tables.items()}
    cohort = cn.from_frames(**nobody, as_of="2025-06-01", episode_end="60d")
    found = cn.appraise.misclassification(cn.replay(RULE, cohort), "language", draws=1)
    assert found.released().frame["suppressed"].all()
    assert "hidden" in found.summary()
