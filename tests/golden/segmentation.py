"""Writes segmentation.json: scores of segments by scikit-image and scikit-learn, and maximum flows by SciPy.

Run from the workspace root with NumPy 2.4, SciPy 1.17, scikit-image 0.26 and scikit-learn 1.9:

    python tests/golden/segmentation.py
"""

import json

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow
from skimage.metrics import variation_of_information
from sklearn.metrics import rand_score

rng = np.random.default_rng(8)


def covering(segments, truth):
    total = 0.0
    for r in np.unique(truth):
        iou = [((truth == r) & (segments == s)).sum() / ((truth == r) | (segments == s)).sum() for s in np.unique(segments)]
        total += (truth == r).mean() * max(iou)
    return total


def labels(k):
    """Blocks of a picture of 24 x 16 with some pixels of other labels."""
    y, x = np.mgrid[:16, :24]
    blocks = (x * k // 24 + y // 6 * 3).ravel()
    stray = rng.random(blocks.size) < 0.1
    return np.where(stray, rng.integers(0, k, blocks.size), blocks)


scores = []
for a, b in ((2, 3), (5, 4), (1, 6), (7, 7)):
    segments, truth = labels(a), labels(b)
    scores.append({
        "segments": segments.tolist(),
        "truth": truth.tolist(),
        "covering": covering(segments, truth),
        "rand_index": rand_score(truth, segments),
        # In bits there, in nats here.
        "variation_of_information": float(np.sum(variation_of_information(truth, segments)) * np.log(2)),
    })

# Node 0 is the source, node 1 the sink.
flows = []
for n, share in ((8, 0.5), (30, 0.2), (60, 0.1)):
    capacity = rng.integers(1, 20, (n, n)) * (rng.random((n, n)) < share)
    np.fill_diagonal(capacity, 0)
    capacity[:, 0] = capacity[1] = 0
    capacity[0, 1] = 0
    edges = [[int(i), int(j), int(capacity[i, j])] for i, j in zip(*np.nonzero(capacity))]
    flow = maximum_flow(csr_array(capacity.astype(np.int32)), 0, 1).flow_value
    flows.append({"n_nodes": n, "edges": edges, "flow": int(flow)})

with open("tests/golden/segmentation.json", "w") as f:
    json.dump({"scores": scores, "flows": flows}, f)
