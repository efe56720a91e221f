"""Two figures never tell the few clients between them, however many are asked for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from carenotebook.privacy import Privacy
from carenotebook.privacy.ledger import Ledger

CLIENTS = 120
sets = st.lists(
    st.frozensets(st.integers(0, CLIENTS - 1), max_size=CLIENTS), min_size=1, max_size=12
)


def members(chosen):
    found = np.zeros(CLIENTS, dtype=bool)
    found[list(chosen)] = True
    return found


@given(sets, st.integers(0, CLIENTS - 1))
def test_shown_figures_are_of_sets_that_are_equal_or_far_apart(chosen, extra):
    ledger = Ledger(Privacy())
    shown = []
    for clients in [c for s in chosen for c in (s, s | {extra}, s - {extra})]:
        figure = ledger.settle("clients", members(clients), lambda c=clients: c)
        assert (figure is None) == (len(clients) < 11)
        if figure is not None:
            assert len(figure ^ clients) < 11
            shown.append(figure)
    assert all(a == b or len(a ^ b) >= 11 for a in shown for b in shown)


def test_figures_of_different_things_are_kept_apart():
    ledger = Ledger(Privacy())
    assert ledger.settle("in London", members(range(40)), lambda: "a") == "a"
    assert ledger.settle("in Leeds", members(range(42)), lambda: "b") == "b"
