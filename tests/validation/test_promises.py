"""The fast designs on few data sets, and whether the harness would catch a method that lies.

Seeds are fixed and the bounds are exact for the number of data sets, so that a row turns only when
the method or the design does.
"""

import re
from dataclasses import replace

import pytest
from validation import command
from validation.designs import DESIGNS
from validation.engine import Answer, Design, Row, Share, Tally, judge, tally

NAMED = {d.name: d for d in DESIGNS}
KEPT = (
    "wilson",
    "rate-clients",
    "km",
    "rmst",
    "log-rank",
    "competing",
    "leaving-missed",
    "its-poisson",
    "its-quasi",
    "its-gaussian",
    "did-group-time",
    "did-imputation",
    "overlap",
    "iptw",
    "spline",
    "spline-test",
    "bootstrap",
    "funnel",
    "laney",
)
_NAME = re.compile(r"^\| [^|]* \| `([a-z-]+)`: ")
FAILING = ("its-overdispersed", "twfe-grows", "iptw-left-out", "threshold-naive", "funnel-plain")


def test_the_committed_table_has_a_row_for_every_design():
    lines = command.TABLE.read_text(encoding="utf-8").splitlines()

    assert [d.name for d in DESIGNS] == [m[1] for m in map(_NAME.search, lines) if m]


@pytest.mark.parametrize("name", KEPT)
def test_a_promise_is_kept(name):
    row = judge(NAMED[name], 100)

    assert row.shown.told >= 95
    assert row.verdict in {"kept", "kept, too wide"}


@pytest.mark.parametrize("name", FAILING)
def test_what_is_known_to_fail_is_seen_to_fail(name):
    assert judge(NAMED[name], 100).verdict == "fails, as it should"


def narrowed(design, by):
    """The same method with standard errors of a part of their size."""

    def run(chance, effect):
        told = design.run(chance, effect)
        low, high = (told.estimate + by * (end - told.estimate) for end in (told.low, told.high))
        return Answer(told.estimate, low, high, told.truth)

    return replace(design, run=run)


@pytest.mark.parametrize("name", ["km", "its-gaussian", "overlap"])
def test_a_standard_error_of_half_its_size_is_caught(name):
    row = judge(narrowed(NAMED[name], 0.5), 100)

    assert row.verdict == "missed"
    assert row.coverage.bounds[1] < 0.95
    if row.rejected is not None:
        assert row.rejected.bounds[0] > 0.05


def test_an_estimate_beside_the_truth_is_caught():
    design = NAMED["overlap"]

    def run(chance, effect):
        told = design.run(chance, effect)
        return Answer(told.estimate + 1, told.low + 1, told.high + 1)

    row = judge(replace(design, run=run), 100)

    assert row.verdict == "missed"
    assert row.bias[0] == pytest.approx(1, abs=4 * row.bias[1])


def test_bounds_are_the_exact_ones_of_the_binomial():
    # R: binom.test(95, 100, conf.level = 0.99)$conf.int
    low, high = Share(95, 100).bounds

    assert (low, high) == pytest.approx((0.8648553175, 0.9890596664), abs=1e-9)
    assert Share(0, 10).bounds[0] == 0
    assert Share(10, 10).bounds[1] == 1


def test_verdicts_follow_from_the_bounds():
    design = Design("x", "m", "s", "outside", NAMED["km"].run, 0.0, 0.0)

    def verdict(inside, rejected, **changed):
        effect, null = Tally(told=1000, inside=inside), Tally(told=1000, rejected=rejected)
        return Row(replace(design, **changed), effect, null).verdict

    assert verdict(950, 50) == "kept"
    assert verdict(920, 50) == "missed"
    assert verdict(950, 80) == "missed"
    assert verdict(980, 20) == "kept, too wide"
    assert verdict(920, 50, fails=True) == "fails, as it should"
    assert verdict(950, 50, fails=True) == "does not fail here"
    assert Row(design, Tally(refused=5), Tally()).verdict == "refuses"
    assert Row(design, Tally(), Tally()).verdict == "not run"


def test_figures_do_not_depend_on_how_data_sets_are_dealt_out():
    design = NAMED["overlap"]
    parts = tally(design, "effect", range(7)) + tally(design, "effect", range(7, 20))

    assert parts.error == pytest.approx(tally(design, "effect", range(20)).error)
    assert parts.inside == tally(design, "effect", range(20)).inside


def test_figures_do_not_depend_on_the_number_of_processes(tmp_path, monkeypatch):
    found = []
    for workers in (1, 2):
        monkeypatch.setattr(command, "KEPT", tmp_path / str(workers))
        found.append(command.run([NAMED["wilson"]], 60, workers))

    assert found[0] == found[1]
    assert found[0][0].effect.told == 60


def test_an_interrupted_run_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "KEPT", tmp_path)
    design = NAMED["wilson"]

    assert command.run([design], 30, 1, minutes=0)[0].verdict == "not run"
    first = command.run([design], 30, 1)
    monkeypatch.setattr(command, "_tallied", None)  # nothing may be asked for again
    assert command.run([design], 30, 1) == first
