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
