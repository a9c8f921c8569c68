"""Prints the numbers in golden.rs and slides.rs.

Made with Python 3, NumPy 2.4.6 and scikit-learn 1.9.1 on x86-64 Linux.
"""

import numpy as np
from sklearn.datasets import make_moons

print(np.__version__)


def show(name, value):
    print(name, np.asarray(value).tolist())


for seed in [0, 1, 42, 2**32 - 1]:
    state = np.random.RandomState(seed)
    show(f"words {seed}", state.randint(0, 2**32, 4, dtype=np.uint32))
words = np.random.RandomState(5489).randint(0, 2**32, 10_000, dtype=np.uint32)
show("word 10000 of 5489", words[-1])
show("random_sample", np.random.RandomState(42).random_sample(4))
show("random_sample 2000", np.random.RandomState(7).random_sample(2000)[-1])
show("uniform", np.random.RandomState(3).uniform(-2, 6, 3))
show("standard_normal", np.random.RandomState(42).standard_normal(5))
state = np.random.RandomState(11)
show("mixed", [state.normal(1, 2), state.random_sample(), state.normal(1, 2), state.normal(1, 2)])
state = np.random.RandomState(9)
show("randint", [int(state.randint(n)) for n in [1, 10, 1797, 2**32, 2**33 + 1, 2**62]])
state = np.random.RandomState(42)
x = np.arange(12)
state.shuffle(x)
show("shuffle", x)
show("then", state.random_sample())
show("permutation", np.random.RandomState(5).permutation(9))
show("choice", np.random.RandomState(5).choice(9, 4, replace=False))
for variances in [[1, 4, 2], [2, 1, 2, 0.5], [0, 3], [3, 1, 3, 1, 3, 1]]:
    mean = np.arange(len(variances)) - 0.25
    state = np.random.RandomState(13)
    show(f"multivariate_normal {variances}", state.multivariate_normal(mean, np.diag(variances), 2))
x, y = make_moons(n_samples=7, noise=0.1, random_state=42)
show("moons", x)
show("labels", y)


def facts(name, x):
    show(f"{name} first", x[:3])
    show(f"{name} last", x[-3:])
    show(f"{name} sums", [x.sum(), (x * x).sum()])


random = np.random


def blobs(n_first, n_second):
    return np.concatenate([
        random.multivariate_normal([0, 0], [[1, 0], [0, 1]], n_first),
        random.multivariate_normal([4, 4], [[1.5, 0], [0, 1.5]], n_second),
    ])


random.seed(42)
facts("slide 1", np.concatenate([random.normal(0, 1, 300), random.normal(5, 1.5, 700)]).reshape(-1, 1))
random.seed(42)
facts("slide 5", blobs(200, 300))
random.seed(42)
facts("slide 6", np.vstack([blobs(400, 600), random.uniform(low=-2, high=6, size=(50, 2))]))
random.seed(42)
facts("slide 7", np.concatenate([random.normal(-2, 1, 300), random.normal(2, 1.5, 700)]).reshape(-1, 1))
random.seed(42)
facts("slide 11", np.concatenate([random.normal(0, 1, (500, 2)), random.normal(3, 0.5, (500, 2))]))
random.seed(42)
facts("slide 12", np.vstack([random.normal(0, 1, (1000, 2)), random.uniform(-5, 5, (50, 2))]))
facts("slide 13", make_moons(n_samples=1000, noise=0.1, random_state=42)[0])
random.seed(42)
t = np.linspace(0, 10, 1000)
regime1 = np.sin(2 * np.pi * t) + random.normal(0, 0.1, 1000)
regime2 = 2 * np.cos(2 * np.pi * t) + random.normal(0, 0.1, 1000)
series = np.where(t < 5, regime1, regime2)
facts("slide 14", np.column_stack([series[:-1], series[1:]]))
