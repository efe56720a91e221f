"""Estimates say what they rest on, and show nothing where too few stand behind them."""

import polars as pl
import pytest

from carenotebook.core.errors import OptionError
from carenotebook.privacy import Privacy
from carenotebook.results.estimate import Assumption, Basis, Estimate


def estimate(**basis):
    frame = pl.DataFrame(
        {
            "term": ["treatment", "time"],
            "estimate": [-2.32908, 0.70476],
            "std_error": [1.67036, 0.149],
            "conf_low": [-5.603, 0.413],
            "conf_high": [0.945, 0.997],
            "p_value": [0.1634, 0.00001],
        }
    )
    said = {"estimand": "Mean difference.", "rows": 280, "clusters": {"clients": 97}} | basis
    return Estimate("Depression after treatment", frame, Basis(**said))


def test_the_summary_tells_estimand_figures_n_missing_assumptions_and_caveat():
    found = estimate(
        left_out={"no score": 120},
        missing="Scores are taken at attended sessions.",
        assumptions=(
            Assumption("Missing at random.", "", None),
            Assumption("Linear.", "p", holds=False),
        ),
        caveat="Not proof.",
    )

    assert found.summary().splitlines() == [
        "Depression after treatment.",
        "Estimand: Mean difference.",
        "treatment: -2.33 (95 % CI -5.6 to 0.945; p = 0.163)",
        "time: 0.705 (95 % CI 0.413 to 0.997; p < 0.001)",
        "N: about 280 rows from about 95 clients. Left out: about 120 (no score).",
        "Missing: Scores are taken at attended sessions.",
        "Assumes: Missing at random. (these data cannot tell)",
        "Assumes: Linear. Does not hold here (p)",
        "Caveat: Not proof.",
    ]
    assert found.diagnostics()["holds"].to_list() == [None, False]


@pytest.mark.parametrize(
    "few", [{"clusters": {"clients": 10}}, {"rows": 9, "clusters": {}}, {"residual_df": 9}]
)
def test_few_clients_or_degrees_of_freedom_hide_every_figure(few):
    found = estimate(**few)

    assert found.released().frame["estimate"].to_list() == [None, None]
    shown = [found.summary(), found._repr_html_(), found.plot().html(), repr(found)]
    assert not any("2.33" in s or "2.329" in s for s in shown)
    assert "Hidden" in found.summary()


def test_points_in_time_are_not_people():
    found = estimate(rows=9, unit="points", clusters={}, residual_df=4)

    assert found.released(Privacy()).hidden == 0
    assert "N: 9 points. Left out: none." in found.summary()


def test_the_chart_and_the_table_print_the_figures():
    found = estimate()

    assert "treatment: -2.33 (-5.6 to 0.945), p = 0.163" in found.plot().alternative
    table = found._repr_html_()
    assert "-2.33 (-5.6 to 0.945)" in table
    assert "&lt; 0.001" in table


def test_one_estimate_is_said_by_its_term():
    assert estimate().said() == "treatment: -2.33 (95 % CI -5.6 to 0.945; p = 0.163)"
    assert estimate().said("time") == "time: 0.705 (95 % CI 0.413 to 0.997; p < 0.001)"
    assert "Hidden" in estimate(rows=9, clusters={}).said()
    with pytest.raises(OptionError, match="no term 'dose'; there is treatment, time"):
        estimate().said("dose")
