"""What clients name, and the misses that follow: counts by hand, and nothing small shown."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.appraise import suggested_alternatives
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.core.options import REASONS
from carenotebook.describe.alternatives import known_obstacles
from carenotebook.plots import plot


def at(day):
    return datetime(2026, 1, 1, 9, tzinfo=UTC) + timedelta(days=day)


def cohort(visits, check_ins, clients=None):
    """Of (client, day, outcome) and (client, day, barrier)."""
    return cn.from_frames(
        pl.DataFrame(
            [(c, at(d), o) for c, d, o in visits],
            schema=["client_id", "start", "outcome"],
            orient="row",
        ),
        checkins=pl.DataFrame(
            [(c, at(d), b) for c, d, b in check_ins],
            schema={"client_id": pl.String, "at": pl.Datetime("us", "UTC"), "barrier": pl.String},
            orient="row",
        ),
        clients=clients,
        as_of="2026-06-01",
        episode_end="as_of",
    )


def counts(result, section):
    rows = result.tidy().filter(pl.col("section") == section)
    return {r["term"]: (r["numerator"], r["denominator"]) for r in rows.iter_rows(named=True)}


def test_a_check_in_that_names_two_counts_once_and_for_each():
    told = [("a", 1, "cost"), ("a", 1, "stuck"), ("b", 2, "cost"), ("b", 9, None)]
    found = cn.obstacles(cohort([("a", 0, "attended")], told))
    assert counts(found, "named") == {"cost": (2, 3), "stuck": (1, 3), "none_named": (1, 3)}
    shares = found.tidy().filter(pl.col("section") == "named")["cumulative"].to_list()
    assert shares == [pytest.approx(2 / 3), pytest.approx(1), None]


def test_that_nothing_was_said_beside_an_obstacle_is_left_out():
    told = [("a", 1, "cost"), ("a", 1, "not_given"), ("b", 1, "not_given")]
    found = cn.obstacles(cohort([("a", 0, "attended")], told))
    assert counts(found, "named") == {"cost": (1, 2), "not_given": (1, 2)}


def test_an_appointment_counts_by_the_latest_check_in_before_it():
    told = [("a", 1, "cost"), ("a", 5, "stuck"), ("a", 5, "forgot"), ("b", 1, "not_given")]
    visits = [
        ("a", 1, "no_show"),
        ("a", 3, "no_show"),
        ("a", 6, "late_cancel"),
        ("a", 33, "attended"),
        ("a", 34, "no_show"),
        ("b", 2, "attended"),
        ("b", 3, "provider_cancel"),
        ("b", 4, "early_cancel"),
        ("c", 4, "no_show"),
    ]
    found = cn.obstacles(cohort(visits, told))
    assert counts(found, "missed_after") == {
        "cost": (1, 1),
        "stuck": (1, 2),
        "forgot": (1, 2),
        "no_obstacle": (0, 1),
    }
    assert counts(cn.obstacles(cohort(visits, told), within="40d"), "missed_after")["stuck"] == (
        2,
        3,
    )


def test_what_is_not_seen_does_not_count():
    whole = cohort([("a", 0, "attended")], [("a", 1, "cost"), ("a", 151, "stuck")])
    assert set(counts(cn.obstacles(whole), "named")) == {"cost"}


def test_the_difference_is_of_the_two_shares_and_clients_who_repeat_widen_it():
    """The bounds are Newcombe's (1998, Stat Med 17:873-890, method 10) where nobody repeats.

    Its own example: 56 of 70 against 48 of 80 gives 0.2, with bounds 0.0524 and 0.3339.
    """

    people = [
        (f"{b or 'none'}{i}", b, "no_show" if i < missed else "attended")
        for b, n, missed in (("cost", 70, 56), (None, 80, 48))
        for i in range(n)
    ]

    def one_each(repeat):
        told = [(client, 1, b) for client, b, _ in people]
        visits = [(client, 2 + r, came) for client, _, came in people for r in range(repeat)]
        rows = cn.obstacles(cohort(visits, told)).tidy()
        return rows.filter(section="missed_after", term="cost").row(0, named=True)

    once, thrice = one_each(1), one_each(3)
    assert once["difference"] == pytest.approx(0.2)
    assert once["difference_low"] == pytest.approx(0.0524, abs=5e-5)
    assert once["difference_high"] == pytest.approx(0.3339, abs=5e-5)
    assert thrice["difference"] == pytest.approx(0.2)
    # The same but for Student's t in place of the normal quantile: three alike tell as one.
    assert thrice["difference_low"] < once["difference_low"]
    assert thrice["difference_low"] == pytest.approx(once["difference_low"], abs=0.005)


@pytest.fixture(scope="module")
def synthetic():
    return cn.synthetic_cohort(clients=600, seed=1)[0]


@pytest.mark.parametrize("options", [{}, {"by": "language"}, {"every": "1q"}])
def test_no_small_cell_is_shown_and_all_that_is_shown_follows_from_rounded_counts(
    synthetic, options
):
    found = cn.obstacles(synthetic, **options)
    shown = found.released().frame
    open_ = shown.filter(~pl.col("suppressed"))
    hidden = shown.filter(pl.col("suppressed"))
    assert open_.height > 0
    assert hidden.height > 0
    figures = ("numerator", "denominator", "clients", "estimate", "cumulative")
    assert hidden.select(pl.col(figures).is_not_null().any()).row(0) == (False,) * len(figures)
    assert (open_["numerator"] % 5 == 0).all()
    shares = open_.filter(pl.col("denominator") > 0)
    assert (shares["estimate"] - shares["numerator"] / shares["denominator"]).abs().max() < 1e-12
    exact = found.tidy()
    keys = [c for c in ("section", "period", "language", "term") if c in exact.columns]
    small = exact.filter(pl.any_horizontal(pl.col("clients", "clients_with").is_between(1, 10)))
    assert open_.join(small, on=keys, how="semi", nulls_equal=True).is_empty()


def test_alone_hidden_obstacles_do_not_follow_from_the_total():
    """Each client names one thing, so that the shown ones would leave the hidden one over."""
    told = [
        (f"{b}{i}", 1, b) for b, n in (("cost", 40), ("stuck", 30), ("forgot", 4)) for i in range(n)
    ]
    visits = [(client, 0, "attended") for client, _, _ in told]
    shown = cn.obstacles(cohort(visits, told)).released().frame.filter(section="named")
    assert shown.filter(pl.col("suppressed"))["term"].to_list() == ["stuck", "forgot"]
    assert shown["cumulative"].null_count() == 3


def test_ranks_follow_from_what_is_shown(synthetic):
    shown = cn.obstacles(synthetic).released().frame.filter(pl.col("section") == "named")
    counts_ = shown.filter(pl.col("term") != "not_given")["numerator"].to_list()
    assert counts_ == sorted(counts_, key=lambda n: -(n or 0))


def test_the_summary_says_goes_along_and_who_is_not_heard(synthetic):
    said = cn.obstacles(synthetic).summary()
    assert "goes along with misses" in said
    assert "who is silent is not heard" in said
    assert "What might be offered, if the client wants it:" in said
    assert "illness: modality, frequency" in said
    assert "by group" in cn.obstacles(synthetic, by="language").summary()


@pytest.mark.parametrize("options", [{}, {"by": "language"}, {"every": "1q"}])
def test_it_is_drawn_and_set_in_a_table(synthetic, options):
    found = cn.obstacles(synthetic, **options)
    assert found.title in plot(found).svg()
    assert "illness" in plot(found).alternative
    assert "<table" in found._repr_html_()


def test_a_cohort_in_which_nobody_answered_says_so():
    nobody = cohort([("a", 0, "attended")], [])
    found = cn.obstacles(nobody)
    assert found.tidy().is_empty()
    assert "Nobody has answered" in found.summary()
    assert found.suggestions().is_empty()


def test_what_is_missing_or_wrong_is_named(synthetic):
    with pytest.raises(MissingDataError, match="obstacles\\(\\) needs the table 'checkins'"):
        cn.obstacles(
            cn.from_frames(pl.DataFrame({"client_id": "a", "start": at(1), "outcome": "attended"}))
        )
    with pytest.raises(MissingDataError, match="by='shoe_size'"):
        cn.obstacles(synthetic, by="shoe_size")
    with pytest.raises(OptionError, match="every='1d'"):
        cn.obstacles(synthetic, every="1d")
    with pytest.raises(OptionError, match="cannot be split by"):
        cn.obstacles(synthetic, by="client_id")


def test_every_obstacle_has_words_and_each_suggestion_a_source():
    assert set(known_obstacles()) == set(REASONS)
    told = suggested_alternatives()
    kinds = {"frequency", "method", "modality", "time", "therapist", "support"}
    assert set(told["kind"]) == kinds
    assert told["source"].str.len_chars().min() > 3
    assert set(told["obstacle"]) == set(REASONS) - {"not_given"}
    with pytest.raises(OptionError, match="'laziness' is not one of"):
        suggested_alternatives("laziness")


def test_suggestions_come_in_the_order_in_which_obstacles_are_named(synthetic):
    found = cn.obstacles(synthetic)
    shown = found.released().frame.filter(section="named", suppressed=False)["term"].to_list()
    assert found.suggestions()["obstacle"].unique(maintain_order=True).to_list() == [
        t for t in shown if t != "not_given"
    ]
