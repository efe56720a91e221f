import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carenotebook.core.errors import OptionError
from carenotebook.privacy import Privacy, nested, release
from carenotebook.privacy.suppress import hide

GATE = Privacy()
SMALL = st.integers(min_value=0, max_value=40)


def table(cells):
    return pl.DataFrame(
        [(r, c, n, w) for (r, c), (n, w) in cells.items()],
        schema=["row", "column", "clients", "with"],
        orient="row",
    )


@st.composite
def tables(draw):
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    cells = {}
    for r in range(rows):
        for c in range(columns):
            clients = draw(SMALL)
            cells[r, c] = clients, draw(st.integers(0, clients))
    return table(cells)


def test_a_lone_small_cell_takes_the_next_smallest_with_it():
    sites = pl.DataFrame({"site": ["A", "B", "C", "D"], "clients": [60, 9, 31, 0]})
    marked = hide(sites, GATE, ["clients"], margins=[[]])
    assert marked["suppressed"].to_list() == [False, True, True, False]


def test_two_small_cells_that_hold_enough_together_need_no_third():
    sites = pl.DataFrame({"site": ["A", "B", "C"], "clients": [60, 9, 8]})
    assert hide(sites, GATE, ["clients"], margins=[[]])["suppressed"].to_list() == [
        False,
        True,
        True,
    ]


def test_where_clients_overlap_the_hidden_rows_may_be_the_same_few():
    months = pl.DataFrame({"month": [1, 2, 3], "clients": [60, 9, 8]})
    marked = hide(months, GATE, ["clients"], overlapping=[[]])
    # The 9 and the 8 may be the same people, so a row of 11 or more must hide with them.
    assert marked["suppressed"].all()


def test_each_count_of_clients_is_guarded():
    rows = pl.DataFrame({"g": ["A", "B", "C"], "clients": [50, 60, 70], "with": [4, 30, 40]})
    marked = hide(rows, GATE, ["clients", "with"], margins=[[]])
    # Without B, the total of `with` would tell A's 4.
    assert marked["suppressed"].to_list() == [True, True, False]


@settings(max_examples=300, deadline=None)
@given(tables())
def test_no_margin_tells_a_hidden_cell(frame):
    margins = [["row"], ["column"]]
    marked = hide(frame, GATE, ["clients", "with"], margins)
    small = frame.select(pl.any_horizontal(pl.col("clients", "with").is_between(1, 10)))
    assert not (small.to_series() & ~marked["suppressed"]).any()
    for margin in margins:
        for part in marked.partition_by(margin):
            hidden, shown = part.filter("suppressed"), part.filter(~pl.col("suppressed"))
            for count in ("clients", "with"):
                held = hidden[count].sum()
                # Nothing, or 11 together; or all of the set is hidden, and its total, being as
                # small, is a small cell itself.
                assert held == 0 or held >= 11 or shown[count].sum() == 0


@settings(max_examples=300, deadline=None)
@given(tables())
def test_overlapping_sets_hide_a_row_that_is_large_by_itself(frame):
    marked = hide(frame, GATE, ["clients"], overlapping=[["row"]])
    for part in marked.partition_by("row"):
        hidden = part.filter("suppressed")["clients"]
        shown = part.filter(~pl.col("suppressed"))["clients"]
        assert hidden.is_empty() or (hidden.max() or 0) >= 11 or shown.sum() == 0
        assert not shown.is_between(1, 10).any()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=8))
def test_nested_counts_never_differ_by_few(counts):
    chain = sorted(counts, reverse=True)
    shown = [n for n, hides in zip(chain, nested(chain, GATE), strict=True) if not hides]
    assert not any(1 <= n <= 10 for n in shown)
    assert not any(1 <= a - b <= 10 for a, b in itertools.pairwise(shown))


def test_nested_reads_who_makes_the_difference_where_rows_repeat():
    # The same 50 clients, but only 3 of them have a gap between the two thresholds.
    assert nested([50, 50], GATE) == [False, False]
    assert nested([50, 50], GATE, apart=[0, 3]) == [False, True]
    assert nested([50, 50, 50], GATE, apart=[0, 3, 20]) == [False, True, False]


def test_release_rounds_blanks_and_derives_from_what_is_rounded():
    frame = pl.DataFrame({"g": ["A", "B"], "clients": [52, 6], "events": [13, 2]})
    shown = release(
        frame,
        GATE,
        counts=["events"],
        values=["rate"],
        derive=lambda f: f.with_columns(rate=pl.col("events") / pl.col("clients")),
    )
    assert shown.frame.rows() == [("A", 50, 15, False, 0.3), ("B", None, None, True, None)]
    assert shown.hidden == 1


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (11, 15), (12, 15), (13, 15), (4980, 4980)])
def test_counts_are_rounded_to_the_nearest(count, shown):
    frame = pl.DataFrame({"n": [count]})
    assert frame.select(GATE.rounded("n")).item() == shown


@pytest.mark.parametrize("options", [{"min_cell": 1}, {"round_to": 0}])
def test_a_gate_that_hides_nothing_is_refused(options):
    with pytest.raises(OptionError):
        Privacy(**options)


def test_where_all_clients_divide_over_states_those_not_shown_are_counted():
    # 100 clients; with 88 of them shown at most, 12 or more are in the hidden states.
    states = pl.DataFrame({"state": ["A", "B", "C"], "clients": [100] * 3, "with": [88, 7, 7]})
    assert hide(states, GATE, ["clients", "with"], divided=[[]])["suppressed"].to_list() == [
        False,
        True,
        True,
    ]
    few = states.with_columns(pl.Series("with", [92, 7, 7]))
    assert hide(few, GATE, ["clients", "with"], divided=[[]])["suppressed"].all()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sets(st.integers(0, 4), min_size=1, max_size=3), min_size=1, max_size=80))
def test_hidden_states_hold_enough_different_clients(states_of_clients):
    """With the clients themselves at hand: no total over states tells of fewer than 11."""
    whole = len(states_of_clients)
    named = sorted(set().union(*states_of_clients))
    frame = pl.DataFrame(
        {
            "state": named,
            "clients": whole,
            "with": [sum(s in mine for mine in states_of_clients) for s in named],
        }
    )
    marked = hide(frame, GATE, ["clients", "with"], divided=[[]])
    hidden = set(marked.filter("suppressed")["state"])
    together = sum(bool(mine & hidden) for mine in states_of_clients)
    assert not hidden or together >= 11 or len(hidden) == len(named)


def test_a_hidden_cell_is_never_alone_in_its_line():
    """What hides a small cell is not itself told, and then tells the small one."""
    cells = {
        ("f", "n"): 5,
        ("f", "s"): 20,
        ("f", "w"): 60,
        ("m", "n"): 15,
        ("m", "s"): 50,
        ("m", "w"): 70,
        ("x", "n"): 80,
        ("x", "s"): 60,
        ("x", "w"): 90,
    }
    frame = pl.DataFrame(
        [(*k, n) for k, n in cells.items()], ["g", "site", "clients"], orient="row"
    )
    marked = hide(frame, GATE, ["clients"], margins=[["g"], ["site"]])
    for line in ("g", "site"):
        assert (
            1 not in marked.group_by(line).agg(pl.col("suppressed").sum())["suppressed"].to_list()
        )


@st.composite
def full_tables(draw):
    rows, columns = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    size = st.one_of(st.integers(0, 12), st.integers(0, 60))
    return table({(r, c): (n := draw(size), n) for r in range(rows) for c in range(columns)})


@settings(max_examples=300, deadline=None)
@given(full_tables(), st.sampled_from(["margins", "overlapping"]))
def test_linear_algebra_tells_no_hidden_cell(frame, kind):
    """No hidden cell has one value in all tables with the shown cells and the totals."""
    marked = hide(frame, GATE, ["clients"], **{kind: [["row"], ["column"]]})
    hidden = marked.filter("suppressed")
    lines = [
        (hidden[line] == value).to_numpy().astype(float)
        for line in ("row", "column")
        for value, total in frame.group_by(line).agg(pl.col("clients").sum()).iter_rows()
        if total >= 11  # a smaller total is a small cell itself
    ]
    sums = np.array(lines).reshape(len(lines), hidden.height)
    rank = np.linalg.matrix_rank(sums) if sums.size else 0
    for cell in range(hidden.height):
        only = np.eye(hidden.height)[cell]
        with_it = np.linalg.matrix_rank(np.vstack([sums, only]))
        assert with_it == rank + 1, "the totals tell this cell"


def test_a_chain_of_sums_that_tells_a_cell_is_found():
    """Two blocks of hidden cells joined by one: the difference of their totals is that one."""
    small = {(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2), (2, 3), (3, 2), (3, 3)}
    cells = {(r, c): (9, 9) if (r, c) in small else (50, 50) for r in range(4) for c in range(4)}
    marked = hide(table(cells), GATE, ["clients"], margins=[["row"], ["column"]])
    assert marked["suppressed"].sum() > len(small)


def groups(*sizes):
    names = [f"the {n}" for n in sizes]
    return pl.DataFrame({"g": names, "clients": list(sizes), "events": list(sizes)})


def test_groups_of_too_few_clients_lose_their_label():
    shown = release(groups(60, 9, 31, 4, 80), GATE, counts=["events"], margins=[[]], groups=["g"])
    assert shown.frame.select("g", "clients").rows() == [
        ("the 80", 80),
        ("the 60", 60),
        ("the 31", 30),
        ("small groups", None),
    ]


def test_a_group_that_hides_for_another_keeps_its_label():
    shown = release(groups(60, 9, 31), GATE, counts=["events"], margins=[[]], groups=["g"])
    assert shown.frame["g"].to_list() == ["the 60", "the 31", "small groups"]
    assert shown.frame["clients"].to_list() == [60, None, None]


def test_small_groups_are_one_row_for_each_further_key():
    months = pl.concat(groups(60, 9, 8, 70).with_columns(month=pl.lit(m)) for m in (1, 2))
    shown = release(months, GATE, counts=["events"], overlapping=[["month"]], groups=["g"]).frame
    assert shown.filter(g="small groups")["month"].to_list() == [1, 2]


def test_the_order_of_groups_tells_no_more_than_what_is_shown_of_them():
    """101 and 99 read the same, so they stand by label; what is hidden stands last, by label."""
    frame = pl.DataFrame({"g": ["c", "b", "d", "a"], "clients": [101, 99, 13, 12]})
    shown = release(
        frame.with_columns(few=pl.Series([0, 0, 1, 1])),
        GATE,
        clients=["clients", "few"],
        groups=["g"],
    )
    assert shown.frame["g"].to_list() == ["b", "c", "a", "d"]
