"""Writes detection.json: curves of detectors as scikit-learn has them.

Run from the workspace root with scikit-learn 1.9 and numpy 2:

    python tests/golden/detection.py
"""

import json

import numpy as np
import sklearn
from sklearn.metrics import average_precision_score, det_curve, precision_recall_curve, roc_auc_score, roc_curve


def case(name, scores, truth):
    alarms, hits, _ = roc_curve(truth, scores, drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(truth, scores)
    det_alarms, det_misses, _ = det_curve(truth, scores)
    return {
        "name": name,
        "scores": scores.tolist(),
        "truth": truth.tolist(),
        "roc_auc_score": roc_auc_score(truth, scores),
        "average_precision_score": average_precision_score(truth, scores),
        "false_alarm_rate": alarms.tolist(),
        "detection_rate": hits.tolist(),
        # From the largest threshold down, as the others.
        "precision": precision[::-1].tolist(),
        "recall": recall[::-1].tolist(),
        "det_false_alarm_rate": det_alarms.tolist(),
        "det_miss_rate": det_misses.tolist(),
    }


rng = np.random.default_rng(1)
truth = rng.random(60) < 0.3
shifted = rng.normal(size=60) + truth
cases = [
    case("distinct", shifted, truth),
    case("rounded to ties", np.round(shifted), truth),
    case("rare targets", np.round(rng.normal(size=50), 1), np.arange(50) % 25 == 3),
    case("all equal", np.ones(8), np.arange(8) < 3),
    case("backwards", -shifted, truth),
]
with open("tests/golden/detection.json", "w") as f:
    json.dump({"source": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}", "cases": cases}, f, indent=1)
