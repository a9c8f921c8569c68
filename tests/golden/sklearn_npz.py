"""Models and scores of scikit-learn for the tests of `gmm convert`.

Writes tests/golden/sklearn_npz/TYPE.npz, as a user would save them, and tests/golden/sklearn_npz.json with what
scikit-learn says of assets/tabular/iris.csv. With a folder as argument it checks, the other way round, that the NPZ files
there (TYPE-back.npz, written by `gmm convert`) make scikit-learn say the same.
"""

import json
import pathlib
import sys

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

here = pathlib.Path(__file__).parent
root = here.parent.parent
x = np.loadtxt(root / "assets/tabular/iris.csv", delimiter=",", skiprows=1, usecols=range(4))
types = ["full", "tied", "diag", "spherical"]


def loaded(path):
    z = np.load(path)
    gm = GaussianMixture(len(z["weights_"]), covariance_type=str(z["covariance_type"]))
    for name in ("weights_", "means_", "covariances_", "precisions_cholesky_"):
        setattr(gm, name, z[name])
    return gm


if len(sys.argv) > 1:
    golden = json.loads((here / "sklearn_npz.json").read_text())
    for of in types:
        gm = loaded(pathlib.Path(sys.argv[1]) / f"{of}-back.npz")
        want = golden["models"][of]
        off = np.abs(gm.score_samples(x) - want["log_prob"]).max()
        posterior = np.abs(gm.predict_proba(x) - want["posteriors"]).max()
        print(f"{of:10} scores off by {off:.1e}, posteriors by {posterior:.1e}")
        assert off < 1e-9 and posterior < 1e-9
else:
    (here / "sklearn_npz").mkdir(exist_ok=True)
    models = {}
    for of in types:
        # As many components as columns, so that only the stored type tells tied from diag.
        gm = GaussianMixture(4, covariance_type=of, random_state=1, reg_covar=1e-4).fit(x)
        np.savez(
            here / f"sklearn_npz/{of}.npz",
            weights=gm.weights_,
            means=gm.means_,
            covariances=gm.covariances_,
            covariance_type=gm.covariance_type,
        )
        models[of] = {
            "log_prob": gm.score_samples(x).tolist(),
            "posteriors": gm.predict_proba(x).tolist(),
            "precisions_cholesky": gm.precisions_cholesky_.tolist(),
        }
    text = json.dumps({"version": sklearn.__version__, "models": models})
    (here / "sklearn_npz.json").write_text(text + "\n")
