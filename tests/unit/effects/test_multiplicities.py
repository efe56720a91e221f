"""How often clusters are drawn: the law of drawing with replacement."""

import numpy as np
import pytest
from scipy import stats

from carenotebook.effects.multiplicities import _pairs, drawn

CHANCE = 1e-4
"""With its seed a test always gives the same answer; a wrong law would fall far below this."""


def multiplicities(draws, clusters, seed=1):
    blocks = list(drawn(np.random.default_rng(seed), draws, clusters))
    assert [len(b) for b in blocks[:-1]] == [20] * (len(blocks) - 1)
    return np.concatenate(blocks).astype(int)


def fits(observed, expected):
    """Whether counts go with their expectations, those of few lumped together."""
    few = expected < 10
    pairs = [np.append(v[~few], v[few].sum()) for v in (observed, expected)]
    return stats.chisquare(*(p[pairs[1] > 0] for p in pairs)).pvalue > CHANCE


@pytest.mark.parametrize("clusters", [3, 9, 10, 17, 60])
def test_two_clusters_come_up_as_in_a_multinomial(clusters):
    draws = 20_000
    found = multiplicities(draws, clusters)

    assert found.shape == (draws, clusters)
    assert (found.sum(1) == clusters).all()
    times = np.arange(clusters + 1)
    one, other = np.meshgrid(times, times, indexing="ij")
    law = stats.multinomial.pmf(
        np.stack([one, other, clusters - one - other], -1),
        clusters,
        [1 / clusters, 1 / clusters, 1 - 2 / clusters],
    )
    # The first two share a word of random bits; the first and the last do not.
    for second in (1, -1):
        seen = np.zeros_like(law)
        np.add.at(seen, (found[:, 0], found[:, second]), 1)
        assert fits(seen.ravel(), draws * law.ravel())


def test_many_clusters_come_up_as_often_as_they_should():
    clusters, draws = 4001, 600
    found = multiplicities(draws, clusters)

    assert (found.sum(1) == clusters).all()
    # Cells of one draw hang together a little, so that this is somewhat too lenient.
    law = stats.binom.pmf(np.arange(found.max() + 1), clusters, 1 / clusters)
    assert fits(np.bincount(found.ravel()), law / law.sum() * found.size)
    # How many clusters a draw leaves out: the mean of the occupancy problem.
    left_out = (found == 0).sum(1)
    expected = clusters * (1 - 1 / clusters) ** clusters
    assert stats.ttest_1samp(left_out, expected).pvalue > CHANCE
    # Independent Poisson numbers would leave out as many, and vary more: by n(e - 1) / e^2.
    asymptotic = clusters * (np.e - 2) / np.e**2
    assert stats.chi2.sf(((left_out - expected) ** 2).sum() / asymptotic, draws) > CHANCE


@pytest.mark.parametrize("mean", [0.0, 0.05, 0.7, 0.985, 1.0])
def test_words_and_what_lies_beyond_them_give_poisson_numbers(mean):
    law = _pairs(mean, np.float64)

    beyond = 1 - len(law.table) / 2**16
    given = np.zeros((21, 21))
    np.add.at(given, tuple(law.table.astype(int).T), 2.0**-16)
    rest = np.diff(law.rest, prepend=0).reshape(21, 21)
    poisson = stats.poisson.pmf(np.arange(21), mean)
    np.testing.assert_allclose(given + beyond * rest, np.outer(poisson, poisson), atol=1e-15)
    assert beyond < 1e-3


def test_the_same_seed_draws_the_same_and_further_draws_follow():
    np.testing.assert_array_equal(multiplicities(25, 300), multiplicities(45, 300)[:25])
    assert (multiplicities(3, 300, seed=2) != multiplicities(3, 300)).any()
