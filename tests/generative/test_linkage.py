"""Linkage against a plain search, and what holds whatever the appointments are."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

import carenotebook as cn
from carenotebook.ingest.acts import OWN

BASE = datetime(2026, 3, 2, 9, tzinfo=UTC)
WITHIN = timedelta(minutes=5)
OUTCOMES = st.sampled_from(
    [*OWN, "early_cancel", "early_cancel", "attended", "no_show", "provider_cancel", "booked"]
)
ENTRIES = st.one_of(
    st.none(),
    st.integers(0, 12).map(lambda m: BASE + timedelta(minutes=m)),
    st.integers(0, 3).map(lambda d: BASE + timedelta(days=d)),
    st.just(BASE - timedelta(hours=9)),
)


@st.composite
def histories(draw):
    height = draw(st.integers(0, 12))
    ids = [f"a{i}" for i in range(height)]
    known = [i if draw(st.booleans()) else None for i in ids]
    rows = {
        "client_id": [draw(st.sampled_from("xy")) for _ in ids],
        "start": [BASE + timedelta(days=draw(st.integers(0, 9)), hours=2) for _ in ids],
        "outcome": [draw(OUTCOMES) for _ in ids],
        "appointment_id": known,
        "booked_at": [draw(ENTRIES) for _ in ids],
        "cancelled_at": [draw(ENTRIES) for _ in ids],
        "replaces": [draw(st.sampled_from([None, None, None, *ids])) for _ in ids],
    }
    types = dict.fromkeys(rows, pl.String)
    types |= dict.fromkeys(("start", "booked_at", "cancelled_at"), pl.Datetime("us", "UTC"))
    return pl.DataFrame(rows, schema=types)


def _cohort(frame):
    return cn.from_frames(frame, as_of="2026-06-01")


def _clock(at):
    return at is not None and (at.hour, at.minute) != (0, 0)


def _plain_moves(rows):
    """Pairs (row, new row, by act), looked for one by one."""
    found = []
    for i, old in enumerate(rows):
        if old["outcome"] in OWN:
            named = [
                j
                for j, new in enumerate(rows)
                if j != i
                and new["replaces"] is not None
                and new["replaces"] == old["appointment_id"]
                and new["client_id"] == old["client_id"]
            ]
            found += [(i, named[0], False)] if named else []
    linked = {i for i, _, _ in found}
    taken = {j for j, new in enumerate(rows) if new["replaces"] is not None}
    for i, old in enumerate(rows):
        if old["outcome"] not in OWN or i in linked or not _clock(old["cancelled_at"]):
            continue
        for j, new in enumerate(rows):
            if (
                j not in taken
                and j != i
                and new["client_id"] == old["client_id"]
                and _clock(new["booked_at"])
                and abs(new["booked_at"] - old["cancelled_at"]) <= WITHIN
                and new["start"] != old["start"]
                and new["start"] > old["cancelled_at"]
            ):
                taken.add(j)
                found.append((i, j, True))
                break
    return found


def _plain_further(rows):
    """Rows of a series other than its first."""
    further = set()
    for client in "xy":
        own = [
            (r["cancelled_at"], i)
            for i, r in enumerate(rows)
            if r["client_id"] == client
            and r["outcome"] in OWN
            and _clock(r["cancelled_at"])
            and r["cancelled_at"] < r["start"]
        ]
        act, last = [], None
        for at, i in [*sorted(own), (BASE + timedelta(days=99), -1)]:
            if last is not None and at - last > WITHIN:
                further |= set(act) - {min(act)}
                act = []
            act.append(i)
            last = at
    return further


@settings(max_examples=150)
@given(histories(), st.booleans())
def test_linkage_is_what_a_plain_search_finds_and_loses_nothing(frame, collapse):
    cohort = _cohort(frame)
    before = cohort.appointments.collect()
    rows = before.to_dicts()
    expected = [dict(r) for r in rows]
    for i, j, by_act in _plain_moves(rows):
        if rows[i]["outcome"] == "early_cancel":
            expected[i]["outcome"] = "rescheduled"
        if by_act:
            expected[j]["replaces"] = rows[i]["appointment_id"]
    further = _plain_further(rows) if collapse else set()
    kept = pl.DataFrame(
        [r for i, r in enumerate(expected) if i not in further], schema=before.schema
    )

    linked, _ = cn.link_appointments(cohort, collapse_series=collapse)

    found = linked.appointments.collect()
    assert found.sort(pl.all()).equals(kept.sort(pl.all()))
    assert cohort.appointments.collect().equals(before)
    assert linked.rows_in == cohort.rows_in
    assert found.height + linked.rejected.height == linked.rows_in["appointments"]


@settings(max_examples=80)
@given(histories(), st.booleans(), st.randoms(use_true_random=False))
def test_linkage_is_the_same_twice_and_in_any_order_of_rows(frame, collapse, random):
    once, report = cn.link_appointments(_cohort(frame), collapse_series=collapse)
    twice, _ = cn.link_appointments(once, collapse_series=collapse)
    assert twice.content_hash == once.content_hash
    order = random.sample(range(frame.height), frame.height)
    shuffled, same = cn.link_appointments(_cohort(frame[order]), collapse_series=collapse)
    assert shuffled.content_hash == once.content_hash
    assert same.tidy().equals(report.tidy())
