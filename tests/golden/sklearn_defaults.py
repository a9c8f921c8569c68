"""Writes sklearn_defaults.json: where scikit-learn's default fits of Old Faithful end.

Run from the workspace root with scikit-learn 1.9.1 and numpy 2.4.6:

    python tests/golden/sklearn_defaults.py
"""

import json

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

SEEDS = 30

faithful = np.loadtxt("assets/tabular/faithful.csv", delimiter=",", skiprows=1)


def log_likelihoods(**parameters):
    fits = [GaussianMixture(3, random_state=seed, **parameters).fit(faithful) for seed in range(SEEDS)]
    return sorted(fit.score(faithful) * len(faithful) for fit in fits)


with open("tests/golden/sklearn_defaults.json", "w") as f:
    json.dump({
        "source": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
        "data": "faithful, 3 full components",
        "defaults": log_likelihoods(),
        "tol 1e-9": log_likelihoods(tol=1e-9, max_iter=10000),
    }, f, indent=1)
