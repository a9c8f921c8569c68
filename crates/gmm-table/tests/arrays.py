"""Writes the arrays of tests/arrays: NumPy 2.4."""

import io
import os
import zipfile

import numpy as np

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "arrays")
os.makedirs(folder, exist_ok=True)
x = np.array([[1.5, -2.0, 3.0], [0.0, np.nan, 1e300]])


def path(name):
    return os.path.join(folder, name)


np.save(path("f8.npy"), x)
np.save(path("f8-columns.npy"), np.asfortranarray(x))
np.save(path("f8-big.npy"), x.astype(">f8"))
np.save(path("f4.npy"), np.array([[0.1, -2.5]], dtype="<f4"))
np.save(path("i8-one.npy"), np.array([-1, 2, 3]))
np.save(path("u1.npy"), np.array([[0, 255]], dtype="u1"))
np.save(path("bool.npy"), np.array([[True, False]]))
np.save(path("records.npy"), np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]))
np.save(path("cube.npy"), np.zeros((2, 2, 2)))
np.save(path("texts.npy"), np.array(["a", "b"]))
np.savez(path("two.npz"), x=x, labels=np.array([0, 1]))
np.savez_compressed(path("packed.npz"), x=np.asfortranarray(x), y=2 * x)
