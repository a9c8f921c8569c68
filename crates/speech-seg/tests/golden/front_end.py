"""Golden cepstra and resampled recordings, computed another way: filter banks frequency by frequency, scipy's DCT, and
resampling as one dense product; run at the root of the repository with numpy 2.4.6 and scipy 1.17.1:

    python crates/speech-seg/tests/golden/front_end.py > crates/speech-seg/tests/golden/front_end.json
"""

import json

import numpy as np
import scipy
from scipy.fft import dct
from scipy.io import wavfile

QUIETEST = 1e-8


def mel(f):
    return 2595 * np.log10(1 + np.asarray(f, float) / 700)


def warped(f, warp, high):
    knee = 0.8 * high / max(warp, 1.0)
    return np.interp(f, [0, knee, high], [0, warp * knee, high])


def bank(n_filters, low, high, n, rate, warp):
    edges = np.linspace(mel(low), mel(high), n_filters + 2)
    edges = mel(warped(700 * (10 ** (edges / 2595) - 1), warp, high))
    at = mel(np.fft.rfftfreq(n, 1 / rate))
    return np.array([np.interp(at, edges[i:i + 3], [0, 1, 0], left=0, right=0) for i in range(n_filters)])


def slopes(x):
    padded = np.pad(x, ((2, 2), (0, 0)), mode="edge")
    n = len(x)
    return (padded[3:3 + n] - padded[1:1 + n] + 2 * (padded[4:4 + n] - padded[:n])) / 10


def cepstra(x, rate, window=0.025, step=0.01, emphasis=0.97, n_filters=26, low=100.0, high=None, warp=1.0,
            n_cepstra=13, level="zeroth", lifter=0, n_deltas=2, normalization="mean"):
    length, hop = round(window * rate), round(step * rate)
    high = high or 0.95 * rate / 2
    n = 1 << (length - 1).bit_length()
    frames = np.lib.stride_tricks.sliding_window_view(x, length)[::hop]
    frames = frames - frames.mean(axis=1, keepdims=True)
    energy = (frames ** 2).sum(axis=1)
    before = np.hstack([frames[:, :1], frames[:, :-1]])
    power = np.abs(np.fft.rfft((frames - emphasis * before) * np.hamming(length), n)) ** 2
    bands = power @ bank(n_filters, low, high, n, rate, warp).T
    logs = np.log(np.maximum(bands, bands.max() * QUIETEST))
    c = dct(logs, type=2, norm="ortho", axis=1)
    if lifter:
        c *= 1 + lifter / 2 * np.sin(np.pi * np.arange(n_filters) / lifter)
    if level == "none":
        c = c[:, 1:]
    c = c[:, :n_cepstra].copy()
    if level == "energy":
        c[:, 0] = np.log(np.maximum(energy, energy.max() * QUIETEST))
    rows = [c]
    for _ in range(n_deltas):
        rows.append(slopes(rows[-1]))
    rows = np.hstack(rows)
    if normalization != "none":
        rows = rows - rows.mean(axis=0)
    if normalization == "mean-variance":
        rows = rows / rows.std(axis=0)
    return rows


def resampled(x, rate, to):
    band = min(1.0, to / rate)
    cutoff = band * (0.5 - 0.5 * (80 - 7.95) / (14.36 * 128))
    reach = int(np.ceil(64 / band))
    out = []
    for m in range(-(-len(x) * to // rate)):
        at = m * rate / to
        middle = m * rate // to
        k = np.arange(middle + 1 - reach, middle + reach + 1)
        inside = np.clip(1 - ((k - at) / reach) ** 2, 0, None)
        w = np.sinc(2 * cutoff * (k - at)) * np.i0(0.1102 * (80 - 8.7) * np.sqrt(inside)) * (np.abs(k - at) <= reach)
        w /= w.sum()
        there = (k >= 0) & (k < len(x))
        out.append(w[there] @ x[k[there]])
    return np.array(out)


rate, samples = wavfile.read("assets/speech/allison_en/train/vm-intro.wav")
samples = samples.astype(float)
cases = []
for settings in [
    {},
    {"warp": 1.15, "n_deltas": 0, "normalization": "none"},
    {"warp": 0.88, "n_deltas": 1, "normalization": "mean-variance"},
    {"level": "energy", "lifter": 22, "low": 0.0, "high": 4000.0, "n_filters": 20, "normalization": "none"},
    {"level": "none", "window": 0.032, "step": 0.016, "n_cepstra": 19, "emphasis": 0.0},
]:
    rows = cepstra(samples, rate, **settings)
    kept = [0, 1, 57, len(rows) - 1]
    cases.append({
        "settings": settings,
        "shape": rows.shape,
        "kept": kept,
        "rows": rows[kept].tolist(),
        "squares": (rows ** 2).sum(),
    })

# Integers without a pattern.
wave = np.array([(i * i * 7 + i * 13) % 101 - 50 for i in range(900)], float)
rates = []
for start, to in [(16000, 8000), (44100, 8000), (8000, 11025), (7919, 8000)]:
    rates.append({"from": start, "to": to, "samples": resampled(wave, start, to).tolist()})

versions = {"numpy": np.__version__, "scipy": scipy.__version__}
print(json.dumps({"versions": versions, "cepstra": cases, "resampled": rates}))
