"""Writes statsmodels.json: Markov-switching models of statsmodels, at given parameters and at their maximum.

Run from the workspace root with statsmodels 0.15.0, whose tests have the data and import pytest, scipy 1.17.1 and
numpy 2.4.6; -P because the script has the name of the package:

    python -P tests/golden/statsmodels.py

"rgnp": growth of real GNP of the United States, 1951 to 1984, by quarters (Hamilton, Econometrica 57, 1989), and
"fedfunds": the federal funds rate, 1954 to 2010, by quarters (usmacro.dta of Stata), as the tests of statsmodels have
them. All models start from the stationary distribution of their transitions. A likelihood with lags is that of the rows
after the first `order`, given those.

Every case: the parameters; p[i][j], the probability of going from state i to j; coefficients[i][l], that of lag l + 1 in
state i; "log_likelihood" and that of every row; "filtered" and "smoothed" probabilities of the states, of every
`every`th row; "gradient", the largest slope of the log-likelihood by a parameter, which says how near the maximum is.
The means and variances that switch in fedfunds have a maximum of -496.1455; statsmodels' own search ends at -505.7016.
"""

import json
import warnings

import numpy as np
import statsmodels
from statsmodels.tsa.regime_switching.markov_autoregression import MarkovAutoregression
from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression
from statsmodels.tsa.regime_switching.tests.test_markov_autoregression import rgnp
from statsmodels.tsa.regime_switching.tests.test_markov_regression import fedfunds

EVERY = 3

rgnp, fedfunds = np.array(rgnp), np.array(fedfunds)


def case(name, model, parameters, kind, order, origin):
    result = model.smooth(np.asarray(parameters, dtype=float))
    named = dict(zip(model.param_names, result.params))
    k, lag = model.k_regimes, "x" if kind == "switching regression" else "ar.L"
    p = result.regime_transition[:, :, 0].T
    assert np.allclose(p.sum(1), 1)

    def of_states(what):
        return [float(named.get(f"{what}[{i}]", named.get(what))) for i in range(k)]

    def about(column):
        return np.asarray(column).reshape(-1, k)[::EVERY].tolist()

    return {
        "data": name,
        "model": kind,
        "order": order,
        "parameters": origin,
        "p": p.tolist(),
        "means": of_states("const"),
        "variances": of_states("sigma2"),
        "coefficients": np.array([of_states(f"{lag}{i + 1}") for i in range(order)]).reshape(order, k).T.tolist(),
        "log_likelihood": float(result.llf),
        "log_likelihood_of_rows": [float(v) for v in result.llf_obs],
        "filtered": about(result.filtered_marginal_probabilities),
        "smoothed": about(result.smoothed_marginal_probabilities),
        "gradient": float(np.abs(model.score(result.params)).max()),
    }


def maximum(model, start):
    """Steps of Newton's kind from near the maximum, until they no longer help."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parameters = np.asarray(start, dtype=float)
        for method in ["bfgs", "nm", "bfgs", "bfgs"]:
            found = model.fit(parameters, method=method, maxiter=5000, gtol=1e-9, xtol=1e-12, ftol=1e-14, disp=False)
            if found.llf >= model.loglike(parameters):
                parameters = found.params
    return parameters


cases = []

# Hamilton's model: y_t - mu(s_t) = sum_i phi_i (y_(t-i) - mu(s_(t-i))) + e.
hamilton = MarkovAutoregression(rgnp, k_regimes=2, order=4, switching_ar=False)
given = [0.7, 0.1, -0.5, 1.0, 0.6, 0.1, 0.0, -0.2, -0.1]
published = [0.754673, 0.095915, -0.358811, 1.163516, 0.591368, 0.013486, -0.057521, -0.246983, -0.212923]
for what, parameters in [("given", given), ("published", published), ("maximum", maximum(hamilton, published))]:
    cases.append(case("rgnp", hamilton, parameters, "mean-switching autoregression", 4, what))
hamilton = MarkovAutoregression(rgnp, k_regimes=2, order=1, switching_ar=True, switching_variance=True)
given = [0.8, 0.15, -0.4, 1.1, 0.9, 0.5, 0.3, -0.1]
cases.append(case("rgnp", hamilton, given, "mean-switching autoregression", 1, "given"))

# Means and variances of states: a Gaussian hidden Markov model.
common = MarkovRegression(fedfunds, k_regimes=2)
own = MarkovRegression(fedfunds, k_regimes=2, switching_variance=True)
own_start = [0.98, 0.05, 3.7, 9.5, 4.4, 4.4]
for what, parameters in [
    ("given", [0.95, 0.1, 4.0, 9.0, 5.0]),
    ("maximum", maximum(common, [0.982, 0.0504, 3.70877, 9.5568, 2.107562**2])),
]:
    cases.append(case("fedfunds", common, parameters, "switching means", 0, what))
for what, parameters in [("given", [0.95, 0.1, 4.0, 9.0, 3.0, 7.0]), ("maximum", maximum(own, own_start))]:
    cases.append(case("fedfunds", own, parameters, "switching means", 0, what))
three = MarkovRegression(fedfunds, k_regimes=3, switching_variance=True)
given = [0.9, 0.08, 0.02, 0.07, 0.85, 0.1, 2.0, 5.0, 10.0, 1.0, 1.5, 6.0]
cases.append(case("fedfunds", three, given, "switching means", 0, "given"))

# y_t = a(s_t) + b(s_t) y_(t-1) + e: the states' own regressions.
lagged = MarkovRegression(fedfunds[1:], k_regimes=2, exog=fedfunds[:-1], switching_variance=False)
for what, parameters in [
    ("given", [0.9, 0.2, 0.5, 0.5, 0.8, 0.9, 0.6]),
    ("maximum", maximum(lagged, [0.6378175, 0.1306295, 0.724457, -0.0988764, 0.7631424, 1.061174, 0.6915759**2])),
]:
    cases.append(case("fedfunds", lagged, parameters, "switching regression", 1, what))

with open("tests/golden/statsmodels.json", "w") as file:
    json.dump(
        {
            "source": f"statsmodels {statsmodels.__version__}, numpy {np.__version__}",
            "every": EVERY,
            "data": {"rgnp": rgnp.tolist(), "fedfunds": fedfunds.tolist()},
            "cases": cases,
        },
        file,
    )
    file.write("\n")
