"""A frame of whatever library as one of polars."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from carenotebook.core.errors import DataError, OptionError

if TYPE_CHECKING:
    from typing import TypeAlias

    from narwhals.typing import IntoDataFrame

    Frame: TypeAlias = IntoDataFrame | pl.LazyFrame


MOST = 1e100
"""Numbers beyond it are codes for something else, and their squares overflow."""


def is_number(value: object) -> bool:
    """Whether it is a single finite number (True and False are none).

    Examples
    --------
    >>> is_number(0.8), is_number("0.8"), is_number(float("nan"))
    (True, False, False)
    """
    if isinstance(value, bool):
        return False
    return isinstance(value, Real) and math.isfinite(value)


def numbers_of(values: pl.Series, name: str) -> npt.NDArray[np.float64]:
    """A column of numbers or booleans.

    Parameters
    ----------
    values : polars.Series
    name : str
        What it is called in errors: "funnel(): observed".

    Raises
    ------
    OptionError
        If it holds something else, or what is not finite.

    Examples
    --------
    >>> numbers_of(pl.Series([True, False]), "seen").tolist()
    [1.0, 0.0]
    """
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        raise OptionError(
            f"{name} must hold numbers, not {values.dtype}. Cast it, or name another."
        )
    found = values.cast(pl.Float64).to_numpy()
    if len(found) and not (found.min() > -MOST and found.max() < MOST):
        beyond = int((~(np.abs(found) < MOST)).sum())
        raise OptionError(
            f"{name} is not finite, or beyond 1e100, in {beyond} rows. Set it to null where it is "
            "not known."
        )
    return found


def to_polars(name: str, frame: Any) -> pl.DataFrame:
    """A frame of polars, pandas or pyarrow as polars.

    Parameters
    ----------
    name : str
        What the frame is called in errors: "appointments=", "funnel(): frame=".
    frame : polars.DataFrame or LazyFrame, pandas.DataFrame, pyarrow.Table

    Raises
    ------
    DataError
        If it is none of these, or has two columns of one name.

    Examples
    --------
    >>> import pandas as pd
    >>> to_polars("frame=", pd.DataFrame({"site": ["a"], "missed": [3]})).rows()
    [('a', 3)]
    """
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame
    import narwhals as nw

    try:
        made: pl.DataFrame = nw.from_native(_without_mixtures(frame), eager_only=True).to_polars()
    except nw.exceptions.DuplicateError:
        raise DataError(f"{name} has two columns of one name; rename one of them.") from None
    except TypeError:
        raise DataError(
            f"{name} takes a frame of polars, pandas or pyarrow, not {type(frame).__name__}."
            + (" For a file use read_csv, read_parquet or read_excel." if _is_path(frame) else "")
        ) from None
    return made


def _without_mixtures(frame: Any) -> Any:
    """A pandas frame whose columns of mixed objects are text, as its own `to_csv` writes them."""
    types = getattr(frame, "dtypes", None)
    if types is None or type(frame).__module__.split(".")[0] != "pandas":
        return frame
    import pandas as pd

    mixed = [
        column
        for column, dtype in types.items()
        if pd.api.types.is_object_dtype(dtype)
        and pd.api.types.infer_dtype(frame[column], skipna=True).startswith("mixed")
    ]
    as_text = {n: frame[n].map(str, na_action="ignore") for n in mixed}
    return frame.assign(**as_text) if mixed else frame


def _is_path(given: object) -> bool:
    from pathlib import Path

    return isinstance(given, str | Path)
