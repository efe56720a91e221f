"""What every frame-level function does with frames that it cannot use, or not wholly."""

import datetime as dt
import math

import polars as pl
import pytest
from frames_for_tests import cases, columns_of

from carenotebook.core.errors import CareNotebookError

CASES = cases()
SECRETS = ("XQ-", "TH-", "ST-", "Zeta", "Yota", "secret", "867")
EACH = pytest.mark.parametrize("name", CASES)


def called(name, frame):
    """The result, or the error, which names the function and no value."""
    try:
        found = CASES[name].call(frame)
    except CareNotebookError as error:
        said = str(error)
        assert said.startswith(f"{CASES[name].call.func.__name__}()"), said
        assert not any(s in said for s in SECRETS), said
        return said
    assert not any(s in found.summary() for s in SECRETS[:3])
    figures = found.tidy().select(pl.selectors.float())
    assert not any(figures[c].is_nan().any() for c in figures.columns)
    return found


def refused(name, frame):
    said = called(name, frame)
    assert isinstance(said, str), f"{name} takes it"
    return said


def accounted(found, rows):
    basis = getattr(found, "basis", None)
    return basis is None or basis.rows + sum(basis.left_out.values()) == rows


@EACH
def test_frames_of_pandas_and_pyarrow_and_lazy_ones_are_taken_as_well(name):
    frame = CASES[name].frame
    expected = CASES[name].call(frame).tidy()

    for other in (frame.to_pandas(), frame.to_arrow(), frame.lazy()):
        found = CASES[name].call(other).tidy()
        assert found.columns == expected.columns
        assert found.equals(expected)


@EACH
def test_what_is_no_frame_or_has_no_rows_or_columns_is_refused(name):
    frame = CASES[name].frame

    assert "takes a frame" in refused(name, {"secret": [1]})
    assert "no rows" in refused(name, frame.clear())
    called(name, frame.head(1))
    for column in columns_of(CASES[name]):
        assert f"no column {column}" in refused(name, frame.drop(column))


@EACH
def test_numbers_that_are_none_are_refused(name):
    """Text, digits as text, dates, lists, infinity."""
    frame, row = CASES[name].frame, pl.int_range(pl.len())

    for column in CASES[name].numeric:
        wrong = {
            "text": pl.lit("secret"),
            "digits": pl.col(column).cast(pl.String),
            "date": pl.lit(dt.date(2024, 1, 1)),
            "list": pl.concat_list(pl.lit(1), pl.lit(2)),
        }
        for kind, values in wrong.items():
            made = called(name, frame.with_columns(values.alias(column)))
            named = kind in ("text", "digits") and column in CASES[name].covariates
            assert isinstance(made, str) or named, (column, kind)
        for odd in (math.inf, 1e300):
            some = pl.when(row == 7).then(odd).otherwise(pl.col(column).cast(pl.Float64))
            assert column in refused(name, frame.with_columns(some.alias(column)))
        below = pl.when(row == 7).then(-867.5309).otherwise(pl.col(column).cast(pl.Float64))
        called(name, frame.with_columns(below.alias(column)))


@EACH
@pytest.mark.parametrize("missing", [None, math.nan])
def test_rows_with_a_missing_value_are_counted_or_refused(name, missing):
    case, row = CASES[name], pl.int_range(pl.len())

    for column in columns_of(case):
        if missing is not None and column not in case.numeric:
            continue
        dtype = case.frame.schema[column] if missing is None else pl.Float64
        some = pl.when(row % 41 == 5).then(pl.lit(missing, dtype)).otherwise(column)
        found = called(name, case.frame.with_columns(some.alias(column)))
        if case.refuses_missing:
            assert column in found
        elif column not in case.optional:
            assert not isinstance(found, str), found
            assert accounted(found, case.frame.height)
            assert f"no {column}" in found.basis.left_out
        for dtype in (pl.Null, case.frame.schema[column]):
            nothing = case.frame.with_columns(pl.lit(None, dtype).alias(column))
            made = called(name, nothing)
            assert isinstance(made, str) or column in case.optional


@EACH
def test_columns_that_do_not_vary_and_rows_that_come_twice_are_said(name):
    case = CASES[name]

    for column in columns_of(case):
        alike = case.frame.with_columns(pl.lit(case.frame[column][3]).alias(column))
        found = called(name, alike)
        assert isinstance(found, str) or accounted(found, case.frame.height)
    found = called(name, pl.concat([case.frame, case.frame]))
    assert isinstance(found, str) or accounted(found, 2 * case.frame.height)


@EACH
def test_kinds_of_columns_that_say_the_same_give_the_same(name):
    """Categories, codes, booleans, decimals, single precision."""
    case = CASES[name]
    expected = case.call(case.frame).tidy()

    for column in columns_of(case):
        dtype, values = case.frame.schema[column], case.frame[column]
        kinds = [pl.Categorical, pl.Enum(values.cast(pl.String).drop_nulls().unique().sort())]
        if dtype.is_numeric():
            kinds = [pl.Decimal(20, 12), pl.Float64]
            kinds += [pl.Boolean] if values.cast(pl.Float64).is_in([0.0, 1.0]).all() else []
        for kind in kinds:
            found = called(name, case.frame.with_columns(pl.col(column).cast(kind)))
            assert not isinstance(found, str), found
            ours = found.tidy().select(pl.selectors.float().fill_null(-1.0))
            theirs = expected.select(pl.col(ours.columns).fill_null(-1.0))
            for c in ours.columns:
                assert ours[c].to_list() == pytest.approx(theirs[c].to_list(), rel=1e-5, abs=1e-6)


ROW, ZETA, SEVERE = pl.int_range(pl.len()), pl.col("site") == "Zeta", pl.col("severe")
TABLE = [
    # the function, what is done to its frame, what it says
    ("interrupted_time_series", pl.col("month") < 26, "at least 3 are needed on each side"),
    ("interrupted_time_series", {"missed": pl.col("missed") * (pl.col("month") < 24)}, "no events"),
    ("interrupted_time_series", {"month": pl.col("month") - 100}, "start= must lie after"),
    ("interrupted_time_series", {"clients": pl.col("clients") * (ROW != 3)}, "must be above 0"),
    ("interrupted_time_series", {"hours": pl.lit(5.0)}, "hours is the same in every row"),
    ("interrupted_time_series", {"hours": pl.col("month") * 2.0}, "collinear"),
    (
        "interrupted_time_series",
        {"month": pl.col("month") // 2 * 2},
        "several points share one time",
    ),
    ("difference_in_differences", {"first": pl.lit(0)}, "no unit is treated"),
    ("difference_in_differences", {"first": pl.lit(4)}, "one group and no control"),
    ("difference_in_differences", {"first": pl.lit(1)}, "there is no before"),
    ("difference_in_differences", {"period": pl.col("period") // 2}, "several rows at one"),
    ("difference_in_differences", pl.col("period") == 3, "one period"),
    ("stepped_wedge", {"first": pl.lit(4)}, "two times at least"),
    ("stepped_wedge", pl.col("site") < "ST-003", "at least 4 clusters"),
    ("hazard_model", {"ended": pl.lit(0)}, "no row has the event"),
    ("hazard_model", {"severe": pl.lit(1.0)}, "severe is the same in every row"),
    ("hazard_model", {"severe": ZETA.cast(pl.Float64)}, "collinear"),
    ("hazard_model", {"severe": pl.col("ended") * 1.0}, "separates"),
    ("hazard_model", {"entered": pl.col("weeks")}, "must be below weeks"),
    ("hazard_model", {"therapist_id": pl.lit("TH-1")}, "single value"),
    ("hazard_model", {"ended": pl.col("ended") + 1}, "must be 0 or 1"),
    ("survival_curve", {"weeks": -pl.col("weeks")}, "below 0"),
    ("cumulative_incidence", {"way": pl.lit("censored")}, "no row has an end"),
    ("repeated_measures", pl.col("client_id") == "XQ-00001", "two clients or more"),
    ("repeated_measures", pl.col("session") == 1, "nothing repeats"),
    ("repeated_measures", {"baseline": pl.lit(1.0)}, "no unique answer"),
    ("repeated_measures_gee", {"baseline": pl.col("session") * 2.0}, "no unique answer"),
    ("weighted_effect", {"seen": pl.lit(1)}, "one group only"),
    ("weighted_effect", {"seen": (ROW < 4).cast(pl.Int64)}, "fewer than 10"),
    ("weighted_effect", {"seen": (pl.col("severe") > 0).cast(pl.Int64)}, "severe separates"),
    ("weighted_effect", {"severe": ZETA.cast(pl.Int64)}, "collinear"),
    ("weighted_effect", {"therapist_id": pl.lit("TH-1")}, "single value"),
    ("weighted_effect", {"seen": (SEVERE > 0) != (SEVERE.max() == SEVERE)}, "weights explode"),
    ("dose_response", {"share": ROW % 4}, "too few for a curve"),
    ("dose_response", {"share": pl.col("share") * 0.5}, "threshold=0.6 has fewer than"),
    ("dose_response", {"severe": pl.col("share") * 2}, "collinear"),
    ("good_enough_level", pl.col("client_id") < "XQ-00010", "fewer than 20 clients"),
    ("good_enough_level", pl.col("session") < 3, "as many sessions"),
    ("misclassified_outcome", {"seen": pl.lit(0)}, "one group only"),
    ("tipping_point", {"score": pl.lit(3.0)}, "nothing to tip"),
    ("decision_curve", {"risk": pl.col("risk") * 2}, "must hold probabilities"),
    ("cluster_bootstrap", {"late": pl.col("missed")}, "separates"),
    ("cluster_bootstrap", {"client_id": pl.lit("XQ-1")}, "single cluster"),
    ("spc", {"month": ROW // 2}, "several points share"),
    ("spc", {"clients": pl.col("clients") * (ROW != 3)}, "above 0 in every point"),
    ("funnel", {"site": pl.lit("ST-1")}, "in several rows"),
    ("funnel", {"expected": pl.col("expected") * (ROW != 3)}, "above 0"),
]


@pytest.mark.parametrize(("name", "change", "says"), TABLE)
def test_what_a_method_cannot_answer_is_said_in_the_terms_of_the_data(name, change, says):
    frame = CASES[name].frame
    made = frame.with_columns(**change) if isinstance(change, dict) else frame.filter(change)

    assert says in refused(name, made)
