"""Makes larger images of the 8 × 8 digits, and reads them by their nearest neighbour.

    python larger.py FOLDER

Copies are enlarged, turned, sheared and moved at random; those to learn from are of the first 900 images, those to read of
the others. FOLDER gets IDX files for `digits train` and `digits evaluate`.
"""

import pathlib
import sys

import numpy as np
from scipy.ndimage import affine_transform
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

N_LEARNED = 900
DIGITS = load_digits()


def warped(image, side, rng):
    turn = rng.normal(0, 0.12)
    size = 1 + rng.normal(0, 0.07)
    shear = rng.normal(0, 0.1)
    matrix = np.array([[np.cos(turn), -np.sin(turn) + shear], [np.sin(turn), np.cos(turn)]])
    matrix = matrix / size * (10 / side)
    middle = side / 2 - 0.5 + rng.normal(0, side / 40, 2)
    large = affine_transform(
        image, matrix, 3.5 - matrix @ middle, output_shape=(side, side), order=3, cval=0
    )
    large = 255 / (1 + np.exp(-0.7 * (large - 7)))
    large = large + rng.normal(0, 4, large.shape) * (large > 5)
    large[large < 8] = 0
    return np.clip(large, 0, 255)


def make(folder, name, n, side, part, seed):
    rng = np.random.default_rng(seed)
    sources, labels = DIGITS.images[part], DIGITS.target[part]
    chosen = rng.integers(0, len(sources), n)
    images = np.zeros((n, side, side), np.uint8)
    for i, source in enumerate(chosen):
        images[i] = warped(sources[source], side, rng)
    labels = labels[chosen].astype(np.uint8)
    for kind, array in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
        head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        (folder / f"{name}-{kind}").write_bytes(head + array.tobytes())
    return images.reshape(n, -1).astype(float), labels


def main(folder):
    learned, unseen = slice(None, N_LEARNED), slice(N_LEARNED, None)
    for side, n_learned, n_read, seed in ((16, 3000, 1000, 2), (28, 10_000, 2000, 0)):
        train = make(folder, f"train-{side}", n_learned, side, learned, seed)
        test = make(folder, f"test-{side}", n_read, side, unseen, seed + 1)
        share = KNeighborsClassifier(1).fit(*train).score(*test)
        print(f"{side} x {side}: 1-NN {share:.2%}")


main(pathlib.Path(sys.argv[1]))
