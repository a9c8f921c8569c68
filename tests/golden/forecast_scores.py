"""Scores of forecasts by scoringrules 0.10.0 and properscoring 0.1 (numpy 2.4.6, scipy 1.17.1).

Mixtures of Gaussians and log-normals: CRPS and -ln p at some values; quantile and interval scores of ends that are
given. Writes forecast_scores.json beside itself.
"""

import json
from pathlib import Path

import numpy as np
import properscoring
import scoringrules as sr

MIXTURES = [
    ([1.0], [0.3], [1.7]),
    ([0.6, 0.4], [-1.0, 1.5], [0.7, 0.7]),
    ([0.5, 0.3, 0.2], [1.0, -0.5, 40.0], [0.4, 10.0, 0.05]),
    ([0.1] * 10, [float(i * i) for i in range(10)], [0.5 + 0.3 * i for i in range(10)]),
]
VALUES = [-3.0, 0.0, 0.9, 2.5, 12.0]

mixtures = []
for w, m, s in MIXTURES:
    w, m, s = map(np.array, (w, m, s))
    mixtures.append({
        "weights": w.tolist(), "means": m.tolist(), "deviations": s.tolist(), "values": VALUES,
        "crps": [float(sr.crps_mixnorm(y, m, s, w, backend="numpy")) for y in VALUES],
        "log_score": [float(sr.logs_mixnorm(y, m, s, w, backend="numpy")) for y in VALUES],
    })

lognormal = [
    {"mean": m, "deviation": s, "value": y,
     "crps": float(sr.crps_lognormal(y, m, s, backend="numpy")),
     "log_score": float(sr.logs_lognormal(y, m, s, backend="numpy"))}
    for m, s, y in [(0.0, 1.0, 0.4), (0.0, 1.0, 2.0), (1.2, 0.3, 3.0), (-0.5, 1.8, 6.0)]
]
normal = [{"mean": m, "deviation": s, "value": y, "crps": float(properscoring.crps_gaussian(y, m, s))}
          for m, s, y in [(0.0, 1.0, 0.0), (3.0, 0.2, 2.0), (-1.0, 5.0, 11.0)]]
intervals = [{"low": low, "high": high, "level": level, "value": y,
              "winkler": float(sr.interval_score(y, low, high, 1.0 - level, backend="numpy"))}
             for low, high, level, y in [(-1.0, 2.0, 0.9, 0.5), (-1.0, 2.0, 0.9, 2.5), (-1.0, 2.0, 0.5, -4.0)]]
target = Path(__file__).with_suffix(".json")
target.write_text(json.dumps(
    {"mixtures": mixtures, "lognormal": lognormal, "normal": normal, "intervals": intervals}, indent=1) + "\n")
