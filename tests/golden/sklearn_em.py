"""Writes sklearn_em.json: EM steps of scikit-learn from a given start, with scores and posteriors.

Run from the workspace root with scikit-learn 1.9.1 and numpy 2.4.6:

    python tests/golden/sklearn_em.py
"""

import json
import warnings

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

STEPS = 12
RIDGE = 1e-6
EVERY = 5  # scores and posteriors of every fifth row

faithful = np.loadtxt("assets/tabular/faithful.csv", delimiter=",", skiprows=1)
iris = np.loadtxt("assets/tabular/iris.csv", delimiter=",", skiprows=1)[:, :4]


def start_covariances(x, kind, k):
    full = np.cov(x.T, bias=True)
    return {
        "full": np.stack([full] * k),
        "tied": full,
        "diag": np.stack([np.diag(full)] * k),
        "spherical": np.full(k, np.diag(full).mean()),
    }[kind]


def precisions(covariances, kind):
    return np.linalg.inv(covariances) if kind in ("full", "tied") else 1 / covariances


cases = []
for name, x, k in [(n, x, k) for n, x in [("faithful", faithful), ("iris", iris)] for k in (1, 3, 6)]:
    for kind in ["full", "tied", "diag", "spherical"]:
        # Rows of different values, so that no two components start alike.
        rows = np.unique(x, axis=0, return_index=True)[1]
        rows = np.sort(rows)[np.linspace(0, len(rows) - 1, k).astype(int)]
        means = x[rows]
        weights = np.arange(1.0, k + 1) / np.arange(1.0, k + 1).sum()
        covariances = start_covariances(x, kind, k)
        gmm = GaussianMixture(
            k,
            covariance_type=kind,
            tol=0.0,
            reg_covar=RIDGE,
            max_iter=STEPS,
            weights_init=weights,
            means_init=means,
            precisions_init=precisions(covariances, kind),
            init_params="random",
            random_state=0,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gmm.fit(x)
        assert gmm.n_iter_ == STEPS
        cases.append({
            "data": name,
            "covariance_type": kind,
            "start": {
                "weights": weights.tolist(),
                "means": means.tolist(),
                "covariances": covariances.tolist(),
            },
            "end": {
                "weights": gmm.weights_.tolist(),
                "means": gmm.means_.tolist(),
                "covariances": gmm.covariances_.tolist(),
            },
            "bic": gmm.bic(x),
            "aic": gmm.aic(x),
            "score": gmm.score(x),
            "score_samples": gmm.score_samples(x[::EVERY]).tolist(),
            "predict_proba": gmm.predict_proba(x[::EVERY]).tolist(),
        })

with open("tests/golden/sklearn_em.json", "w") as f:
    json.dump({
        "source": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
        "steps": STEPS,
        "reg_covar": RIDGE,
        "every": EVERY,
        "cases": cases,
    }, f)
