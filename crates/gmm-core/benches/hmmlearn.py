"""hmmlearn's side of hmmlearn.sh; -P because the script has the name of the package.

    python -P hmmlearn.py make FILE.npy                        writes 100,000 x 4 numbers of a chain of 8 states
    python -P hmmlearn.py FILE.npy K ITERATIONS [log|scaling]  times a full-covariance Gaussian HMM on them

The start, which crates/gmm-core/examples/hmm_steps.rs has too, of n rows: state i has row floor(i n / K) for its mean,
the identity times the mean of the columns' variances (divided by n) for its covariance, begins with probability 1 / K,
stays with 0.9 and goes to every other state with 0.1 / (K - 1). The steps are plain maximum likelihood. Printed on one
line, seconds first: of one step (the mean over ITERATIONS), of the log-likelihood, of the best path and of the
probabilities of the states under the model after the last step; then that model's log-likelihood and the log-probability
of the best path.
"""

import sys
import time

import numpy as np

ROWS, COLUMNS, STATES = 100_000, 4, 8


def make(path):
    rng = np.random.default_rng(8)
    means = rng.normal(0, 2, (STATES, COLUMNS))
    roots = rng.normal(0, 0.6, (STATES, COLUMNS, COLUMNS)) + 0.5 * np.eye(COLUMNS)
    stays, others = rng.random(ROWS) < 0.95, rng.integers(1, STATES, ROWS)
    states = np.cumsum(np.where(stays, 0, others)) % STATES
    noise = rng.normal(size=(ROWS, COLUMNS))
    np.save(path, means[states] + np.einsum("nij,nj->ni", roots[states], noise))


def timed(work):
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


def measure(path, k, iterations, implementation):
    from hmmlearn.hmm import GaussianHMM

    x = np.load(path)
    n, d = x.shape
    model = GaussianHMM(
        k,
        "full",
        covars_prior=0,
        covars_weight=1,
        n_iter=iterations,
        tol=-np.inf,
        init_params="",
        implementation=implementation,
    )
    model.n_features = d
    model.startprob_ = np.full(k, 1 / k)
    model.transmat_ = np.full((k, k), 0.1 / max(k - 1, 1))
    np.fill_diagonal(model.transmat_, 0.9 if k > 1 else 1.0)
    model.means_ = x[np.arange(k) * n // k]
    model.covars_ = np.tile(x.var(0).mean() * np.eye(d), (k, 1, 1))
    steps, _ = timed(lambda: model.fit(x))
    assert len(model.monitor_.history) == iterations
    score, log_likelihood = timed(lambda: model.score(x))
    decode, (best, _) = timed(lambda: model.decode(x))
    posteriors, _ = timed(lambda: model.predict_proba(x))
    print(f"{steps / iterations:.5f} {score:.5f} {decode:.5f} {posteriors:.5f} {log_likelihood:.6f} {best:.6f}")


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else "log")
