"""Peers of docs/accuracy.md on handwritten digits: python peers.py FOLDER, which holds optdigits.tra.

scikit-learn 1.9. The test half is the one that ships. Settings that need choosing are chosen by five-fold
cross-validation on optdigits.tra; the grid of mixtures is also shown at its best on the test half, which no honest choice
can count on.
"""
import gzip
import sys
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

shipped = Path(__file__).resolve().parents[3] / "assets" / "digits" / "digits.csv.gz"
train = np.loadtxt(Path(sys.argv[1]) / "optdigits.tra", delimiter=",")
test = np.loadtxt(gzip.open(shipped), delimiter=",")


class Mixtures:
    """A mixture for each class after PCA, with scikit-learn's ridge."""

    def __init__(self, k, dim, ridge):
        self.k, self.dim, self.ridge = k, dim, ridge

    def fit(self, x, y):
        self.pca = PCA(self.dim, random_state=0).fit(x) if self.dim else None
        x = self.pca.transform(x) if self.dim else x
        fit = lambda rows: GaussianMixture(self.k, reg_covar=self.ridge, random_state=0).fit(rows)
        self.models = [fit(x[y == c]) for c in range(10)]
        self.priors = np.log(np.bincount(y, minlength=10) / len(y))
        return self

    def predict(self, x):
        x = self.pca.transform(x) if self.dim else x
        scores = np.stack([m.score_samples(x) for m in self.models], 1)
        return (scores + self.priors).argmax(1)


def split(table):
    return table[:, :64], table[:, 64].astype(int)


def folds(make, x, y, seed=0):
    wrong = 0
    for own, held in StratifiedKFold(5, shuffle=True, random_state=seed).split(x, y):
        wrong += (make().fit(x[own], y[own]).predict(x[held]) != y[held]).sum()
    return 100 * (1 - wrong / len(y))


def chosen(candidates):
    return max(candidates, key=lambda make: folds(make, *split(train)))


one = [lambda: KNeighborsClassifier(1)]
qda = [lambda r=r: QuadraticDiscriminantAnalysis(reg_param=r) for r in (0.01, 0.03, 0.1, 0.3)]
mixtures = [
    lambda k=k, dim=dim, ridge=ridge: Mixtures(k, dim, ridge)
    for k in (1, 2, 3)
    for dim in (None, 40)
    for ridge in (0.3, 1.0, 3.0)
]
svm = [lambda g=g: SVC(C=10, gamma=g) for g in (0.0005, 0.001, 0.002)]
for name, candidates in [("1-NN", one), ("QDA", qda), ("mixtures", mixtures), ("SVM", svm)]:
    make = chosen(candidates)
    x, y = split(test)
    across = 100 * (make().fit(*split(train)).predict(x) == y).mean()
    within = [folds(make, x, y, seed) for seed in range(5)]
    print(f"{name:9} tra to shipped {across:.2f} %   five folds of shipped {np.mean(within):.2f} %")
