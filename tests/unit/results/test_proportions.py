import math

import polars as pl
import pytest

from carenotebook.core.errors import OptionError
from carenotebook.privacy import Privacy
from carenotebook.results.proportions import (
    COLUMNS,
    proportions,
    release_proportions,
    shares,
)


@pytest.fixture
def visits():
    """a comes 2 of 3, b 0 of 2, c 1 of 1 times; one group is null."""
    return pl.DataFrame(
        {
            "client_id": ["a", "a", "a", "b", "b", "c"],
            "came": [True, True, False, False, False, True],
            "group": ["x", "x", "x", "x", None, None],
        }
    )


def test_by_hand(visits):
    row = proportions(visits, "came").row(0, named=True)
    counts = ("numerator", "denominator", "clients", "clients_with", "clients_without")
    assert [row[c] for c in counts] == [3, 6, 3, 2, 2]
    # p = 1/2; residuals x - p n: a 2 - 1.5, b 0 - 1, c 1 - .5; squares 0.25 + 1 + 0.25 = 1.5.
    robust = 1.5 / 6**2 * 3 / 2
    assert row["design_effect"] == pytest.approx(robust / (0.25 / 6))
    assert row["std_error"] == pytest.approx(math.sqrt(robust))


def test_a_null_group_is_a_group_of_its_own(visits):
    table = proportions(visits, "came", by=["group"])
    assert table.select("group", "numerator", "denominator").rows() == [("x", 2, 4), (None, 1, 2)]


def test_units_may_come_summed(visits):
    summed = visits.group_by("client_id").agg(pl.col("came").sum(), n=pl.len())
    assert proportions(summed, "came", "n").equals(proportions(visits, "came"))


def test_a_client_without_units_is_not_counted():
    frame = pl.DataFrame({"client_id": ["a", "b"], "x": [1, 0], "n": [2, 0]})
    assert proportions(frame, "x", "n")["clients"].item() == 1


def test_nothing_to_divide_by_is_null_not_zero(visits):
    row = proportions(visits.clear(), "came").row(0, named=True)
    assert (row["numerator"], row["denominator"], row["clients"]) == (0, 0, 0)
    assert row["estimate"] is row["conf_low"] is row["std_error"] is None
    assert proportions(visits.clear(), "came", by=["group"]).columns == ["group", *COLUMNS]


@pytest.mark.parametrize("came", [True, False])
def test_all_or_none_is_as_sure_as_its_clients_not_its_rows(came):
    frame = pl.DataFrame({"client_id": ["a", "b"] * 10, "came": [came] * 20})
    row = proportions(frame, "came").row(0, named=True)
    assert row["design_effect"] == 10
    alone = pl.DataFrame({"client_id": ["a", "b"], "came": [came] * 2})
    two = proportions(alone, "came").row(0, named=True)
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((two["conf_low"], two["conf_high"]))


def test_shares_sum_to_one_in_each_group(visits):
    states = visits.with_columns(state=pl.Series(["p", "q", "p", "q", "q", "r"]))
    table = shares(states, "state", by=["group"])
    sums = table.group_by("group").agg(pl.col("numerator").sum(), pl.col("denominator").first())
    assert sums["numerator"].equals(sums["denominator"])
    assert table["estimate"].sum() == pytest.approx(2)


def test_an_unknown_column_is_named(visits):
    with pytest.raises(OptionError, match=r"no column late, site.*client_id, came, group"):
        proportions(visits, "late", by=["site"])
    with pytest.raises(OptionError, match="state"):
        shares(visits, "state")


def test_released_figures_all_follow_from_rounded_counts():
    frame = pl.DataFrame(
        {"client_id": [str(i // 2) for i in range(94)], "came": [i % 7 < 3 for i in range(94)]}
    )
    exact = proportions(frame, "came").row(0, named=True)
    shown = release_proportions(proportions(frame, "came"), Privacy()).frame.row(0, named=True)
    assert (shown["numerator"], shown["denominator"], shown["clients"]) == (40, 95, 45)
    assert shown["estimate"] == 40 / 95 != exact["estimate"]
    assert shown["design_effect"] == round(exact["design_effect"], 1)
    again = math.sqrt(40 / 95 * 55 / 95 / 95 * shown["design_effect"])
    assert shown["std_error"] == pytest.approx(again)


def test_guards_hide_their_row_and_are_not_released():
    frame = pl.DataFrame({"client_id": [str(i) for i in range(60)], "came": [True, False] * 30})
    table = proportions(frame, "came")
    for apart, hides in ((0, False), (3, True), (11, False)):
        shown = release_proportions(
            table.with_columns(apart=pl.lit(apart)), Privacy(), guards=["apart"]
        ).frame
        assert shown["suppressed"].item() is hides
        assert "apart" not in shown.columns


def test_what_an_attribute_of_clients_divides_hides_less_than_what_overlaps():
    frame = pl.DataFrame(
        {
            "client_id": [str(i) for i in range(200)],
            "came": [i % 2 == 0 for i in range(200)],
            "g": ["large"] * 140 + ["next"] * 44 + ["few"] * 8 + ["fewer"] * 8,
        }
    )
    table = proportions(frame, "came", by=["g"])

    def shown(disjoint):
        released = release_proportions(table, Privacy(), by=["g"], disjoint=disjoint).frame
        return set(released.filter(~pl.col("suppressed"))["g"])

    # With and without an event 4 + 4 each: 8 together is still few, so "next" hides as well.
    assert shown(["g"]) == shown([]) == {"large"}
