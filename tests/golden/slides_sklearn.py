"""The slides' recipes in scikit-learn: their data, their models as fitted and as converged, their numbers.

Made with Python 3.11, NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1 and scikit-image 0.26.0:

    python tests/golden/slides_sklearn.py > tests/golden/slides_sklearn.json

Run it from the root of the workspace; it takes some minutes, nearly all of them for slide 8. Slides 2 and 3 have no
fit of scikit-learn's.
"""

import json
import sys
import warnings

import numpy as np
from scipy.io import wavfile
from scipy.signal import spectrogram
from skimage import color, io
from sklearn.datasets import load_digits, make_moons
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold

warnings.filterwarnings("ignore")
normal, uniform = np.random.normal, np.random.uniform
clouds = np.random.multivariate_normal


def facts_of_data(x):
    return {
        "shape": list(x.shape),
        "first_rows": x[:3].tolist(),
        "last_rows": x[-3:].tolist(),
        "sum": float(x.sum()),
        "sum_of_squares": float((x**2).sum()),
    }


def parameters(model):
    return {
        "weights": model.weights_.tolist(),
        "means": model.means_.tolist(),
        "covariances": model.covariances_.tolist(),
    }


def mixture(x, k, covariance_type="full"):
    """The slide's fit, and the same fit when it is not stopped early."""
    settings = dict(n_components=k, covariance_type=covariance_type, random_state=42)
    model = GaussianMixture(**settings).fit(x)
    converged = GaussianMixture(**settings, tol=1e-13, max_iter=100_000).fit(x)
    entry = {
        "data": facts_of_data(x),
        "model": parameters(model),
        "converged": {"mean log-likelihood": float(converged.score(x)), **parameters(converged)},
        "facts": {"mean log-likelihood": float(model.score(x)), "BIC": float(model.bic(x))},
    }
    return model, entry


def two_peaks(low, high):
    np.random.seed(42)
    return np.concatenate([normal(low, 1, 300), normal(high, 1.5, 700)]).reshape(-1, 1)


def two_clouds(n, m):
    return np.concatenate([clouds([0, 0], [[1, 0], [0, 1]], n), clouds([4, 4], [[1.5, 0], [0, 1.5]], m)])


slides = {}

_, slides["1"] = mixture(two_peaks(0, 5), 2)

x = two_peaks(0, 5)
np.random.seed(42)
bic = [float(GaussianMixture(k, random_state=42).fit(x).bic(x)) for k in range(1, 10)]
slides["4"] = {
    "data": facts_of_data(x),
    "facts": {
        "components of least BIC": int(np.argmin(bic)) + 1,
        **{f"BIC of {k}": b for k, b in zip(range(1, 10), bic)},
    },
}

np.random.seed(42)
_, slides["5"] = mixture(two_clouds(200, 300), 2)

np.random.seed(42)
usual = two_clouds(400, 600)
everything = np.vstack([usual, uniform(low=-2, high=6, size=(50, 2))])
model, slides["6"] = mixture(usual, 2)
scores = model.score_samples(everything)
threshold = np.percentile(scores, 1)
slides["6"]["data"] = facts_of_data(everything)
slides["6"]["facts"].update(
    {
        "flagged": int((scores < threshold).sum()),
        "threshold": float(threshold),
        "mean log-likelihood of all": float(scores.mean()),
    }
)

_, slides["7"] = mixture(two_peaks(-2, 2), 2)

pixels = color.rgb2lab(io.imread("assets/images/m31.png") / 255.0).reshape(-1, 3)
model = GaussianMixture(5, random_state=42).fit(pixels)
slides["8"] = {
    "facts": {"mean log-likelihood": float(model.score(pixels)), "BIC": float(model.bic(pixels))},
    "sizes": np.bincount(model.predict(pixels)).tolist(),
}

rate, audio = wavfile.read("assets/speech/allison_en/train/vm-intro.wav")
_, _, power = spectrogram(audio.astype(float), fs=rate, nperseg=256, noverlap=128)
x = power.T.reshape(-1, 1)
model = GaussianMixture(3, random_state=42).fit(x)
slides["9"] = {
    "facts": {"mean log-likelihood": float(model.score(x)), "BIC": float(model.bic(x))},
}

digits = load_digits()
x, y = digits.data, digits.target


def read(train, test):
    models = [GaussianMixture(3, random_state=42).fit(x[train][y[train] == d]) for d in range(10)]
    return np.argmax([m.score_samples(x[test]) for m in models], axis=0)


everyone = np.arange(len(x))
held_out = np.empty(len(x), dtype=int)
for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(x, y):
    held_out[test] = read(train, test)
slides["10"] = {
    "data": facts_of_data(x),
    "facts": {
        "slide's recipe on unseen images": float((held_out == y).mean()),
        "slide's recipe on its own images": float((read(everyone, everyone) == y).mean()),
    },
}

np.random.seed(42)
_, slides["11"] = mixture(np.concatenate([normal(0, 1, (500, 2)), normal(3, 0.5, (500, 2))]), 2)

np.random.seed(42)
x = np.vstack([normal(0, 1, (1000, 2)), uniform(-5, 5, (50, 2))])
model, slides["12"] = mixture(x, 1)
scores = model.score_samples(x)
threshold = np.percentile(scores, 1)
slides["12"]["facts"].update(
    {"flagged": int((scores < threshold).sum()), "threshold": float(threshold)}
)

_, slides["13"] = mixture(make_moons(n_samples=1000, noise=0.1, random_state=42)[0], 5, "tied")

np.random.seed(42)
t = np.linspace(0, 10, 1000)
first = np.sin(2 * np.pi * t) + normal(0, 0.1, 1000)
second = 2 * np.cos(2 * np.pi * t) + normal(0, 0.1, 1000)
series = np.where(t < 5, first, second)
x = np.column_stack([series[:-1], series[1:]])
model, slides["14"] = mixture(x, 2)
right = float((model.predict(x) == (t[1:] >= 5)).mean())
slides["14"]["facts"]["share of times in the true regime"] = max(right, 1 - right)

json.dump(slides, sys.stdout, indent=1)
