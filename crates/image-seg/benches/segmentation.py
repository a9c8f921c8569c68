"""The peers of `cargo run -p image-seg --example accuracy -- FOLDER`, on the same folder.

    python segmentation.py FOLDER

scikit-learn's mixture of Lab colours with five components; SLIC superpixels of scikit-image and that mixture of their
mean colours; OpenCV's grabCut. Segments are scored as they are and with each connected part a segment of its own.
numpy, Pillow, scikit-learn 1.9, scikit-image 0.26, opencv-python-headless 5.0.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from skimage.color import rgb2lab
from skimage.measure import label as connected
from skimage.segmentation import slic
from sklearn.mixture import GaussianMixture


def agreement(segments, truth):
    """Covering, Rand index and variation of information."""
    _, a = np.unique(segments, return_inverse=True)
    _, b = np.unique(truth, return_inverse=True)
    a, b = a.ravel(), b.ravel()
    shape = (a.max() + 1, b.max() + 1)
    both = np.bincount(a * shape[1] + b, minlength=shape[0] * shape[1]).reshape(shape).astype(float)
    rows, columns, n = both.sum(1), both.sum(0), both.sum()
    iou = both / (rows[:, None] + columns - both)
    pairs = lambda v: (v * (v - 1) / 2).sum()
    everything = n * (n - 1) / 2
    rand = (everything + 2 * pairs(both) - pairs(rows) - pairs(columns)) / everything
    there = both > 0
    unknown = np.log(rows[:, None] / np.where(there, both, 1)) + np.log(columns / np.where(there, both, 1))
    return (columns * iou.max(0)).sum() / n, rand, (both * unknown)[there].sum() / n


def mixture(rows, of):
    return GaussianMixture(5, random_state=0).fit(rows).predict(rows)[of]


def segmentations(rgb):
    lab = rgb2lab(rgb)
    rows = lab.reshape(-1, 3)
    yield "mixture of Lab, K = 5", mixture(rows, np.arange(len(rows))).reshape(lab.shape[:2])
    for n in (200, 400):
        patches = slic(rgb, n_segments=n, compactness=10, start_label=0)
        sizes = np.bincount(patches.ravel())
        means = np.stack([np.bincount(patches.ravel(), rows[:, j]) / sizes for j in range(3)], 1)
        yield f"SLIC {n} and the mixture", mixture(means, patches)


def target(people, w, h):
    """As `target` in examples/accuracy.rs."""
    best = None
    for person in people:
        for value in np.unique(person):
            inside = person == value
            n = inside.sum()
            ys, xs = np.nonzero(inside)
            x0, y0, x1, y1 = xs.min(), ys.min(), xs.max(), ys.max()
            mx, my = w // 20, h // 20
            fits = x0 > mx and y0 > my and x1 + mx + 1 < w and y1 + my + 1 < h
            if fits and 0.03 <= n / person.size < 0.5 and (best is None or n > best[0]):
                best = n, (x0 - mx, y0 - my, x1 - x0 + 1 + 2 * mx, y1 - y0 + 1 + 2 * my), inside
    return best and best[1:]


def grab_cut(rgb, rectangle):
    mask = np.zeros(rgb.shape[:2], np.uint8)
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    bgr = np.ascontiguousarray(rgb[:, :, ::-1])
    cv2.grabCut(bgr, mask, tuple(map(int, rectangle)), *models, 10, cv2.GC_INIT_WITH_RECT)
    return (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)


def main(folder):
    scores, cuts, seconds = {}, [], 0.0
    for path in sorted((folder / "images").iterdir()):
        rgb = np.asarray(Image.open(path).convert("RGB"))
        people = sorted((folder / "truth").glob(f"{path.stem}_*.png"))
        people = [np.asarray(Image.open(p)).astype(int) for p in people]
        for name, labels in segmentations(rgb):
            parts = connected(labels + 1, connectivity=1)
            for form, segments in (("as it is", labels), ("connected parts", parts)):
                each = [agreement(segments, truth) for truth in people]
                scores.setdefault(f"{name}, {form}", []).append(np.mean(each, 0))
        found = target(people, rgb.shape[1], rgb.shape[0])
        if found:
            rectangle, inside = found
            start = time.perf_counter()
            cut = grab_cut(rgb, rectangle)
            seconds += time.perf_counter() - start
            iou = (cut & inside).sum() / (cut | inside).sum()
            cuts.append(iou)
            print(f"{path.stem:<10} {tuple(map(int, rectangle))}: IoU {iou:.4f}")
    for name, rows in scores.items():
        covering, rand, vi = np.mean(rows, 0)
        print(f"{name:<44} covering {covering:.4f}  PRI {rand:.4f}  VI {vi:.4f}")
    print(f"grabCut: mean IoU {np.mean(cuts):.4f} of {len(cuts)} rectangles, {seconds / len(cuts):.2f} s each")


main(Path(sys.argv[1]))
