"""Random histories and rules: every term, nesting, pauses, ties, empty and missing tables."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from carenotebook import criteria as c
from carenotebook.core import options, schema
from carenotebook.core.cohort import Cohort, build_cohort
from carenotebook.core.durations import DAY

CLIENTS = ("a", "b", "c")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_client = st.sampled_from(CLIENTS)
# Days on a coarse grid, so that ties are common, and now and then a microsecond beside it.
_at = st.builds(
    lambda day, off: day * DAY + off,
    st.integers(0, 200),
    st.sampled_from((0, 0, 0, 0, DAY // 2, 1, -1)),
)
_flag = st.sampled_from((True, True, False, None))
_yes_or_no = st.sampled_from((None, True, False))


def _rows(table: str, least: int = 0, most: int = 12, **columns: Any) -> st.SearchStrategy[Any]:
    """A table as a frame, from one strategy a column."""
    row = st.fixed_dictionaries({"client_id": _client, **columns})
    return st.lists(row, min_size=least, max_size=most).map(
        lambda rows: _frame(table, rows, columns)
    )


def _frame(table: str, rows: list[dict[str, Any]], columns: Any) -> pl.DataFrame:
    names = ["client_id", *columns]
    types = {n: t for n, t in schema.dtypes(table).items() if n in names}
    raw = {n: pl.Int64 if isinstance(t, pl.Datetime) else t for n, t in types.items()}
    extra = {n: pl.String if n == "language" else pl.Int64 for n in names if n not in types}
    data = {n: [r[n] for r in rows] for n in names}
    return pl.DataFrame(data, schema=raw | extra).cast(types)  # type: ignore[arg-type]


def _nullable(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from((None, *values))


_outcome = st.sampled_from((*options.OUTCOMES, "attended", "no_show", "late_cancel", "no_show"))
appointments = _rows(
    "appointments",
    most=24,
    start=_at,
    outcome=_outcome,
    kind=_nullable("assessment", "treatment"),
    booked_at=_at | st.none(),
    cancelled_at=_at | st.none(),
)
contacts = _rows(
    "contacts",
    at=_at,
    direction=st.sampled_from(options.DIRECTIONS),
    purpose=_nullable("reminder", "outreach"),
    delivered=_flag,
)
checkins = _rows("checkins", most=4, at=_at, barrier=_nullable("cost", "stuck"))
_action = {
    "at": _at,
    "kind": st.sampled_from(("risk_review", "supervision")),
    "detail": _nullable("time", "frequency"),
    "response": _nullable(*options.RESPONSES),
}
actions = _rows("actions", most=6, **_action)
_weekly = st.builds(lambda at: at // (7 * DAY) * 7 * DAY, _at)
many_actions = _rows("actions", least=15, most=50, **{**_action, "at": _weekly | _at})


def _pauses(least: int, most: int, length: Any) -> st.SearchStrategy[pl.DataFrame]:
    """Pauses of so many days; one without a length still runs."""
    end = pl.col("start") + pl.duration(days=pl.col("length"))
    rows = _rows("pauses", least=least, most=most, start=_at, length=length)
    return rows.map(lambda f: f.with_columns(end=end).drop("length"))


pauses = _pauses(0, 4, st.integers(1, 40) | st.none())
many_pauses = _pauses(8, 12, st.integers(1, 9))
measures = _rows(
    "measures",
    at=_at,
    instrument=st.sampled_from(("PHQ-9", "GAD-7")),
    score=st.integers(0, 21).map(float),
    item_9=_nullable(0, 1),
).map(lambda f: f.unique(["client_id", "at", "instrument"], maintain_order=True))
clients = _rows(
    "clients", most=3, language=_nullable("Spanish", "Welsh"), age=_nullable(20, 30)
).map(lambda f: f.unique("client_id", maintain_order=True))


@st.composite
def episodes(draw: st.DrawFn) -> pl.DataFrame:
    """Episodes of a client that touch or lie apart; the last may be open."""
    rows = []
    for client in CLIENTS:
        at = draw(st.integers(0, 40)) * DAY
        for length, gap in draw(
            st.lists(st.tuples(st.integers(0, 150), st.integers(0, 20)), min_size=1, max_size=3)
        ):
            rows.append({"client_id": client, "started_at": at, "ended_at": at + length * DAY})
            at += (length + max(gap - 10, 0)) * DAY
        if rows and rows[-1]["client_id"] == client and draw(st.booleans()):
            rows[-1]["ended_at"] = None
    return _frame("episodes", rows, ("started_at", "ended_at"))


_OPTIONAL = {
    "contacts": contacts,
    "checkins": checkins,
    "actions": actions,
    "measures": measures,
    "pauses": pauses,
    "clients": clients,
}


@st.composite
def cohorts(draw: st.DrawFn, *, acted: bool = False) -> Cohort:
    """A cohort of up to three clients; each optional table is there nine times in ten.

    With `acted` there are all tables, and many recorded safeguards.
    """
    tables = {"appointments": draw(appointments)}
    tables |= {n: draw(t) for n, t in _OPTIONAL.items() if acted or draw(st.integers(0, 9))}
    if acted:
        tables["actions"] = draw(many_actions)
    bounds: dict[str, Any] = {"as_of": EPOCH + timedelta(days=draw(st.integers(100, 220)))}
    if draw(st.booleans()):
        tables["episodes"] = draw(episodes())
    else:
        bounds["episode_end"] = draw(st.sampled_from(("as_of", "30d", "90d")))
    if not draw(st.integers(0, 3)):
        bounds["observed_from"] = EPOCH + timedelta(days=draw(st.integers(0, 80)))
    return build_cohort(tables, **bounds)


@st.composite
def busy_cohorts(draw: st.DrawFn, *, paused: bool = False) -> Cohort:
    """A cohort of three clients with all tables, in which much happens within days.

    With `paused` there are many short pauses.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))

    def many(rows: int, **columns: Sequence[Any]) -> dict[str, Any]:
        times = rng.integers(0, 200, rows) * DAY + rng.choice((0, 0, 0, DAY // 2, 1, -1), rows)
        client = np.array(CLIENTS)[rng.integers(0, 3, rows)]
        drawn = {n: [v[i] for i in rng.integers(0, len(v), rows)] for n, v in columns.items()}
        return {"client_id": client, "at": times, **drawn}

    outcomes = ("attended", "no_show", "late_cancel", "no_show", "early_cancel", "unknown")
    visits = many(90, outcome=outcomes, kind=("assessment", "treatment", None))
    visits["start"] = visits.pop("at")
    visits["booked_at"] = visits["start"] - rng.integers(0, 20, 90) * DAY
    visits["cancelled_at"] = visits["start"] - rng.integers(0, 2, 90) * DAY
    directions, purposes = ("inbound", "outbound", "outbound"), ("reminder", "outreach", None)
    told = {
        "appointments": visits,
        "contacts": many(90, direction=directions, purpose=purposes, delivered=(True, True, False)),
        "checkins": many(40, barrier=("cost", "stuck", None)),
        "actions": many(
            60, kind=("risk_review", "supervision"), detail=("time", None), response=(None,)
        ),
    }
    tables = {
        n: _frame(
            n, [dict(zip(t, r, strict=True)) for r in zip(*t.values(), strict=True)], list(t)[1:]
        )
        for n, t in told.items()
    }
    rest = {n: draw(t) for n, t in _OPTIONAL.items() if n not in tables}
    if paused:
        rest["pauses"] = draw(many_pauses)
    return build_cohort(
        tables | rest | {"episodes": draw(episodes())}, as_of=EPOCH + timedelta(days=190)
    )


_within = st.sampled_from((None, "7d", "30d", "61d", "36h"))
_counts = st.one_of(
    st.builds(
        lambda count, within: count(within=within),
        st.sampled_from((c.missed, c.no_shows, c.attended, c.scheduled, c.late_cancels)),
        _within,
    ),
    st.builds(
        c.appointments,
        st.lists(st.sampled_from(options.OUTCOMES), min_size=1, max_size=4),
        kind=_nullable("assessment", ["assessment", "treatment"]),
        within=_within,
    ),
    st.builds(c.consecutive_missed),
    st.builds(
        c.unanswered,
        after=st.sampled_from(("0d", "3d", "7d")),
        purpose=_nullable("outreach", ["reminder", "outreach"]),
    ),
    st.builds(
        c.contacts,
        direction=_nullable("inbound", "outbound"),
        purpose=_nullable("reminder", "outreach"),
        within=_within,
        delivered=_yes_or_no,
    ),
    st.builds(
        c.actions,
        st.sampled_from(("risk_review", ["risk_review", "supervision"])),
        detail=_nullable("time"),
        within=_within,
    ),
    st.builds(c.barriers, st.sampled_from(("cost", ["cost", "stuck"])), within=_within),
)
_days = st.one_of(
    st.builds(c.days_since_attended),
    st.builds(c.days_since_heard),
    st.builds(c.days_without_booking),
    st.builds(c.days_in_care),
    st.builds(
        c.days_since_contact,
        direction=_nullable("inbound", "outbound"),
        delivered=_yes_or_no,
    ),
)
_rates = st.builds(
    c.attendance_rate, within=_within, last=_nullable(1, 2, 4), minimum=st.integers(1, 5)
)
_scores = st.one_of(
    st.builds(c.measure, st.sampled_from(("PHQ-9", "GAD-7")), within=_within),
    st.builds(c.measure_change, st.sampled_from(("PHQ-9", "GAD-7"))),
    st.builds(c.item, st.just("PHQ-9"), st.just(9)),
)
_order = st.sampled_from((operator.ge, operator.gt, operator.le, operator.lt))
_any_operation = st.sampled_from(
    (operator.ge, operator.gt, operator.le, operator.lt, operator.eq, operator.ne)
)


def _comparisons() -> st.SearchStrategy[c.Expression]:
    def compare(operation: Any, term: c.Term, value: Any) -> c.Expression:
        expression: c.Expression = operation(term, value)
        return expression

    numbers = st.sampled_from((0, 1, 2, 3, 1.5, -1))
    points = st.sampled_from((-6, -3, 0, 1, 5, 10, 10.5))
    lengths = st.sampled_from((0, 7, "14d", 30, 10.5, -1, "36h"))
    shares = st.sampled_from((0, 0.5, 2 / 3, 1))
    return st.one_of(
        st.builds(compare, _any_operation, _counts, numbers),
        st.builds(compare, _order, _days, lengths),
        st.builds(compare, _order, _rates, shares),
        st.builds(compare, _any_operation, _scores, points),
        st.builds(compare, _any_operation, st.builds(c.attribute, st.just("age")), points),
        st.builds(
            compare,
            _any_operation,
            st.builds(c.attribute, st.just("language")),
            st.sampled_from(("Spanish", "Welsh")),
        ),
        st.builds(lambda t, v: t.is_in(v), _counts | _scores, st.just([1, 3])),
        st.builds(lambda t: t.is_in(["Welsh"]), st.builds(c.attribute, st.just("language"))),
        st.builds(lambda t: t.is_unknown(), _counts | _days | _rates | _scores),
        st.builds(c.improved, st.sampled_from(("PHQ-9", "GAD-7"))),
        st.builds(c.deteriorated, st.sampled_from(("PHQ-9", "GAD-7"))),
    )


def _nested(inner: st.SearchStrategy[c.Expression]) -> st.SearchStrategy[c.Expression]:
    group = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda e: c.all_of(*e), group),
        st.builds(lambda e: c.any_of(*e), group),
        st.builds(lambda e, k: c.at_least(min(k, len(e)), *e), group, st.integers(1, 3)),
        st.builds(operator.invert, inner),
        st.builds(lambda e: e.is_unknown(), inner),
        st.builds(
            lambda e, d: e.for_at_least(d), inner, st.sampled_from(("0d", "1m", "7d", "14d"))
        ),
    )


expressions = st.recursive(_comparisons(), _nested, max_leaves=6)
rules = st.builds(
    c.Rule, st.just("random"), expressions, grace=st.sampled_from(("7d", "7d", "0d", "3d"))
)

_requirements = st.sampled_from(
    (
        "risk_review",
        "supervision",
        c.Requirement(["risk_review", "supervision"]),
        c.Requirement("supervision", detail="time"),
        c.Requirement("risk_review", response=["accepted", "declined"]),
    )
)


_often = st.sampled_from(
    (
        c.days_in_care() >= 0,
        c.days_in_care() >= 21,
        c.days_since_heard() < 14,
        c.actions("supervision", within="30d") >= 1,
        c.actions("risk_review", within="14d") >= 1,
        c.missed(within="30d") < 1,
        c.actions("supervision", within="7d") < 1,
        c.actions("risk_review") < 3,
        c.measure("PHQ-9", within="30d") < 20,
        ~(c.actions("risk_review", within="36h") >= 1).for_at_least("1m"),
    )
)


@st.composite
def _staged(draw: st.DrawFn) -> c.Protocol:
    """Up to four stages; loose conditions are common, so that later stages are reached."""
    count = draw(st.sampled_from((1, 2, 2, 3, 3, 4)))
    stages = [
        c.Stage(
            f"stage {i}",
            draw(expressions if draw(st.integers(0, 5)) == 0 else _often),
            requires=draw(st.lists(_requirements, max_size=2, unique_by=_said)),
            wait=draw(st.sampled_from(("0d", "0d", "1m", "7d", "12d"))) if i < count - 1 else "0d",
            sticky=draw(st.integers(0, 3)) == 0,
        )
        for i in range(count)
    ]
    return c.Protocol("random", stages, grace=draw(st.sampled_from(("7d", "0d", "3d"))))


def _said(requirement: str | c.Requirement) -> str:
    made = requirement if isinstance(requirement, c.Requirement) else c.Requirement(requirement)
    return made.say()


protocols = _staged()
