"""Writes scipy_normal.json: probabilities and quantiles of mixtures by scipy.

Run from the workspace root with scipy 1.17.1, mpmath 1.4.1 and numpy 2.4.6; it takes half a minute:

    python tests/golden/scipy_normal.py

"boxes": mixtures of 2 to 6 columns with boxes, some of whose ends are infinite (written as 1e300), and their probabilities by
multivariate_normal.cdf with a tolerance of 1e-8 (of two columns by mpmath's quadrature). "line": a mixture of one
column, its distribution function, and its quantiles by bisection on sums of ndtr.
"""

import json

import mpmath
import numpy as np
from scipy import special
from scipy.stats import multivariate_normal

mpmath.mp.dps = 30

rng = np.random.default_rng(3)


def phi(z):
    return mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)


def below(z):
    return mpmath.erfc(-max(min(z, 40), -40) / mpmath.sqrt(2)) / 2


def plane(mean, covariance, low, high):
    sx, sy = (mpmath.sqrt(mpmath.mpf(covariance[i, i])) for i in range(2))
    r = mpmath.mpf(covariance[0, 1]) / sx / sy
    a, b = ([(mpmath.mpf(end[0]) - mean[0]) / sx, (mpmath.mpf(end[1]) - mean[1]) / sy] for end in (low, high))
    width = mpmath.sqrt((1 - r) * (1 + r))

    def slice_at(x):
        return phi(x) * (below((b[1] - r * x) / width) - below((a[1] - r * x) / width))

    # Cut where the slice changes, so that no step is missed.
    first, last = max(a[0], -14), min(b[0], 14)
    cuts = {first, last} | {mpmath.mpf(c) for c in range(-12, 13, 2)}
    for end in (a[1], b[1]):
        if mpmath.isfinite(end) and r != 0:
            cuts |= {(end + t * width) / r for t in (-9, -6, -4, -2, -1, 0, 1, 2, 4, 6, 9)}
    return float(mpmath.quad(slice_at, sorted(c for c in cuts if first <= c <= last)))


def box(mean, covariance, low, high):
    if len(mean) == 2:
        return plane(mean, covariance, low, high)
    return multivariate_normal(mean, covariance, maxpts=20_000_000, abseps=1e-8, releps=1e-8).cdf(
        high, lower_limit=low
    )


boxes = []
for d, k in [(2, 1), (2, 3), (3, 1), (3, 2), (4, 2), (6, 2)]:
    for strength in [0.3, 3.0]:
        weights = rng.dirichlet(np.full(k, 3.0))
        means = rng.normal(0, 1, (k, d))
        loadings = rng.normal(0, strength, (k, d, 1))
        covariances = loadings @ loadings.transpose(0, 2, 1) + np.array([np.diag(rng.uniform(0.1, 1, d)) for _ in range(k)])
        for case in range(3):
            low = rng.normal(-1.5, 1, d)
            high = low + rng.gamma(2, 2, d)
            if case > 0:
                low[0] = -np.inf
            if case > 1:
                low[:] = -np.inf
                high[1] = np.inf
            p = [box(m, c, low, high) for m, c in zip(means, covariances)]
            boxes.append(
                {
                    "weights": weights.tolist(),
                    "means": means.tolist(),
                    "covariances": covariances.tolist(),
                    "low": np.where(np.isinf(low), -1e300, low).tolist(),
                    "high": np.where(np.isinf(high), 1e300, high).tolist(),
                    "probability": float(weights @ p),
                }
            )

for r in [-0.9999, -0.93, 0.95, 0.999999]:
    for low, high in [((-1.0, -1.0), (0.5, 0.6)), ((-9.0, 0.3), (0.31, 2.0)), ((1.0, 1.0), (9.0, 9.0))]:
        covariance = np.array([[1.0, r], [r, 1.0]])
        boxes.append(
            {
                "weights": [1.0],
                "means": [[0.0, 0.0]],
                "covariances": [covariance.tolist()],
                "low": list(low),
                "high": list(high),
                "probability": plane(np.zeros(2), covariance, np.array(low), np.array(high)),
            }
        )

weights, means, deviations = np.array([0.2, 0.5, 0.3]), np.array([-3.0, 0.5, 7.0]), np.array([0.1, 2.0, 0.7])


def cdf(x):
    return float(weights @ special.ndtr((x - means) / deviations))


def survival(x):
    return float(weights @ special.ndtr((means - x) / deviations))


def quantile(p):
    low, high = -100.0, 100.0
    for _ in range(200):
        middle = (low + high) / 2
        below = cdf(middle) < p if p <= 0.5 else survival(middle) > 1 - p
        low, high = (middle, high) if below else (low, middle)
    return (low + high) / 2


places = [-20.0, -3.1, -2.5, 0.0, 3.0, 6.5, 12.0]
p = [1e-300, 1e-12, 0.01, 0.2, 0.35, 0.5, 0.7, 0.9, 0.999, 1 - 2.0**-40]
line = {
    "weights": weights.tolist(),
    "means": means.tolist(),
    "deviations": deviations.tolist(),
    "places": places,
    "cdf": [cdf(x) for x in places],
    "p": p,
    "quantiles": [quantile(q) for q in p],
}

with open("tests/golden/scipy_normal.json", "w") as file:
    json.dump({"boxes": boxes, "line": line}, file)
    file.write("\n")
