from datetime import UTC, date, datetime

import polars as pl
import pytest

from carenotebook.ingest import times
from carenotebook.ingest.times import TimeForm, from_temporal, parse_times


def one(text, timezone="UTC", form=times.ISO_8601):
    parsed = parse_times(pl.Series([text], dtype=pl.String), timezone, form)
    return parsed.values[0], parsed.reasons[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-02", datetime(2024, 1, 2, tzinfo=UTC)),
        ("2024-01-02 10:00", datetime(2024, 1, 2, 10, tzinfo=UTC)),
        ("2024-01-02T10:00:05", datetime(2024, 1, 2, 10, 0, 5, tzinfo=UTC)),
        ("2024-01-02T10:00:05.25", datetime(2024, 1, 2, 10, 0, 5, 250_000, tzinfo=UTC)),
        ("2024-01-02T10:00:05.123456789", datetime(2024, 1, 2, 10, 0, 5, 123_456, tzinfo=UTC)),
        ("2024-01-02T10:00Z", datetime(2024, 1, 2, 10, tzinfo=UTC)),
        ("2024-01-02T10:00:00+01:00", datetime(2024, 1, 2, 9, tzinfo=UTC)),
        ("2024-01-02 10:00:00 -0530", datetime(2024, 1, 2, 15, 30, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_iso_8601_is_read(text, expected):
    assert one(text) == (expected, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2023-02-29", times.NO_SUCH_DATE),
        ("2024-02-31 10:00+01:00", times.NO_SUCH_DATE),
        ("2024-13-01", times.NO_SUCH_DATE),
        ("2024-01-02T24:00", times.NOT_A_TIME),
        ("2024-01-02T10:00:60", times.NOT_A_TIME),
        ("02/01/2024", times.NOT_A_TIME),
        ("20240102", times.NOT_A_TIME),
        ("2024-1-2", times.NOT_A_TIME),
        ("202\N{ARABIC-INDIC DIGIT FOUR}-01-02", times.NOT_A_TIME),
        ("2024-01-02 10:00+0\N{ARABIC-INDIC DIGIT ONE}:00", times.NOT_A_TIME),
        ("9999-12-31", times.OUT_OF_YEARS),
        ("1899-12-31T23:59:59", times.OUT_OF_YEARS),
    ],
)
def test_other_texts_are_refused_with_their_reason(text, reason):
    assert one(text) == (None, reason)


def test_blank_is_no_time_and_no_reason():
    assert one(None) == (None, None)


@pytest.mark.parametrize(
    ("local", "utc", "reason"),
    [
        # the clocks of London go forward from 01:00 to 02:00 on 31 March 2024
        ("2024-03-31 00:59:59", datetime(2024, 3, 31, 0, 59, 59, tzinfo=UTC), None),
        ("2024-03-31 01:00", None, times.NON_EXISTENT),
        ("2024-03-31 01:59:59", None, times.NON_EXISTENT),
        ("2024-03-31 02:00", datetime(2024, 3, 31, 1, tzinfo=UTC), None),
        # and back from 02:00 to 01:00 on 27 October 2024
        ("2024-10-27 00:59:59", datetime(2024, 10, 26, 23, 59, 59, tzinfo=UTC), None),
        ("2024-10-27 01:00", None, times.AMBIGUOUS),
        ("2024-10-27 01:59:59", None, times.AMBIGUOUS),
        ("2024-10-27 02:00", datetime(2024, 10, 27, 2, tzinfo=UTC), None),
        # an offset settles it
        ("2024-10-27 01:30+01:00", datetime(2024, 10, 27, 0, 30, tzinfo=UTC), None),
        ("2024-10-27 01:30Z", datetime(2024, 10, 27, 1, 30, tzinfo=UTC), None),
    ],
)
def test_local_times_where_the_clocks_change(local, utc, reason):
    assert one(local, "Europe/London") == (utc, reason)
    naive = local.endswith(("Z", "+01:00"))
    if not naive:
        column = pl.Series([datetime.fromisoformat(local)])
        parsed = from_temporal(column, "Europe/London")
        assert (parsed.values[0], parsed.reasons[0]) == (utc, reason)
        assert one(local, "UTC")[1] is None


def test_a_format_of_the_mapping():
    british = TimeForm(format="%d/%m/%Y %H:%M")
    assert one("31/01/2024 14:30", form=british) == (
        datetime(2024, 1, 31, 14, 30, tzinfo=UTC),
        None,
    )
    assert one("31/02/2024 14:30", form=british) == (None, times.NOT_IN_FORMAT)
    assert one("2024-01-31", form=british) == (None, times.NOT_IN_FORMAT)
    zoned = TimeForm(format="%d/%m/%Y %H:%M %z")
    assert one("01/07/2024 10:00 +0100", form=zoned)[0] == datetime(2024, 7, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1", "d", datetime(2020, 1, 2, tzinfo=UTC)),
        ("-31", "d", datetime(2019, 12, 1, tzinfo=UTC)),
        ("0.5", "d", datetime(2020, 1, 1, 12, tzinfo=UTC)),
        ("90", "m", datetime(2020, 1, 1, 1, 30, tzinfo=UTC)),
        ("1.5", "h", datetime(2020, 1, 1, 1, 30, tzinfo=UTC)),
        ("2", "w", datetime(2020, 1, 15, tzinfo=UTC)),
    ],
)
def test_relative_time(text, unit, expected):
    assert one(text, form=TimeForm(unit=unit, origin="2020-01-01")) == (expected, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("soon", times.NOT_A_NUMBER),
        ("inf", times.NOT_A_NUMBER),
        ("nan", times.NOT_A_NUMBER),
        ("1e9", times.OUT_OF_YEARS),
        ("73000", times.OUT_OF_YEARS),
    ],
)
def test_relative_time_that_is_no_time(text, reason):
    assert one(text, form=TimeForm(unit="d", origin="2020-01-01")) == (None, reason)


def test_the_origin_of_relative_time_is_local():
    form = TimeForm(unit="h", origin="2024-07-01")
    assert one("0", "Europe/London", form)[0] == datetime(2024, 6, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_typed_times_of_every_resolution(unit):
    at = datetime.fromisoformat("2024-07-01T09:00:00.005")
    naive = pl.Series([at, None], dtype=pl.Datetime(unit))
    expected = [datetime(2024, 7, 1, 8, 0, 0, 5000, tzinfo=UTC), None]
    assert from_temporal(naive, "Europe/London").values.to_list() == expected
    aware = naive.dt.replace_time_zone("America/New_York")
    assert from_temporal(aware, "Europe/London").values.to_list() == [
        datetime(2024, 7, 1, 13, 0, 0, 5000, tzinfo=UTC),
        None,
    ]


def test_a_typed_date_is_its_local_midnight():
    parsed = from_temporal(pl.Series([date(2024, 7, 1)]), "Europe/London")
    assert parsed.values[0] == datetime(2024, 6, 30, 23, tzinfo=UTC)


DATES = ["2026-01-05", "2026-02-31", "2026-03-29", "2026-10-25", "1899-01-01", "9999-12-31"]
CLOCKS = ["", "T01:30", " 01:30:59", "T24:00:00", "T01:30:60", "T23:59:59.123456", "T01:30:00.5"]
OFFSETS = ["", "Z", "+00:00", "+0000", "+01:00"]
TEXTS = [d + c + (o if c else "") for d in DATES for c in CLOCKS for o in OFFSETS]


@pytest.mark.parametrize("zone", ["UTC", "Europe/London"])
@pytest.mark.parametrize("other", ["2026-06-01", "2026-06-01T10:00Z", "x", None])
def test_a_text_is_read_alike_beside_texts_of_its_form_and_of_others(zone, other):
    for text in [*TEXTS, "2026-1-5", "02026-01-05", " 2026-01-05", None]:
        alone = parse_times(pl.Series([text, text], dtype=pl.String), zone)
        beside = parse_times(pl.Series([text, other], dtype=pl.String), zone)
        assert alone.values[0] == beside.values[0]
        assert alone.reasons[0] == beside.reasons[0]
