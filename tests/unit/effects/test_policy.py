"""What a policy did in cohorts whose truth is known, with all that it moved elsewhere."""

from dataclasses import replace

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.privacy import Privacy
from carenotebook.synthetic.truth import Policy

STRONG = cn.Truth(policy=Policy(no_show_ratio=0.4, displaced=0.8))
WITHOUT = replace(STRONG, policy=Policy(no_show_ratio=1.0, ending_ratio=1.0))


@pytest.fixture(scope="module")
def cohort():
    return cn.synthetic_cohort(clients=2000, seed=3, truth=STRONG)[0]


@pytest.fixture(scope="module")
def effect(cohort):
    return cn.policy_effect(cohort, measure="no_show")


@pytest.fixture(scope="module")
def rolled_out():
    truth = cn.Truth(policy=Policy(no_show_ratio=0.4, rollout_weeks=9, untreated_sites=1))
    return cn.synthetic_cohort(clients=1200, seed=4, truth=truth)[0]


def means(effect, outcome):
    row = effect.outcomes.filter(outcome=outcome).row(0, named=True)
    return row["before"], row["after"]


def test_recovers_the_ratio_that_was_put_in(effect):
    """The truth is the same service without the policy: same clients, same chances."""
    other = cn.policy_effect(cn.synthetic_cohort(2000, 3, WITHOUT)[0], measure="no_show")
    truth = means(effect, "no_show")[1] / means(other, "no_show")[1]
    row = effect.tidy().row(0, named=True)
    null = other.tidy().row(0, named=True)

    assert row["term"] == "level_change"
    assert row["ratio_low"] < truth < row["ratio_high"] < 1
    assert null["ratio_low"] < 1 < null["ratio_high"]


def test_no_shows_that_become_late_cancellations_show(effect):
    told = {r["outcome"]: r for r in effect.outcomes.iter_rows(named=True)}

    assert told["no_show"]["ratio_high"] < 1
    assert told["late_cancel"]["after"] > 1.2 * told["late_cancel"]["before"]
    assert told["missed"]["ratio_low"] < 1 < told["missed"]["ratio_high"]
    assert told["no_show"]["ratio"] < told["missed"]["ratio"]
    assert "late cancel" in effect.summary()


def test_outcomes_add_up_and_the_panel_is_everyone(effect):
    told = {r["outcome"]: r for r in effect.outcomes.iter_rows(named=True)}
    parts = [o for o in told if o not in ("missed", "sessions")]

    for side in ("before", "after"):
        assert sum(told[o][side] for o in parts) == pytest.approx(told["sessions"][side])
        panel = effect.panel.filter(side=side)
        assert panel["estimate"].sum() == pytest.approx(1)
        assert panel["denominator"].unique().to_list() == [told["missed"][f"referrals_{side}"]]


def test_it_is_the_same_from_a_folder_and_for_a_policy_without_an_end(cohort, effect, tmp_path):
    tables = {t: cohort.table(t).collect() for t in ("appointments", "episodes")}
    policies = cohort.policies.drop("end").collect()
    other = cn.from_frames(
        **tables,
        policies=policies,
        as_of=cohort.as_of,
        observed_from=cohort.observed_from,
        timezone=cohort.timezone,
    )
    stored = cn.load(other.save(tmp_path / "cohort", partitions=3))
    found = cn.policy_effect(stored, measure="no_show")

    assert found.tidy().equals(effect.tidy())
    assert found.outcomes.equals(effect.outcomes)
    assert found.panel.equals(effect.panel)
    assert found.basis == effect.basis


def test_everyone_is_accounted_for(cohort, effect):
    followed = effect.basis.rows + sum(effect.basis.left_out.values())

    assert followed == cohort.spans().height
    assert "follow-up not complete by the end of the data" in effect.basis.left_out


def test_rare_outcomes_and_what_gives_them_away_are_hidden(effect):
    shown = effect.released_outcomes(Privacy(min_cell=200)).frame
    hidden = shown.filter("suppressed")

    assert {"technical_failure", "sessions"} <= set(hidden["outcome"])
    assert hidden["before"].null_count() == hidden.height
    assert not [c for c in shown.columns if c.startswith(("count", "clients"))]


def test_the_table_keeps_what_a_ratio_says(effect):
    ratio = f"{effect.tidy()['ratio'][0]:.3g}"

    assert f">{ratio}</td>" in effect._repr_html_()


def test_differences_between_sites(rolled_out):
    found = cn.policy_effect(rolled_out, design="did", measure="no_show", every="1q")

    assert found.tidy()["term"].to_list() == ["att"]
    assert found.model.basis.clusters == {"treated clusters": 3, "other clusters": 1}
    assert found.model.assignments is not None  # too few sites for errors by cluster
    assert found.plot().alternative


def test_sites_in_turn(rolled_out):
    found = cn.policy_effect(rolled_out, design="stepped_wedge", measure="no_show", every="1q")

    assert found.tidy()["term"][0] == "average_effect"
    assert found.tidy()["estimate"][0] < 0


def test_the_design_must_fit_how_the_policy_began(cohort, rolled_out):
    with pytest.raises(OptionError, match="began for everyone at once"):
        cn.policy_effect(cohort, design="did")
    with pytest.raises(OptionError, match="sites at several times"):
        cn.policy_effect(rolled_out)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"policy": "no such"}, "policy= is one of"),
        ({"measure": "happiness"}, "is not one of"),
        ({"follow_up": "60w"}, "lie before the start|wholly"),
        ({"follow_up": "3 months"}, "is not a duration"),
        ({"options": {"control": "never"}}, "is not one of"),
    ],
)
def test_refuses_with_a_reason(cohort, options, says):
    with pytest.raises(OptionError, match=says):
        cn.policy_effect(cohort, **options)


def test_needs_policies():
    rows = pl.DataFrame(
        {"client_id": ["a"], "start": ["2024-01-01 10:00"], "outcome": ["attended"]}
    ).with_columns(pl.col("start").str.to_datetime())
    bare = cn.from_frames(appointments=rows, episode_end="as_of")

    with pytest.raises(MissingDataError, match="policies"):
        cn.policy_effect(bare)
