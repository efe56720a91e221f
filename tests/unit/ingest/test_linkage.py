"""Moved appointments and series, as small tables: what is linked, and what is not."""

import polars as pl
import pytest

import carenotebook as cn
from carenotebook.core.errors import MissingDataError, OptionError
from carenotebook.ingest.linkage import COLLAPSED

COLUMNS = ["appointment_id", "start", "outcome", "booked_at", "cancelled_at", "replaces"]


def cohort_of(*rows, without=(), **options):
    """Appointments of March 2026 in the order of COLUMNS, times as day hour:minute."""
    frame = pl.DataFrame(
        [(r + (None,) * 6)[:6] for r in rows], dict.fromkeys(COLUMNS, pl.String), orient="row"
    ).with_columns(
        pl.format("2026-03-{}", c).alias(c) for c in ("start", "booked_at", "cancelled_at")
    )
    if "client_id" not in options:
        frame = frame.with_columns(client_id=pl.lit("c1"))
    else:
        frame = frame.with_columns(client_id=pl.Series(options.pop("client_id")))
    return cn.from_frames(frame.drop(without), as_of="2026-05-01", **options)


def linked_rows(cohort, **options):
    linked, _ = cn.link_appointments(cohort, **options)
    chosen = [c for c in ("appointment_id", "outcome", "replaces") if linked.has("appointments", c)]
    return linked.appointments.select(chosen).sort(chosen[0]).collect().rows()


EARLY = ("a", "10 10:00", "early_cancel", "01 09:00", "05 16:30")


@pytest.mark.parametrize(
    ("booked", "moved"),
    [
        ("05 16:30", True),
        ("05 16:35", True),
        ("05 16:25", True),
        ("05 16:36", False),
        ("05 16:24", False),
    ],
)
def test_a_cancellation_and_a_booking_in_one_act_are_a_move(booked, moved):
    cohort = cohort_of(EARLY, ("b", "12 10:00", "attended", booked))
    expected = [("a", "rescheduled", None), ("b", "attended", "a")]
    apart = [("a", "early_cancel", None), ("b", "attended", None)]
    assert linked_rows(cohort) == (expected if moved else apart)


@pytest.mark.parametrize(
    ("within", "booked", "moved"),
    [("0m", "05 16:30", True), ("0m", "05 16:31", False), ("2h", "05 18:30", True)],
)
def test_how_far_apart_one_act_may_be_is_a_parameter(within, booked, moved):
    cohort = cohort_of(EARLY, ("b", "12 10:00", "attended", booked))
    assert (linked_rows(cohort, within=within)[0][1] == "rescheduled") == moved


@pytest.mark.parametrize(
    "outcome",
    ["no_show", "provider_cancel", "excused", "technical_failure", "was_not_brought", "booked"],
)
@pytest.mark.parametrize("replaces", [None, "a"])
def test_only_the_clients_own_cancellations_become_rescheduled(outcome, replaces):
    old = ("a", "10 10:00", outcome, "01 09:00", "05 16:30")
    new = ("b", "12 10:00", "attended", "05 16:30", None, replaces)
    assert linked_rows(cohort_of(old, new)) == [("a", outcome, None), ("b", "attended", replaces)]


@pytest.mark.parametrize("replaces", [None, "a"])
def test_a_move_with_short_notice_stays_a_late_cancellation(replaces):
    cohort = cohort_of(
        ("a", "10 10:00", "early_cancel", "01 09:00", "09 16:30"),
        ("b", "12 10:00", "attended", "09 16:30", None, replaces),
    )
    assert linked_rows(cohort) == [("a", "late_cancel", None), ("b", "attended", "a")]
    _, report = cn.link_appointments(cohort)
    assert report.tidy()["state"].to_list() == ["moved_late", "cancelled_alone"]


def test_replaces_links_whatever_the_times_and_needs_none():
    cohort = cohort_of(
        ("a", "10 10:00", "early_cancel"),
        ("b", "12 10:00", "attended", None, None, "a"),
        ("c", "17 10:00", "early_cancel"),
        ("d", "19 10:00", "attended", None, None, "nothing here"),
        ("e", "24 10:00", "early_cancel", None, None, "e"),
        without=["booked_at", "cancelled_at"],
    )
    assert [o for _, o, _ in linked_rows(cohort)] == [
        "rescheduled",
        "attended",
        "early_cancel",
        "attended",
        "early_cancel",
    ]


def test_another_clients_appointment_replaces_nothing():
    cohort = cohort_of(
        EARLY,
        ("b", "12 10:00", "attended", "05 16:30", None, "a"),
        ("c", "12 11:00", "attended", "05 16:30"),
        client_id=["c1", "c2", "c2"],
    )
    assert linked_rows(cohort)[0] == ("a", "early_cancel", None)


@pytest.mark.parametrize(
    "new",
    [
        ("b", "10 10:00", "attended", "05 16:30"),
        ("b", "04 10:00", "attended", "05 16:30"),
        ("b", "12 10:00", "attended", "05 16:30", None, "other"),
        ("b", "12 10:00", "attended"),
    ],
    ids=["the same time", "a time gone by", "it replaces another", "not known when booked"],
)
def test_what_is_no_new_time(new):
    assert linked_rows(cohort_of(EARLY, new))[0] == ("a", "early_cancel", None)


def test_each_new_appointment_replaces_one():
    cohort = cohort_of(
        EARLY,
        ("b", "17 10:00", "early_cancel", "01 09:00", "05 16:31"),
        ("c", "24 10:00", "early_cancel", "01 09:00", "05 16:32"),
        ("x", "11 10:00", "attended", "05 16:33"),
        ("y", "18 10:00", "attended", "05 16:33"),
    )
    assert linked_rows(cohort) == [
        ("a", "rescheduled", None),
        ("b", "rescheduled", None),
        ("c", "early_cancel", None),
        ("x", "attended", "a"),
        ("y", "attended", "b"),
    ]


def test_dates_without_a_time_tell_no_act():
    cohort = cohort_of(
        ("a", "10 10:00", "early_cancel", "01 00:00", "05 00:00"),
        ("b", "17 10:00", "early_cancel", "01 00:00", "05 00:00"),
        ("c", "12 10:00", "attended", "05 00:00"),
        timezone="America/New_York",
    )
    linked, report = cn.link_appointments(cohort)
    assert linked.content_hash == cohort.content_hash
    assert report.acts == 0


def test_without_ids_a_move_is_told_and_not_named():
    cohort = cohort_of(
        EARLY,
        ("b", "12 10:00", "attended", "05 16:30"),
        without=["appointment_id", "replaces"],
    )
    linked, _ = cn.link_appointments(cohort)
    assert linked.appointments.collect()["outcome"].to_list() == ["rescheduled", "attended"]
    assert not linked.has("appointments", "replaces")
    again, _ = cn.link_appointments(linked)
    assert again.content_hash == linked.content_hash


SERIES = [
    (f"s{n}", f"{day} 10:00", "early_cancel", "01 09:00", f"05 16:3{n}")
    for n, day in enumerate(("06", "13", "20", "27"))
]
OTHERS = [
    ("t", "28 10:00", "early_cancel", "01 09:00", "09 12:00"),
    ("u", "29 10:00", "provider_cancel", "01 09:00", "05 16:32"),
    ("v", "30 10:00", "attended", "01 09:00"),
]


def test_a_series_cancelled_in_one_act_is_reported():
    cohort = cohort_of(*SERIES, *OTHERS)
    linked, report = cn.link_appointments(cohort)
    assert linked.content_hash == cohort.content_hash
    assert report.acts == 1
    assert report.tidy().filter(section="series").select(
        "state", "numerator", "clients"
    ).rows() == [
        ("cancelled_alone", 1, 1),
        ("first_of_a_series", 1, 1),
        ("further_of_a_series", 3, 1),
    ]


def test_a_series_collapses_to_its_first_appointment_on_request_and_no_row_is_lost():
    cohort = cohort_of(*SERIES, *OTHERS)
    linked, _ = cn.link_appointments(cohort, collapse_series=True)
    kept = linked.appointments.select("appointment_id", "outcome").collect().rows()
    assert kept == [
        ("s0", "late_cancel"),
        ("t", "early_cancel"),
        ("u", "provider_cancel"),
        ("v", "attended"),
    ]
    assert (
        linked.rejected.select("table", "row", "column", "reason").rows()
        == [("appointments", None, "cancelled_at", COLLAPSED)] * 3
    )
    assert [f'"s{n}"' in raw for n, raw in enumerate(linked.rejected["raw"], 1)] == [True] * 3
    assert "s1" not in repr(linked.rejected)
    row = linked.describe().tables.row(0, named=True)
    assert (row["rows_in"], row["accepted"], row["rejected"]) == (7, 4, 3)
    again, report = cn.link_appointments(linked, collapse_series=True)
    assert again.content_hash == linked.content_hash
    assert report.acts == 0


def test_a_moved_series_is_as_many_moves_and_one_decision():
    moved = [
        (f"n{n}", f"{day} 15:00", "attended", "05 16:34") for n, day in enumerate(("14", "21"))
    ]
    cohort = cohort_of(*SERIES[1:3], *moved)
    linked, report = cn.link_appointments(cohort, collapse_series=True)
    assert linked.appointments.collect()["outcome"].to_list() == [
        "rescheduled",
        "attended",
        "attended",
    ]
    assert report.tidy().select("state", "numerator").rows() == [
        ("moved_in_one_act", 2),
        ("first_of_a_series", 1),
        ("further_of_a_series", 1),
    ]


def test_parts_of_a_saved_cohort_are_linked_alike(tmp_path):
    cohort, _ = cn.synthetic_cohort(clients=60, seed=2)
    saved = cn.load(cohort.save(tmp_path / "cohort", partitions=3))
    assert len(saved.parts) == 3
    whole, report = cn.link_appointments(cohort, collapse_series=True)
    by_part, same = cn.link_appointments(saved, collapse_series=True)
    assert by_part.content_hash == whole.content_hash
    assert same.tidy().equals(report.tidy())
    kept = cn.load(by_part.save(tmp_path / "linked"))
    assert kept.rejected.height == whole.rejected.height


def test_what_cannot_be_linked():
    bare = cohort_of(("a", "10 10:00", "attended"), without=COLUMNS[3:])
    with pytest.raises(MissingDataError, match="cancelled_at"):
        cn.link_appointments(bare)
    with pytest.raises(OptionError, match="within"):
        cn.link_appointments(cohort_of(EARLY), within="soon")


def test_a_report_without_cancellations_says_so():
    _, report = cn.link_appointments(cohort_of(("a", "10 10:00", "attended", None, "01 09:00")))
    assert report.tidy().is_empty()
    assert report.acts == 0
    assert "no cancellation by a client" in report.summary()
    assert report._repr_html_()


def test_what_a_report_shows_hides_few():
    rows, clients = [], []
    for n in range(40):
        rows.append((f"a{n}", "10 10:00", "early_cancel", "01 09:00", "05 16:30"))
        clients.append(f"c{n}")
        if n < 35:
            rows.append((f"b{n}", "12 10:00", "attended", "05 16:31"))
            clients.append(f"c{n}")
    _, report = cn.link_appointments(cohort_of(*rows, client_id=clients))
    shown = {r["state"]: r for r in report.released().frame.to_dicts()}
    assert shown["not_moved"]["suppressed"]
    assert shown["moved_in_one_act"]["suppressed"]
    assert "35" not in report.summary()
    assert ">35" not in report._repr_html_()
    assert report.plot().name_text == report.title


def test_moves_of_a_cohort_with_a_known_truth_are_found_again():
    """The made-up administration enters a move as a cancellation and a booking at one instant."""
    cohort, _ = cn.synthetic_cohort(clients=400, seed=3)
    truth = cohort.appointments.collect()
    moved = truth.filter(outcome="rescheduled")
    entered_twice = truth.with_columns(
        outcome=pl.col("outcome").cast(pl.String).replace({"rescheduled": "early_cancel"}),
        replaces=pl.lit(None, pl.String),
    )
    linked, _ = cn.link_appointments(cn.from_frames(entered_twice, as_of=cohort.as_of))
    found = linked.appointments.collect()
    named = ["appointment_id", "replaces"]
    pairs = found.filter(pl.col("replaces").is_not_null()).select(named)
    assert pairs.height > 200
    assert pairs.join(truth.select(named), on=named, how="anti").is_empty()
    successors = truth.select(
        "client_id",
        "booked_at",
        replaced="replaces",
    ).filter(pl.col("replaced").is_not_null())
    lost = moved.join(pairs, left_on="appointment_id", right_on="replaces", how="anti")
    known = lost.join(successors, left_on="appointment_id", right_on="replaced")
    assert known.filter(pl.col("booked_at_right") == pl.col("cancelled_at")).is_empty()
