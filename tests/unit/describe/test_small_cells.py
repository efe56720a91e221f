"""One group with 37 rows from 9 clients is hidden in every view, and no total gives it away."""

import json
import re
from itertools import product

import polars as pl
import pytest

from carenotebook.describe.attendance import attendance
from carenotebook.describe.capacity import capacity
from carenotebook.describe.gaps import gaps
from carenotebook.describe.outcomes import outcomes
from carenotebook.describe.panel import outcome_panel
from carenotebook.privacy import SMALL_GROUPS, Privacy
from carenotebook.results.proportions import CLIENT_COUNTS

RARE = "Sesotho"


@pytest.fixture(scope="module")
def cohort(cohort_of, visits_of):
    """Three large groups and one of 9 clients with 37 appointments."""
    rows, clients, episodes, measures = [], [], [], []

    def add(client, language, visits, misses):
        outcomes_ = ["no_show" if i in misses else "attended" for i in range(visits)]
        columns = {"site": language, "therapist_id": f"with {language}", "duration_min": 50.0}
        rows.extend(visits_of(client, outcomes_, **columns))
        clients.append({"client_id": client, "language": language})
        ended = 50 if client.endswith("3") else None
        episodes.append(
            {
                "client_id": client,
                "started_at": 0,
                "ended_at": ended,
                "end_reason": "completed" if ended else None,
                "site": language,
            }
        )
        measures.extend(
            {"client_id": client, "at": d, "instrument": "PHQ-9", "score": float(s)}
            for d, s in ((0, 15), (14, 15 if language == RARE else 5))
        )

    for language, i in product(("English", "Polish", "Urdu"), range(60)):
        add(f"{language}-{i}", language, 4, {i % 5})
    for i in range(9):
        add(f"{RARE}-{i}", RARE, 5 if i == 0 else 4, {0, 1, 2} if i < 4 else {3})
    return cohort_of(rows, clients=clients, episodes=episodes, measures=measures, as_of=60)


VIEWS = {
    "attendance by client": lambda c: attendance(c, by="language", every=None),
    "attendance by client and month": lambda c: attendance(c, by="language"),
    "attendance by appointment": lambda c: attendance(c, by="site", every=None),
    "attendance by therapist": lambda c: attendance(c, by="therapist_id", every="1w"),
    "attendance by two": lambda c: attendance(c, by=["language", "site"], every="1q"),
    "attendance": attendance,
    "panel": outcome_panel,
    "panel by client": lambda c: outcome_panel(c, by="language"),
    "panel by episode": lambda c: outcome_panel(c, by="site"),
    "gaps": gaps,
    "capacity": capacity,
    "outcomes": outcomes,
}


@pytest.fixture(params=VIEWS, ids=lambda name: name.replace(" ", "_"))
def view(request, cohort):
    return VIEWS[request.param](cohort)


def names_of(frame):
    cells = ("period", "section", "instrument", "term", "state", "language", "site", "therapist_id")
    return [c for c in cells if c in frame.columns]


def test_the_group_is_what_it_should_be(cohort):
    rare = attendance(cohort, by="language", every=None).tidy().filter(pl.col("language") == RARE)
    assert rare.select("denominator", "clients").row(0) == (37, 9)


def test_no_small_count_of_clients_is_released(view):
    small = Privacy().min_cell
    exact, shown = view.tidy(), view.released().frame
    counts = [c for c in CLIENT_COUNTS if c in exact.columns]
    joined = exact.select(*names_of(exact), *counts).join(
        shown, on=names_of(exact), suffix="_shown"
    )
    lost = exact.join(shown, on=names_of(exact), how="anti")
    assert (lost["clients"] < small).all(), "only a small group has no row of its own"
    few = pl.any_horizontal(pl.col(c).is_between(1, small - 1) for c in counts)
    hidden = joined.filter(few)
    assert hidden["suppressed"].all()
    figures = ["numerator", "denominator", "estimate", "conf_low", "conf_high", "design_effect"]
    assert hidden.select(figures).null_count().sum_horizontal().item() == hidden.height * len(
        figures
    )


@pytest.mark.parametrize("name", [n for n in VIEWS if " by " in n])
def test_the_rare_group_is_hidden_wherever_it_is_a_cell(cohort, name):
    shown = VIEWS[name](cohort).released().frame
    split = next(c for c in ("language", "site", "therapist_id") if c in shown.columns)
    assert not shown[split].str.contains(RARE).any(), "a label would stand for 9 clients"
    rare = shown.filter(pl.col(split) == SMALL_GROUPS)
    assert rare.height > 0
    assert rare["suppressed"].all()


@pytest.mark.parametrize("by", ["language", "site", "therapist_id"])
def test_a_total_beside_the_groups_does_not_give_it_away(cohort, by):
    exact = attendance(cohort, by=by, every=None).tidy()
    shown = attendance(cohort, by=by, every=None).released().frame
    hidden = exact.join(shown.filter(~pl.col("suppressed")).select(by), on=by, how="anti")
    # With the total known, the hidden rows are known together: they hold more than the one group,
    # and enough clients with and without an event.
    assert hidden.height >= 2
    assert min(hidden.select(pl.col(CLIENT_COUNTS).sum()).row(0)) >= Privacy().min_cell
    total = attendance(cohort, every=None).released().frame["denominator"][0]
    left = total - shown["denominator"].sum()
    assert abs(left - 37) > Privacy().round_to


def test_summary_table_and_chart_say_only_what_is_released(view):
    exact, shown = view.tidy(), view.released().frame
    allowed = {str(v) for c in shown.columns if shown[c].dtype.is_integer() for v in shown[c]}
    small = {
        f"{v:,}"
        for c in ("numerator", "clients", "clients_with", "clients_without")
        for v in exact.filter(pl.col("clients").is_between(1, 10))[c].drop_nulls()
    } - allowed
    text = re.sub(r"\d+-day|\d+ days|<11|11 clients", "", view.summary())
    cells = re.findall(r"<td[^>]*>(.*?)</td>", view._repr_html_())
    for number in small - {"0"}:
        assert not re.search(rf"\b{number} of \d", text)
        assert not any(re.fullmatch(rf"{number}( of .*)?", cell) for cell in cells)
    assert repr(view) == view.summary()


def test_the_panel_does_not_tell_what_attendance_adds_up(cohort_of, visits_of):
    """Attendance shows attended of all kept or missed, so few no-shows hide late cancellations."""
    rows = [r for i in range(60) for r in visits_of(f"p{i}", ["attended", "attended"])]
    rows += [r for i in range(30) for r in visits_of(f"p{i}", ["late_cancel"], first=20)]
    rows += [r for i in range(7) for r in visits_of(f"p{i}", ["no_show"] * 3, first=30)]
    rows += [r for i in range(20) for r in visits_of(f"p{i}", ["early_cancel"], first=60)]
    cohort = cohort_of(rows, episode_end="as_of", as_of=90)
    assert not attendance(cohort, every=None).released().frame["suppressed"].any()
    shown = outcome_panel(cohort).released().frame.filter(section="appointments")
    assert set(shown.filter("suppressed")["state"]) == {"no_show", "late_cancel"}


def test_what_attendance_leaves_out_is_not_told_by_what_it_counts(cohort_of, visits_of):
    """The panel says how many appointments there are; 5 clients have one that is not counted."""
    rows = [r for i in range(60) for r in visits_of(f"p{i}", ["attended", "no_show"])]
    rows += [r for i in range(5) for r in visits_of(f"p{i}", ["unknown"], first=20)]
    found = attendance(cohort_of(rows, episode_end="as_of", as_of=90), every=None)
    assert found.released().frame["suppressed"].all()
    assert "Attended: hidden" in found.summary()
    # With more that are left out, the few unresolved hide among them.
    rows += [r for i in range(30) for r in visits_of(f"p{i}", ["early_cancel"], first=40)]
    cohort = cohort_of(rows, episode_end="as_of", as_of=90)
    found = attendance(cohort, every=None)
    assert not found.released().frame["suppressed"].any()
    assert "Left out: appointments with another outcome: fewer than 11" in found.summary()
    shown = outcome_panel(cohort).released().frame.filter(section="appointments")
    assert set(shown.filter("suppressed")["state"]) == {"unknown", "early_cancel"}


def test_who_was_no_case_is_not_told_by_who_was(cohort_of, visits_of):
    """Of 50 clients with a pair, 4 were no case at the start."""
    clients = [f"p{i}" for i in range(50)]
    rows = [r for p in clients for r in visits_of(p, ["attended"] * 3)]
    measures = [
        {"client_id": p, "at": day, "instrument": "PHQ-9", "score": float(score)}
        for i, p in enumerate(clients)
        for day, score in ((0, 5 if i < 4 else 15), (14, 5 if i % 2 else 15))
    ]
    shown = outcomes(cohort_of(rows, measures=measures, episode_end="as_of", as_of=90)).released()
    found = {r["term"]: r["suppressed"] for r in shown.frame.iter_rows(named=True)}
    assert found["case_at_start"]
    assert found["no_longer_a_case"], "its denominator is the number of cases"
    assert not found["paired_scores"]


def test_what_counts_clients_with_and_without_an_event_is_not_released(view):
    assert not {"clients_with", "clients_without"} & set(view.released().frame.columns)


def _values(spec):
    """Every row of data in a Vega-Lite specification."""
    if isinstance(spec, dict):
        rows = spec.get("values") if isinstance(spec.get("values"), list) else []
        yield from (r for r in rows if isinstance(r, dict))
        for key, part in spec.items():
            if key != "values":
                yield from _values(part)
    elif isinstance(spec, list):
        for part in spec:
            yield from _values(part)


FIGURES = ("estimate", "conf_low", "conf_high", "numerator", "denominator", "count", "at")


def test_chart_holds_only_released_figures(view):
    shown = view.released().frame
    released = {
        round(float(v), 12)
        for c in shown.columns
        if shown[c].dtype.is_numeric()
        for v in shown[c].drop_nulls()
    }
    spec = view.plot().to_dict()
    rows = [*_values(spec), *[r for s in spec.get("datasets", {}).values() for r in s]]
    held = {r[k] for r in rows for k in FIGURES if isinstance(r.get(k), int | float)}
    assert rows
    assert {round(float(v), 12) for v in held} <= released
    assert not re.search(r"client_id|English-\d|Sesotho-\d", json.dumps(spec))
