import re
from datetime import date

import polars as pl
import pytest

from carenotebook.privacy import Privacy, Released
from carenotebook.results.display import display_frame
from carenotebook.results.table import html_table


@pytest.fixture
def released():
    frame = pl.DataFrame(
        {
            "site": ["North & <East>", "South", "West"],
            "denominator_name": ["kept_or_missed"] * 3,
            "numerator": [1240, None, 0],
            "denominator": [4980, None, 0],
            "clients": [600, None, 0],
            "estimate": [1240 / 4980, None, None],
            "conf_low": [0.2372, None, None],
            "conf_high": [0.2612, None, None],
            "design_effect": [1.2, None, None],
            "suppressed": [False, True, False],
        }
    )
    return Released(frame, Privacy())


def test_cells_say_what_they_are(released):
    assert display_frame(released).to_dict(as_series=False) == {
        "Site": ["North & <East>", "South", "West"],
        "Count": ["1,240 of 4,980", "<11", "0 of 0"],
        "Clients counted": ["600", "<11", "0"],
        "Estimate (95 % CI)": ["24.9 % (23.7\N{EN DASH}26.1)", "Hidden", "not known"],
    }


def test_units_other_than_shares_are_named():
    frame = pl.DataFrame(
        {
            "term": ["median", "mean_change"],
            "unit": ["days", "points"],
            "estimate": [12.0, -4.0],
            "conf_low": [None, -4.5],
            "conf_high": [None, -3.5],
            "suppressed": [False, False],
        }
    )
    shown = display_frame(Released(frame, Privacy()))
    assert shown["Estimate (95 % CI)"].to_list() == ["12 days", "-4.0 points (-4.5 to -3.5)"]
    assert shown["What"].to_list() == ["median", "mean change"]


def test_values_of_the_users_data_are_not_reworded():
    frame = pl.DataFrame({"site": ["North_1"], "clients": [20], "suppressed": [False]})
    assert display_frame(Released(frame, Privacy()))["Site"].to_list() == ["North_1"]


def test_months_are_named_and_other_dates_are_iso():
    def shown(*days):
        frame = pl.DataFrame({"period": days, "clients": 20, "suppressed": False})
        return display_frame(Released(frame, Privacy()))["Period"].to_list()

    assert shown(date(2024, 3, 1), date(2024, 4, 1)) == ["Mar 2024", "Apr 2024"]
    assert shown(date(2024, 3, 1), date(2024, 3, 8)) == ["2024-03-01", "2024-03-08"]


def test_html_is_a_table_that_a_screen_reader_can_read(released):
    html = html_table(released, "Attended, by <site>")
    assert "<caption>Attended, by &lt;site&gt;</caption>" in html
    assert 'role="region"' in html
    assert 'aria-label="Attended, by &lt;site&gt;"' in html
    assert len(re.findall(r'<th[^>]*scope="col"', html)) == 4
    assert len(re.findall(r'<th[^>]*scope="row"', html)) == 3
    assert "North &amp; &lt;East&gt;" in html


def test_hidden_cells_are_marked_and_explained(released):
    html = html_table(released, "t")
    assert len(re.findall(r'<td class="[^"]*cn-hidden">(?:&lt;11|Hidden)</td>', html)) == 3
    assert "fewer than 11 clients" in html
    other = Released(released.frame.filter(~pl.col("suppressed")), Privacy(round_to=1))
    assert "fewer than" not in html_table(other, "t")


def test_html_fits_light_and_dark_and_stands_beside_another(released):
    html = html_table(released, "t")
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    # No colour of its own, and no rule for a table that is not this one.
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b|(?:white|black)\b(?!-)", style)
    selectors = re.findall(r"([^{}]+)\{", style.replace("@media print{", ""))
    assert all(".cn-table" in part for s in selectors for part in s.split(","))
    assert not re.search(r'\bid="', html)
    assert html == html_table(released, "t")


def test_a_count_that_is_not_there_is_a_hidden_one():
    frame = pl.DataFrame({"day": [0], "at_risk": [None], "suppressed": [False]}).with_columns(
        pl.col("at_risk").cast(pl.Int64)
    )
    assert display_frame(Released(frame, Privacy()))["At risk"].to_list() == ["<11"]
