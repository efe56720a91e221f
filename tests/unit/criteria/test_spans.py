"""The algebra of spans against sets of whole numbers, which is what it stands for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carenotebook.criteria.spans import (
    NOWHERE,
    Spans,
    Truth,
    at_least,
    complement,
    cover,
    known,
    lasting,
    negate,
    sustained,
    union,
    union_in_order,
    unknown,
)

END = 40
points = st.sets(st.integers(0, END - 1))


def runs(numbers):
    """Maximal runs [start, stop) of a set of whole numbers."""
    found = []
    for n in sorted(numbers):
        if found and found[-1][1] == n:
            found[-1][1] = n + 1
        else:
            found.append([n, n + 1])
    return found


def spans(numbers):
    bounds = np.array(runs(numbers), np.int64).reshape(-1, 2)
    return Spans(bounds[:, 0].copy(), bounds[:, 1].copy())


def numbers(found):
    return {n for a, b in zip(found.starts, found.stops, strict=True) for n in range(a, b)}


def is_set(found, wanted):
    """Whether spans stand for the set, in their one normal form."""
    bounds = [[int(a), int(b)] for a, b in zip(found.starts, found.stops, strict=True)]
    return bounds == runs(wanted)


def truth(values):
    """A truth of a list of True, False and None, one a whole number."""
    sure = {n for n, v in enumerate(values) if v is True}
    possible = {n for n, v in enumerate(values) if v is not False}
    return known(spans(sure)) if sure == possible else Truth(spans(sure), spans(possible))


def values(found, size):
    sure, possible = numbers(found.sure), numbers(found.possible)
    assert sure <= possible
    return [True if n in sure else None if n in possible else False for n in range(size)]


truths = st.lists(st.sampled_from([True, False, None]), min_size=END, max_size=END)
some_truths = st.lists(truths, min_size=1, max_size=5)
everywhere = spans(range(END))


@given(st.lists(points, min_size=1, max_size=6), st.data())
def test_cover_is_what_at_least_k_hold(sets, data):
    k = data.draw(st.integers(1, len(sets)))
    wanted = {n for n in range(END) if sum(n in s for s in sets) >= k}
    assert is_set(cover([spans(s) for s in sets], k), wanted)


@pytest.mark.parametrize("k", [0, 3])
def test_cover_refuses_a_k_that_means_nothing(k):
    with pytest.raises(ValueError, match="of 2 sets"):
        cover([NOWHERE, everywhere], k)


@given(st.lists(st.tuples(st.integers(0, END), st.integers(0, 9)), max_size=12))
def test_union_takes_spans_in_any_order_and_empty_ones(pairs):
    starts = np.array([a for a, _ in pairs], np.int64)
    stops = starts + np.array([n for _, n in pairs], np.int64)
    wanted = {n for a, b in zip(starts, stops, strict=True) for n in range(a, b)}
    assert is_set(union(starts, stops), wanted)


@given(
    st.lists(st.tuples(st.integers(0, END), st.integers(0, END)), max_size=12),
)
def test_union_in_order_agrees_with_union(pairs):
    starts = np.array(sorted(a for a, _ in pairs), np.int64)
    stops = np.array(sorted(b for _, b in pairs), np.int64)
    keep = starts <= stops
    wanted = union(starts[keep], stops[keep])
    found = union_in_order(starts, stops)
    assert numbers(found) == numbers(wanted)
    assert is_set(found, numbers(wanted))


@given(points, points)
def test_complement_is_the_rest_of_the_domain(inside, domain):
    taken = inside & domain
    assert numbers(complement(spans(taken), spans(domain))) == domain - taken


@given(points, st.integers(0, 9))
def test_lasting_leaves_what_follows_the_first_so_many(held, length):
    wanted = {n for a, b in runs(held) for n in range(a + length, b)}
    assert is_set(lasting(spans(held), length), wanted)


@given(truths)
def test_negation_is_kleenes(one):
    wanted = [None if v is None else not v for v in one]
    assert values(negate(truth(one), everywhere), END) == wanted


@given(some_truths, st.data())
def test_at_least_is_kleenes(several, data):
    k = data.draw(st.integers(1, len(several)))

    def wanted(column):
        if column.count(True) >= k:
            return True
        return False if column.count(True) + column.count(None) < k else None

    found = at_least([truth(one) for one in several], k)
    assert values(found, END) == [wanted(column) for column in zip(*several, strict=True)]


@given(truths)
def test_unknown_is_where_it_is_neither(one):
    wanted = {n for n, v in enumerate(one) if v is None}
    assert numbers(unknown(truth(one), everywhere)) == wanted


@given(truths, st.integers(1, 9))
def test_sustained_is_unknown_where_the_unknown_would_decide(one, length):
    def held(taken_as):
        whole = {n for n, v in enumerate(one) if v is True or (v is None and taken_as)}
        return {n for a, b in runs(whole) for n in range(a + length, b)}

    low, high = held(taken_as=False), held(taken_as=True)
    wanted = [True if n in low else None if n in high else False for n in range(END)]
    assert values(sustained(truth(one), length), END) == wanted
