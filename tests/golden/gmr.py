"""Writes gmr.json: conditional mixtures and regressions by gmr of random mixtures.

Run from the workspace root with gmr 2.0.3 and numpy 2.4.6; -P because the script has the name of the package:

    python -P tests/golden/gmr.py

Each case: a mixture, the given columns, rows of their values (some of them far from all components), and for each
row the mean of the other columns, the shares, means and covariances of the conditional mixture.
"""

import json

import numpy as np
from gmr import GMM

rng = np.random.default_rng(7)


def mixture(k, d):
    weights = rng.dirichlet(np.full(k, 3.0))
    means = rng.normal(0, 3, (k, d))
    roots = rng.normal(0, 1, (k, d, d))
    covariances = roots @ roots.transpose(0, 2, 1) + 0.2 * np.eye(d)
    return weights, means, covariances


cases = []
for k, d, given in [
    (1, 2, [0]),
    (3, 2, [1]),
    (2, 3, [0, 2]),
    (4, 5, [3]),
    (3, 6, [4, 0, 5]),
    (8, 8, [1, 2, 3, 4, 6]),
]:
    weights, means, covariances = mixture(k, d)
    gmm = GMM(k, weights, means, covariances)
    near = rng.normal(0, 3, (4, len(given)))
    far = rng.normal(0, 60, (2, len(given)))
    rows = np.concatenate([near, far])
    conditionals = [gmm.condition(np.array(given), row) for row in rows]
    cases.append(
        {
            "weights": weights.tolist(),
            "means": means.tolist(),
            "covariances": covariances.tolist(),
            "given": given,
            "rows": rows.tolist(),
            "predicted": gmm.predict(np.array(given), rows).tolist(),
            "shares": [c.priors.tolist() for c in conditionals],
            "conditional_means": [c.means.tolist() for c in conditionals],
            "conditional_covariances": [c.covariances.tolist() for c in conditionals],
        }
    )

with open("tests/golden/gmr.json", "w") as file:
    json.dump(cases, file)
    file.write("\n")
