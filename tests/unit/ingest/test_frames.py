"""Frames of other libraries, and the oddities that they carry."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import DataError


def test_a_pandas_column_of_mixed_objects_is_read_as_text():
    frame = pd.DataFrame(
        {
            "client_id": pd.Series([101, "A7"], dtype=object),
            "start": [datetime(2024, 1, 1, tzinfo=UTC)] * 2,
            "outcome": ["attended"] * 2,
            "note": pd.Series([1, "a note"], dtype=object),
        }
    )
    cohort = cn.from_frames(frame, episode_end="as_of")
    assert cohort.appointments.collect()["client_id"].to_list() == ["101", "A7"]


def test_two_pandas_columns_of_one_name_are_refused():
    frame = pd.DataFrame([["c1", "attended", "x"]], columns=["client_id", "outcome", "outcome"])
    with pytest.raises(DataError, match="two columns of one name"):
        cn.from_frames(frame)


def test_a_length_of_time_in_a_column_that_is_not_used_does_no_harm():
    frame = pl.DataFrame(
        {
            "client_id": ["c1"],
            "start": [datetime(2024, 1, 1, tzinfo=UTC)],
            "outcome": ["attended"],
            "lasted": [timedelta(minutes=50)],
        }
    )
    assert cn.from_frames(frame, episode_end="as_of").appointments.collect().height == 1


def test_a_number_that_is_none_is_not_known():
    frame = pl.DataFrame(
        {
            "client_id": ["c1"],
            "start": [datetime(2024, 1, 1, tzinfo=UTC)],
            "outcome": ["attended"],
        }
    )
    clients = pl.DataFrame({"client_id": ["c1"], "age": [float("nan")]})
    cohort = cn.from_frames(frame, clients=clients, episode_end="as_of")
    assert cohort.clients.collect()["age"].to_list() == [None]


def test_clients_whose_number_is_nan_are_not_one_client():
    rows = pl.DataFrame(
        {
            "client_id": [1.0, float("nan"), float("nan")],
            "start": ["2026-01-05", "2026-01-12", "2026-01-19"],
            "outcome": ["attended"] * 3,
        }
    )
    cohort = cn.from_frames(rows, episode_end="as_of")
    assert cohort.appointments.collect()["client_id"].to_list() == ["1"]
    assert cohort.rejected.select("row", "column", "reason").rows() == [
        (2, "client_id", "is blank"),
        (3, "client_id", "is blank"),
    ]
