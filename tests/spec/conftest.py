"""The notation of the spec tables, and the fixture `holds` that runs one through every engine.

A table is the history of one client, then rules with the spans on which each must be true and
undecided. Times are days after an arbitrary midnight: ``14``, ``14.5``, ``14+1us``, ``14-2h``.

    day           0   7   14  21        what follows stands under these days; . is nothing
    appointments  A   N   LN  .         several letters at one time; A(kind=review,booked=3)
    contacts      .   i   .   O
    checkins      .   .   cost  .       the barrier, or none
    actions       .   .   .   referral  a kind, kind:detail, kind:detail:response; several by +
    PHQ-9         12  .   9/1  .        a score, or score/item 9
    episodes      0 to 20, 30 to open   by default one, 0 to open; none: no such table
    pauses        5 to 9                by default no such table
    clients       language=Welsh        null: no value; none: the table has no row
    as_of         60
    rule          c.missed() >= 2       as in Python
    true          14 to 20, 2: 40 to as_of
    undecided     0 to 14               by default nothing, as is `true`

In the expected spans ``2:`` names the second episode, ``to as_of`` and ``to episode`` say that the
span runs to the end of the data or of the episode (``to 25 episode`` where no table says when); at any other end the rule cleared.
Further lines: observed_from, episode_end, grace, unknown.

Tables of a protocol have its stages, in order, in place of rules (``stays``, below):

    stage         c.Stage("concern", c.missed() >= 2, requires=["supervision"])   as in Python
    stays         14 to 20, 2: 40 to as_of      when it was in force
    undecided     0 to 14
"""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import polars as pl
import pytest

import carenotebook as cn
from carenotebook import criteria as c
from carenotebook.core import schema

OUTCOMES = {
    "A": "attended",
    "N": "no_show",
    "L": "late_cancel",
    "E": "early_cancel",
    "R": "rescheduled",
    "P": "provider_cancel",
    "T": "technical_failure",
    "X": "excused",
    "W": "was_not_brought",
    "B": "booked",
    "U": "unknown",
}
CONTACTS = {
    "i": {"direction": "inbound"},
    "O": {"direction": "outbound", "purpose": "outreach", "delivered": True},
    "F": {"direction": "outbound", "purpose": "outreach", "delivered": False},
    "Q": {"direction": "outbound", "purpose": "outreach", "delivered": None},
    "M": {"direction": "outbound", "purpose": "reminder", "delivered": True},
    "D": {"direction": "outbound", "purpose": None, "delivered": True},
}
SETTINGS = ("as_of", "observed_from", "episode_end", "grace", "unknown")
CLIENTS = ("a", "b", "c")
"""The same history three times over: no client may touch another."""

MIDNIGHT = datetime(2024, 1, 1, tzinfo=UTC)
UNITS = {"us": 1, "m": 60_000_000, "h": 3_600_000_000}
DAY = 86_400_000_000


@pytest.fixture(params=["auto", "reference", "saved"])
def holds(request, tmp_path):
    """Check a spec table; "saved" writes the cohort in two partitions and reads it back."""

    def check(text):
        history, rules = read(text)
        cohort = cohort_of(history)
        if request.param == "saved":
            cohort = cn.load(cohort.save(tmp_path / "cohort", partitions=2))
        engine = "auto" if request.param == "saved" else request.param
        for rule in rules:
            assert said(found(rule, history, cohort, engine)) == said(expected(rule, history))

    return check


@pytest.fixture(params=["auto", "reference", "saved"])
def stays(request, tmp_path):
    """Check a spec table of a protocol, engine by engine as `holds` does."""

    def check(text):
        history, stages = read(text)
        cohort = cohort_of(history)
        if request.param == "saved":
            cohort = cn.load(cohort.save(tmp_path / "cohort", partitions=2))
        engine = "auto" if request.param == "saved" else request.param
        made = [eval(stage["stage"], {"c": c}) for stage in stages]  # noqa: S307 - as for rules
        protocol = c.Protocol("a draft", made, grace=history.get("grace", "7d"))
        found = cn.replay(protocol, cohort, engine=engine)
        for stage, expectation in zip(made, stages, strict=True):
            frames = {"true": found.intervals, "undecided": found.undecided}
            rows = {
                name: frame.filter(pl.col("stage") == stage.name)
                .select("client_id", "episode", "entered_at", "left_at", "left_by")
                .rows()
                for name, frame in frames.items()
            }
            wanted = {"rule": expectation["stage"], "true": expectation.get("stays", "-")}
            wanted["undecided"] = expectation.get("undecided", "-")
            assert said({"rule": wanted["rule"], **rows}) == said(expected(wanted, history))

    return check


def read(text):
    """The history as {line: text}, and the rules (or stages) as a list of the same."""
    history, rules = {}, []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, rest = line.partition(" ")
        if name in ("rule", "stage"):
            rules.append({name: rest.strip()})
        else:
            part = rules[-1] if rules else history
            assert name not in part, f"{name} stands twice"
            part[name] = rest.strip()
    assert rules, "a table needs a rule"
    return history, rules


def instant(text):
    day, sign, rest = re.fullmatch(r"(-?[\d.]+)(?:([+-])(.+))?", text).groups()
    us = Fraction(day) * DAY
    if rest:
        number, unit = re.fullmatch(r"(\d+)(us|m|h)", rest).groups()
        us += (1 if sign == "+" else -1) * int(number) * UNITS[unit]
    assert us.denominator == 1, f"{text} is no whole microsecond"
    return MIDNIGHT + timedelta(microseconds=int(us))


def spans(text):
    """Pairs of texts of "0 to 20, 30 to open"."""
    return [tuple(s.strip() for s in span.split(" to ")) for span in text.split(",")]


def cohort_of(history):
    rest = dict(history)
    days = [instant(d) for d in rest.pop("day", "").split()]
    settings = {s: rest.pop(s) for s in SETTINGS if s in rest}
    tables = {"appointments": [], "episodes": [{"started_at": MIDNIGHT}]}
    for name, cells in rest.items():
        table, rows = READERS.get(name, score_rows)(name, cells, days)
        tables.setdefault(table, [])
        tables[table] = rows if table == "episodes" else tables[table] + rows
    if tables["episodes"] is None:
        del tables["episodes"]
    times = {k: instant(settings[k]) for k in ("as_of", "observed_from") if k in settings}
    end = {"episode_end": settings["episode_end"]} if "episode_end" in settings else {}
    cohort = cn.from_frames(**{t: frame(t, rows) for t, rows in tables.items()}, **times, **end)
    assert cohort.rejected.is_empty(), cohort.rejected.get_column("reason").to_list()
    return cohort


def frame(table, rows):
    known = schema.dtypes(table)
    own = {name for row in rows for name in row} - set(known)
    repeated = [{**row, "client_id": client} for client in CLIENTS for row in rows]
    if table == "clients" and not rows:
        return pl.DataFrame(schema={"client_id": pl.String, "language": pl.String})
    columns = {n: [row.get(n) for row in repeated] for n in (*known, *sorted(own))}
    return pl.DataFrame(columns, schema_overrides=known)


def cells_of(cells, days):
    """(time, cell) for every cell that holds something."""
    found = cells.split()
    assert len(found) == len(days), f"{len(found)} cells under {len(days)} days: {cells}"
    return [(day, cell) for day, cell in zip(days, found, strict=True) if cell != "."]


def letters(cell):
    """("A", {"kind": "review"}) of "A(kind=review)", for each letter."""
    for letter, inside in re.findall(r"(\w)(?:\(([^)]*)\))?", cell):
        yield letter, dict(pair.split("=") for pair in inside.split(",") if pair)


def appointment_rows(_, cells, days):
    rows = []
    for start, cell in cells_of(cells, days):
        for letter, given in letters(cell):
            times = {
                f"{k}_at": instant(given.pop(k)) for k in ("booked", "cancelled") if k in given
            }
            rows.append({"start": start, "outcome": OUTCOMES[letter], **times, **given})
    return "appointments", rows


def contact_rows(_, cells, days):
    rows = [
        {"at": at, **CONTACTS[letter], **given}
        for at, cell in cells_of(cells, days)
        for letter, given in letters(cell)
    ]
    return "contacts", rows


def checkin_rows(_, cells, days):
    rows = [{"at": at, "barrier": None if b == "none" else b} for at, b in cells_of(cells, days)]
    return "checkins", rows


def action_rows(_, cells, days):
    rows = []
    for at, cell in cells_of(cells, days):
        for one in cell.split("+"):
            kind, detail, response = [*one.split(":"), "", ""][:3]
            rows.append({"at": at, "kind": ALIASES.get(kind, kind), "detail": detail or None})
            rows[-1]["response"] = response or None
    return "actions", rows


def score_rows(instrument, cells, days):
    rows = []
    for at, cell in cells_of(cells, days):
        score, _, item = cell.partition("/")
        row = {"at": at, "instrument": instrument, "score": float(score)}
        rows.append({**row, "item_9": int(item) if item else None})
    return "measures", rows


def bounded_rows(table, start, end):
    def rows(_, text, __):
        if text == "none":
            return table, None if table == "episodes" else []
        return table, [
            {start: instant(a), **({} if b == "open" else {end: instant(b)})}
            for a, b in spans(text)
        ]

    return rows


def client_rows(_, text, __):
    if text == "none":
        return "clients", []
    values = (pair.split("=") for pair in text.split())
    return "clients", [{name: VALUES.get(value, value) for name, value in values}]


VALUES = {"null": None, "yes": True, "no": False, **{str(n): n for n in range(100)}}
READERS = {
    "appointments": appointment_rows,
    "contacts": contact_rows,
    "checkins": checkin_rows,
    "actions": action_rows,
    "episodes": bounded_rows("episodes", "started_at", "ended_at"),
    "pauses": bounded_rows("pauses", "start", "end"),
    "clients": client_rows,
}
ALIASES = {"talk": "attendance_conversation", "offer": "alternative_offered"}


def found(rule, history, cohort, engine):
    made = c.Rule(
        rule["rule"],
        eval(rule["rule"], {"c": c}),  # noqa: S307 - the rules are written in these tests
        grace=rule.get("grace", history.get("grace", "7d")),
    )
    unknown = rule.get("unknown", history.get("unknown", "ignore"))
    replay = cn.replay(made, cohort, unknown=unknown, engine=engine)
    frames = {"true": replay.intervals, "undecided": replay.undecided}
    return {
        "rule": rule["rule"],
        **{n: frame.sort("client_id", "episode").rows() for n, frame in frames.items()},
    }


def expected(rule, history):
    rows = {"rule": rule["rule"]}
    for name in ("true", "undecided"):
        one = (
            [] if rule.get(name, "-") == "-" else [end(span, history) for span in spans(rule[name])]
        )
        rows[name] = [(client, *row) for client in CLIENTS for row in one]
    return rows


def end(span, history):
    """(episode, flagged_at, cleared_at, ended_by) of ("2: 14", "as_of")."""
    start, stop = span
    number, _, start = start.rpartition(": ")
    episode = int(number or 1)
    if stop == "as_of":
        return episode, instant(start), instant(history["as_of"]), "as_of"
    if stop == "episode":
        return episode, instant(start), instant(spans(history["episodes"])[episode - 1][1]), stop
    stop, _, ended_by = stop.partition(" ")
    return episode, instant(start), instant(stop), ended_by or "cleared"


def said(result):
    """Rows as readable text, for what pytest prints when they differ."""
    lines = [result["rule"]]
    for name in ("true", "undecided"):
        lines += [
            f"{name} {client} {episode}: {say(a)} to {say(b)} {by}"
            for client, episode, a, b, by in result[name]
        ]
    return lines


def say(at):
    us = (at - MIDNIGHT) // timedelta(microseconds=1)
    day, rest = divmod(us, DAY)
    return f"{day}+{rest}us" if rest else str(day)
