"""Errors in two crossing ways against pyfixest's, and where they must come out as known."""

import numpy as np
import polars as pl
import pyfixest
import pytest

import carenotebook as cn
from carenotebook.effects.clusters import Clusters, clusters_of
from carenotebook.effects.linear import fit_linear


def visits(rows=600, clients=80, therapists=25, seed=1):
    """Clients see several therapists; both leave their mark on dose and score."""
    rng = np.random.default_rng(seed)
    client, therapist = rng.integers(0, clients, rows), rng.integers(0, therapists, rows)
    of_client, of_therapist = rng.normal(0, 1, clients), rng.normal(0, 1, therapists)
    dose = rng.normal(0, 1, rows) + 0.7 * of_client[client] + 0.7 * of_therapist[therapist]
    score = 3 - 0.5 * dose + of_client[client] + of_therapist[therapist] + rng.normal(0, 1, rows)
    return pl.DataFrame({"client": client, "therapist": therapist, "dose": dose, "score": score})


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pyfixest, with pandas 3.1
@pytest.mark.parametrize("seed", [1, 2])
def test_linear_errors_are_pyfixests(seed):
    frame = visits(seed=seed)
    theirs = pyfixest.feols(
        "score ~ dose",
        frame.to_pandas(),
        vcov={"CRV1": "client + therapist"},
        ssc=pyfixest.ssc(k_adj=True, G_adj=True, G_df="conventional"),
    )
    y, matrix = frame["score"].to_numpy(), frame.select(one=1.0, dose="dose").to_numpy()
    found = fit_linear(y, matrix, clusters_of(frame, ["client", "therapist"], "test"))

    errors = np.sqrt(np.diag(found.covariance))
    assert errors == pytest.approx(theirs.se().to_numpy(), rel=1e-8)
    assert found.freedom == 24


def test_ways_of_which_one_lies_within_the_other_are_the_wider_alone():
    frame = visits().with_columns(team=pl.col("therapist") % 12, seen=(pl.col("dose") > 0))

    def error(cluster):
        found = cn.effects.weighted_effect(frame, "score", "seen", ["dose_"], cluster=cluster)
        return found.tidy()["std_error"].item(), found.basis.clusters

    frame = frame.with_columns(dose_=pl.col("dose") ** 2)
    (both, counted), (alone, _) = error(["therapist", "team"]), error("team")
    assert both == pytest.approx(alone, rel=1e-12)
    assert counted == {"therapist": 25, "team": 12}


def test_no_variance_falls_below_that_of_one_way_alone():
    """Where the difference is no covariance, eigenvalues below 0 are set to 0 and more."""
    ways = (np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    influence = np.array([1.0, -1.0, -1.0, 1.0])

    def by(groups):
        return np.atleast_2d((np.bincount(groups, weights=influence) ** 2).sum())

    assert Clusters(("a", "b"), ways).covariance(by)[0, 0] == 0.0
    mixed = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    parts = iter([*mixed, np.array([[1.5, 1.4], [1.4, 1.5]])])
    found = Clusters(("a", "b"), ways).covariance(lambda _: next(parts))
    assert np.linalg.eigvalsh(found).min() > 0
    assert (np.diag(found) >= 1.0).all()


def test_errors_of_a_hazard_model_may_be_in_two_ways_as_well():
    frame = visits().with_columns(
        team=pl.col("therapist") % 12, weeks=pl.col("score").rank(), left=pl.col("client") % 3 > 0
    )

    def errors(cluster):
        found = cn.effects.hazard_model(frame, "weeks", "left", ["dose"], cluster=cluster)
        return found.tidy()["std_error"].item()

    one, other, both = errors("client"), errors("therapist"), errors(["client", "therapist"])
    assert errors(["therapist", "team"]) == pytest.approx(errors("team"), rel=1e-12)
    assert both != pytest.approx(max(one, other), rel=1e-6)
    assert both**2 < one**2 + other**2
