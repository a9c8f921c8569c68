"""How well scikit-learn's detectors find the anomalies of a folder of tables.

    python crates/density/benches/anomalies.py FOLDER

FOLDER holds NPZ files with rows X and truths y, 1 for an anomaly. Each detector is fitted to all rows of a table without
their truths, and scores the same rows. The mixtures are scikit-learn's, of standardised columns, with reg_covar = 1e-3;
columns that do not vary are left out. Needs scikit-learn 1.9 and numpy 2.
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.mixture import GaussianMixture

SEEDS = range(5)


def standardised(x):
    x = x[:, x.std(axis=0) > 1e-12]
    return (x - x.mean(axis=0)) / x.std(axis=0)


def forest(x):
    return [-IsolationForest(random_state=seed).fit(x).score_samples(x) for seed in SEEDS]


def mixture(k, covariance_type):
    def scores(x):
        z = standardised(x)
        model = GaussianMixture(k, covariance_type=covariance_type, reg_covar=1e-3, random_state=0)
        return [-model.fit(z).score_samples(z)]
    return scores


DETECTORS = {
    "forest": forest,
    "1 full": mixture(1, "full"),
    "4 full": mixture(4, "full"),
    "8 diag": mixture(8, "diag"),
}

print(f"{'set':<16}" + "".join(f"{name + ' AUC':>12}{'AP':>7}" for name in DETECTORS))
rows = []
for path in sorted(Path(sys.argv[1]).glob("*.npz")):
    data = np.load(path)
    x, y = data["X"].astype(float), data["y"].astype(int)
    row = []
    for scores in DETECTORS.values():
        found = scores(x)
        row.append(np.mean([roc_auc_score(y, s) for s in found]))
        row.append(np.mean([average_precision_score(y, s) for s in found]))
    rows.append(row)
    print(f"{path.stem:<16}" + "".join(f"{v:>12.3f}" if i % 2 == 0 else f"{v:>7.3f}" for i, v in enumerate(row)), flush=True)
print(f"{'mean':<16}" + "".join(f"{v:>12.4f}" if i % 2 == 0 else f"{v:>7.4f}" for i, v in enumerate(np.mean(rows, axis=0))))
