"""Writes hmmlearn.json: hidden Markov models of hmmlearn and one step of EM from each of them.

Run from the workspace root with hmmlearn 0.3.3 and numpy 2.4.6; -P because the script has the name of the package:

    python -P tests/golden/hmmlearn.py

"data": rows drawn from chains, rounded to four decimals, which is what the models see. Every case has a model, the
lengths of its sequences, and what hmmlearn says of the data: "score", the log-likelihood; "predict_proba" of every
fourth row, beginning with the first; "decode", the best path with its log-probability.

"step" is one step of maximum likelihood by the textbook (Rabiner 1989, equations 40 and 52-54; for several sequences
109-110), computed below in plain numpy. All priors of hmmlearn are off, and hmmlearn's own step agrees with it to
1e-12 but for what "hmmlearn_differs" names, whose values in hmmlearn are in "hmmlearn_step":

- GMMHMM takes covariances about the means from before the step, where the maximum is about those after it. Its
  covariances are larger by (new mean - old mean)(new mean - old mean)', for spherical ones by the mean of its diagonal.

What turns the priors off: GaussianHMM(covars_prior=0, covars_weight=1), whose default covars_prior adds 0.01 to every
element of a scatter matrix, those off the diagonal too. GMMHMM's defaults are no prior but for spherical covariances,
which it divides by n_features * n + n_features - n_mix in place of n_features * n; covars_prior = -(n_features + 2) / 2
repairs that.
"""

import json

import hmmlearn
import numpy as np
from hmmlearn.hmm import GMMHMM, GaussianHMM
from scipy.special import logsumexp

EVERY = 4

rng = np.random.default_rng(1989)


def chain(n, stay, means, loadings):
    """n rows of a chain that stays where it is with probability `stay`; a state's noise is loadings times normals."""
    k, d = means.shape
    state, rows = 0, []
    for _ in range(n):
        rows.append(means[state] + loadings[state] @ rng.normal(size=d))
        if rng.random() > stay:
            state = (state + 1 + rng.integers(k - 1)) % k if k > 1 else 0
    return np.round(np.array(rows), 4)


DATA = {
    "line": chain(90, 0.85, np.array([[-1.0], [2.0], [3.5]]), np.array([[[1.0]], [[0.5]], [[1.5]]])),
    "plane": chain(
        120,
        0.9,
        np.array([[0.0, 0.0], [3.0, 1.0], [-2.0, 2.0]]),
        np.array([[[1.0, 0.0], [0.7, 0.8]], [[0.6, 0.0], [-0.9, 1.0]], [[1.2, 0.0], [0.0, 0.5]]]),
    ),
    "space": chain(
        100,
        0.9,
        np.array([[0.0, 1.0, -1.0], [2.0, 0.0, 1.0]]),
        np.array([[[1, 0, 0], [0.5, 1, 0], [0.2, -0.3, 0.7]], [[0.5, 0, 0], [0.1, 1.5, 0], [0, 0.4, 1]]], dtype=float),
    ),
}
LENGTHS = {"line": [40, 1, 2, 47], "plane": [50, 30, 40], "space": [1, 64, 35]}

# From the first state to the last, without a way back.
ONWARD = np.array([[0.9, 0.1, 0.0], [0.0, 0.8, 0.2], [0.0, 0.0, 1.0]])


def random_chain(k):
    transitions = rng.dirichlet(np.ones(k), size=k) * 0.3 + 0.7 * np.eye(k)
    return np.round(rng.dirichlet(np.full(k, 4.0)), 3), np.round(transitions, 3)


def closed(p):
    """Rounded probabilities whose rows add up to one."""
    p = p.copy()
    p[..., -1] = np.round(1 - p[..., :-1].sum(-1), 3)
    return p


def random_covariances(shape, kind, d):
    diagonal = np.round(rng.uniform(0.5, 2.0, (*shape, d)), 3)
    if kind == "diag":
        return diagonal
    if kind == "spherical":
        return diagonal[..., 0]
    if kind == "tied":
        diagonal, shape = diagonal[0], ()
    full = np.zeros((*shape, d, d))
    full[..., np.arange(d), np.arange(d)] = diagonal
    for i in range(d):
        for j in range(i):
            full[..., i, j] = full[..., j, i] = np.round(rng.uniform(-0.2, 0.2, shape), 3)
    return full


def matrices(covariances, kind, shape, d):
    """Any covariances as d x d matrices of the given shape."""
    if kind == "full":
        return covariances
    if kind == "tied":
        return np.broadcast_to(covariances, (*shape, d, d))
    if kind == "diag":
        return covariances[..., :, None] * np.eye(d)
    return covariances[..., None, None] * np.eye(d)


def normal_log_density(x, mean, covariance):
    deviations = x - mean
    distance = np.einsum("ni,ij,nj->n", deviations, np.linalg.inv(covariance), deviations)
    return -0.5 * (x.shape[1] * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1] + distance)


def textbook_step(x, lengths, start, transitions, weights, means, covariances, kind):
    """One step of EM. weights K x M, means K x M x D, covariances as of hmmlearn (K, M leading, M = 1 for one Gaussian)."""
    k, m, d = means.shape
    full = matrices(covariances, kind, (k, m), d)
    with np.errstate(divide="ignore"):
        log_start, log_transitions, log_weights = np.log(start), np.log(transitions), np.log(weights)
    first, moves, log_likelihood = np.zeros(k), np.zeros((k, k)), 0.0
    joint = np.empty((len(x), k, m))
    for end, length in zip(np.cumsum(lengths), lengths):
        rows = x[end - length : end]
        each = np.array([[log_weights[i, j] + normal_log_density(rows, means[i, j], full[i, j]) for j in range(m)] for i in range(k)])
        emission = logsumexp(each, axis=1)  # K x n
        alpha, beta = np.empty((length, k)), np.zeros((length, k))
        alpha[0] = log_start + emission[:, 0]
        for t in range(1, length):
            alpha[t] = emission[:, t] + logsumexp(alpha[t - 1][:, None] + log_transitions, axis=0)
        for t in range(length - 2, -1, -1):
            beta[t] = logsumexp(log_transitions + emission[:, t + 1] + beta[t + 1], axis=1)
        evidence = logsumexp(alpha[-1])
        gamma = np.exp(alpha + beta - evidence)
        for t in range(length - 1):
            moves += np.exp(alpha[t][:, None] + log_transitions + emission[:, t + 1] + beta[t + 1] - evidence)
        first += gamma[0]
        joint[end - length : end] = gamma[:, :, None] * np.exp(each - emission[:, None, :]).transpose(2, 0, 1)
        log_likelihood += evidence
    mass = joint.sum(0)
    new_means = np.einsum("nkm,nd->kmd", joint, x) / mass[..., None]
    deviations = x[:, None, None, :] - new_means
    scatter = np.einsum("nkm,nkmi,nkmj->kmij", joint, deviations, deviations)
    new_covariances = {
        "full": lambda: scatter / mass[..., None, None],
        "tied": lambda: scatter.sum((0, 1)) / len(x),
        "diag": lambda: np.einsum("kmii->kmi", scatter) / mass[..., None],
        "spherical": lambda: np.einsum("kmii->km", scatter) / (d * mass),
    }[kind]()
    return log_likelihood, {
        "startprob": first / first.sum(),
        "transmat": moves / moves.sum(1, keepdims=True),
        "weights": mass / mass.sum(1, keepdims=True),
        "means": new_means,
        "covars": new_covariances,
    }


def say(model, x, lengths):
    log_probability, path = model.decode(x, lengths)
    return {
        "score": model.score(x, lengths),
        "predict_proba": model.predict_proba(x, lengths)[::EVERY],
        "decode": {"log_prob": log_probability, "path": path},
    }


def same(a, b):
    return np.allclose(a, b, rtol=1e-12, atol=1e-12)


def compare(model, x, lengths, parameters, kind):
    """One step of EM with all priors off beside the textbook's."""
    gaussian = isinstance(model, GaussianHMM)

    def mixed(name):
        value = parameters[name]
        return value if not gaussian or (name == "covars" and kind == "tied") else value[:, None]

    weights = np.ones((model.n_components, 1)) if gaussian else parameters["weights"]
    before, step = textbook_step(
        x, lengths, parameters["startprob"], parameters["transmat"], weights, mixed("means"), mixed("covars"), kind
    )
    assert same(before, model.score(x, lengths))
    if gaussian:
        del step["weights"]
        step["means"] = step["means"][:, 0]
        if kind != "tied":
            step["covars"] = step["covars"][:, 0]
    model.fit(x, lengths)
    covars = model._covars_ if gaussian else model.covars_
    if gaussian and kind == "spherical":
        covars = covars[:, 0]
    theirs = {"startprob": model.startprob_, "transmat": model.transmat_, "means": model.means_, "covars": covars}
    if not gaussian:
        theirs["weights"] = model.weights_
    differs = [name for name in step if not same(step[name], theirs[name])]
    if gaussian:
        assert not differs, differs
    else:
        assert differs == ["covars"], differs
        moved = step["means"] - parameters["means"]
        excess = moved[..., :, None] * moved[..., None, :]
        if kind == "diag":
            excess = moved**2
        elif kind == "spherical":
            excess = (moved**2).mean(-1)
        assert same(theirs["covars"], step["covars"] + excess)
    after = textbook_step(
        x,
        lengths,
        step["startprob"],
        step["transmat"],
        weights if gaussian else step["weights"],
        step["means"][:, None] if gaussian else step["means"],
        step["covars"][:, None] if gaussian and kind != "tied" else step["covars"],
        kind,
    )[0]
    assert after > before
    return {
        "step": step,
        "score_after_step": after,
        "hmmlearn_differs": differs,
        "hmmlearn_step": {name: theirs[name] for name in differs},
    }


def case(name, lengths, parameters, kind, n_mix=None):
    x = DATA[name]
    k, d = len(parameters["startprob"]), x.shape[1]
    plain = dict(covariance_type=kind, params="stmcw" if n_mix else "stmc", init_params="", n_iter=1, random_state=0)
    if n_mix is None:
        model = GaussianHMM(k, covars_prior=0, covars_weight=1, **plain)
    elif kind == "spherical":
        model = GMMHMM(k, n_mix, covars_prior=-(d + 2) / 2, covars_weight=0.0, **plain)
    else:
        model = GMMHMM(k, n_mix, **plain)
    for parameter, value in parameters.items():
        setattr(model, f"{parameter}_", value)
    model.n_features = d
    return {
        "model": "GMMHMM" if n_mix else "GaussianHMM",
        "data": name,
        "lengths": lengths,
        "covariance_type": kind,
        **parameters,
        **say(model, x, lengths),
        **compare(model, x, lengths, parameters, kind),
    }


def rows_as_means(x, shape):
    picked = rng.choice(len(x), int(np.prod(shape)), replace=False)
    return x[picked].reshape(*shape, x.shape[1])


cases = []
for name, k in [("line", 2), ("line", 3), ("plane", 2), ("plane", 3), ("space", 2)]:
    for kind in ["full", "diag", "spherical", "tied"]:
        x = DATA[name]
        if name == "line" and kind != "full":
            continue  # one column has one kind of covariance
        start, transitions = (closed(p) for p in random_chain(k))
        if (name, k, kind) in [("plane", 3, "full"), ("line", 3, "full")]:
            start, transitions = np.array([1.0, 0.0, 0.0]), ONWARD
        parameters = {
            "startprob": start,
            "transmat": transitions,
            "means": rows_as_means(x, (k,)),
            "covars": random_covariances((k,), kind, x.shape[1]),
        }
        for lengths in [[len(x)], LENGTHS[name]]:
            cases.append(case(name, lengths, parameters, kind))
for name, n_mix in [("line", 2), ("plane", 2), ("plane", 3), ("space", 2)]:
    for kind in ["full", "diag", "spherical"]:
        if name == "line" and kind != "full":
            continue
        x = DATA[name]
        start, transitions = (closed(p) for p in random_chain(2))
        parameters = {
            "startprob": start,
            "transmat": transitions,
            "weights": closed(np.round(rng.dirichlet(np.full(n_mix, 4.0), size=2), 3)),
            "means": rows_as_means(x, (2, n_mix)),
            "covars": random_covariances((2, n_mix), kind, x.shape[1]),
        }
        for lengths in [[len(x)], LENGTHS[name]]:
            cases.append(case(name, lengths, parameters, kind, n_mix))


def plain(value):
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


with open("tests/golden/hmmlearn.json", "w") as file:
    json.dump(
        {
            "source": f"hmmlearn {hmmlearn.__version__}, numpy {np.__version__}",
            "every": EVERY,
            "data": plain(DATA),
            "cases": [plain(c) for c in cases],
        },
        file,
    )
    file.write("\n")
