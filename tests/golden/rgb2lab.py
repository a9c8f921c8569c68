"""Writes rgb2lab.json: colours in Lab by scikit-image.

Run from the workspace root with scikit-image 0.26.0:

    python tests/golden/rgb2lab.py
"""

import json

import numpy as np
import skimage
from skimage.color import rgb2lab

PATH = "tests/golden/rgb2lab.json"

corners = [[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)]
greys = [[v, v, v] for v in (1, 3, 10, 11, 128, 254)]
others = np.random.default_rng(0).integers(0, 256, (200, 3)).tolist()
rgb = corners + greys + others
lab = rgb2lab(np.array(rgb)[None] / 255.0)[0]
with open(PATH, "w") as f:
    source = f"scikit-image {skimage.__version__} rgb2lab, D65, 2 degree observer"
    json.dump({"source": source, "rgb": rgb, "lab": lab.tolist()}, f)
