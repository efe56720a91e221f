"""How sure estimates of repeated scores are where clients are few."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from carenotebook.core.errors import OptionError
from carenotebook.effects.frames import Array
from carenotebook.effects.random import Codes, Sums, best, summed

_STEP = 1e-3
"""For derivatives, on the scale of ratios of variances and of a logarithm."""
_FLAT = 1e-6
"""Curvature, relative to the largest, in whose direction nothing is told (as lmerTest has it)."""


class Sureness(NamedTuple):
    """Errors and degrees of freedom of Student's t, arrays of shape (terms,)."""

    errors: Array
    freedom: Array


def mixed_sureness(outcome: Array, matrix: Array, varied: Array, groups: Codes) -> Sureness:
    """Errors by restricted maximum likelihood, with Satterthwaite's degrees of freedom.

    Notes
    -----
    Fai & Cornelius 1996, as R's lmerTest has it: twice the squared variance of an estimate over the
    variance of that variance, by the delta method from the likelihood's curvature.
    """
    scale, size = np.abs(matrix).max(0), np.abs(varied).max(0)
    sums = summed(outcome, matrix / scale, varied / size, groups, restricted=True)
    factor = best(sums, varied.shape[1])
    lower = np.tril_indices(len(factor))
    found = np.append(factor[lower], np.log(sums.left(factor) / sums.freedom()))
    variance = _variances(sums, found)
    slopes = np.array([_slope(sums, found, i) for i in range(len(found))])
    spread = np.einsum("ij,ik,kj->j", slopes, _inverse(_curvature(sums, found)), slopes)
    return Sureness(np.sqrt(variance) / scale, 2 * variance**2 / spread)


def marginal_sureness(
    matrix: Array, residuals: Array, groups: Codes, *, correlation: float = 0.0
) -> Sureness:
    """Robust errors without the bias of few clients, and clients less terms degrees of freedom.

    Parameters
    ----------
    matrix, residuals : arrays of shapes (rows, terms) and (rows,)
        Times the square root of the rows' weights.
    groups : integer array of shape (rows,)
        In order.
    correlation : float
        Of the working model, between any two rows of a client.

    Raises
    ------
    OptionError
        If so negative a correlation cannot be in clients with so many rows, or if it is 1 or more,
        as moments can have it where clients with many rows lie far out.

    Notes
    -----
    Kauermann & Carroll 2001 (J Am Stat Assoc 96:1387); with Student's t, Li & Redden 2015 (Stat Med
    34:281). With the rows of a client made independent by the working model and Z those rows times
    a root of the estimates' model variance, a client's score is Z'r, and (I - Z'Z)^(-1/2) corrects
    it, which is (I - H)^(-1/2) on the residuals.
    """
    many, terms = int(groups.max()) + 1, matrix.shape[1]
    joined = _apart(np.column_stack((matrix, residuals)), groups, correlation)
    root = np.linalg.cholesky(np.linalg.inv(joined[:, :-1].T @ joined[:, :-1]))
    rows = joined[:, :-1] @ root
    leverage, scores = np.zeros((many, terms, terms)), np.zeros((many, terms))
    np.add.at(leverage, groups, rows[:, :, None] * rows[:, None, :])
    np.add.at(scores, groups, rows * joined[:, -1:])
    values, vectors = np.linalg.eigh(leverage)
    within = np.einsum("gij,gi->gj", vectors, scores)
    # A client who alone tells a term fits it exactly: nothing to correct.
    share = np.where(values < 1 - 1e-9, 1 - values, 1.0)
    corrected = np.einsum("gij,gj->gi", vectors, within / np.sqrt(share)) @ root.T
    return Sureness(np.sqrt((corrected**2).sum(0)), np.full(terms, float(many - terms)))


def _apart(values: Array, groups: Codes, correlation: float) -> Array:
    """Rows times the inverse root of an exchangeable correlation."""
    sizes = np.bincount(groups)
    if correlation >= 1:
        raise OptionError(
            "repeated_measures(): scores of one client come out as more than perfectly alike, as "
            "moments can have it where clients with many scores lie far out; GEE cannot tell "
            'errors then. Take method="mixed".'
        )
    if 1 + (sizes.max() - 1) * correlation <= 0:
        raise OptionError(
            "repeated_measures(): scores of one client are less alike than those of two, by more "
            'than GEE with one correlation can hold. Take method="mixed".'
        )
    means = np.zeros((len(sizes), values.shape[1]))
    np.add.at(means, groups, values)
    means /= sizes[:, None]
    between = 1 / np.sqrt(1 + (sizes - 1) * correlation)
    within = 1 / np.sqrt(1 - correlation)
    return np.asarray(within * values + ((between - within)[:, None] * means)[groups])


def _unpacked(values: Array) -> tuple[Array, float]:
    size = int(np.sqrt(2 * len(values) - 2))
    factor = np.zeros((size, size))
    factor[np.tril_indices(size)] = values[:-1]
    return factor, float(np.exp(values[-1]))


def _deviance(sums: Sums, values: Array) -> float:
    """Minus twice the restricted log-likelihood up to a constant, nothing profiled out."""
    factor, residual = _unpacked(values)
    weighed, spread = sums.at(factor)
    more = float(np.linalg.slogdet(weighed[:-1, :-1])[1])
    return float(sums.freedom() * values[-1] + sums.left(factor) / residual + spread + more)


def _variances(sums: Sums, values: Array) -> Array:
    factor, residual = _unpacked(values)
    weighed, _ = sums.at(factor)
    return np.asarray(residual * np.diag(np.linalg.inv(weighed[:-1, :-1])))


def _slope(sums: Sums, values: Array, i: int) -> Array:
    step = np.eye(len(values))[i] * _STEP
    return (_variances(sums, values + step) - _variances(sums, values - step)) / (2 * _STEP)


def _curvature(sums: Sums, values: Array) -> Array:
    """Half of the second derivatives of the deviance: the information."""
    steps = np.eye(len(values)) * _STEP

    def at(i: int, j: int) -> float:
        corners = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
        return sum(s * _deviance(sums, values + a * steps[i] + b * steps[j]) for a, b, s in corners)

    size = range(len(values))
    return np.array([[at(i, j) for j in size] for i in size]) / (8 * _STEP**2)


def _inverse(curvature: Array) -> Array:
    """Of the part in whose directions the likelihood tells something."""
    values, vectors = np.linalg.eigh(curvature)
    told = values > _FLAT * values.max()
    return np.asarray((vectors[:, told] / values[told]) @ vectors[:, told].T)
