"""Speakers by scikit-learn: a GaussianMixture for each speaker on the front end of python_speech_features' kind, as
examples/speakers.rs measures it here. Usage: speakers.py FOLDER ASSETS, where FOLDER has files {digit}_{speaker}_{take}.wav
and ASSETS is assets/speech. Needs numpy, scipy and scikit-learn."""

import glob
import os
import sys
import warnings

import numpy as np
import scipy.io.wavfile
from scipy.fftpack import dct
from sklearn.mixture import GaussianMixture

warnings.filterwarnings("ignore")
FILTERS, CEPSTRA, LOW, HIGH, RATE, SIZE = 24, 19, 100.0, 3800.0, 8000, 256


def bank():
    points = 700 * (np.exp(np.linspace(np.log1p(LOW / 700), np.log1p(HIGH / 700), FILTERS + 2)) - 1)
    at = np.arange(SIZE // 2 + 1) * RATE / SIZE
    rise = (at - points[:-2, None]) / np.diff(points)[:-1, None]
    fall = (points[2:, None] - at) / np.diff(points)[1:, None]
    return np.maximum(0, np.minimum(rise, fall))


BANK = bank()


def rows(samples):
    frames = np.lib.stride_tricks.sliding_window_view(samples, 200)[::80]
    frames = frames - frames.mean(1, keepdims=True)
    frames = np.hstack([frames[:, :1] * 0.03, frames[:, 1:] - 0.97 * frames[:, :-1]]) * np.hamming(200)
    energy = np.abs(np.fft.rfft(frames, SIZE)) ** 2 @ BANK.T
    energy = np.maximum(energy, energy.max() * 1e-8)
    cepstra = dct(np.log(energy), 2, norm="ortho", axis=1)[:, 1 : CEPSTRA + 1]
    padded = np.pad(cepstra, ((2, 2), (0, 0)), "edge")
    n = len(cepstra)
    slopes = sum(k * (padded[2 + k : 2 + k + n] - padded[2 - k : 2 - k + n]) for k in (1, 2)) / 10
    level = 10 * np.log10(energy.sum(1))
    loud = level > np.percentile(level, 98) - 30
    both = np.hstack([cepstra, slopes])[loud]
    return both - both.mean(0)


def noisy(samples, ratio, seed):
    if ratio is None:
        return samples
    noise = np.random.default_rng(seed).standard_normal(len(samples))
    return samples + noise * np.sqrt(samples.var() / 10 ** (ratio / 10))


def read(path):
    return scipy.io.wavfile.read(path)[1].astype(float)


def measured(name, train, test, components):
    models = {}
    for speaker, recordings in train.items():
        stacked = np.vstack([rows(x) for x in recordings])
        models[speaker] = GaussianMixture(
            components, covariance_type="diag", reg_covar=1e-2, random_state=0
        ).fit(stacked)
    for label, ratio in (("clean", None), ("white noise, 10 dB", 10)):
        right = total = 0
        for seed, (speaker, samples) in enumerate(test):
            x = rows(noisy(samples, ratio, seed))
            best = max(models, key=lambda s: models[s].score(x))
            right += best == speaker
            total += 1
        print(f"| {name}, {components} components each, {label} | {100 * right / total:.1f} % of {total} |")


def main(folder, assets):
    voices = sorted(os.listdir(assets))
    voices = [v for v in voices if os.path.isdir(f"{assets}/{v}/train")]
    part = lambda v, p: [read(f) for f in sorted(glob.glob(f"{assets}/{v}/{p}/*.wav"))]
    train = {v: part(v, "train") for v in voices}
    test = [(v, x) for v in voices for x in part(v, "test")]
    for components in (8, 32):
        measured("shipped voices", train, test, components)
    known, tried = {}, []
    for path in sorted(glob.glob(f"{folder}/*.wav")):
        _, speaker, take = os.path.basename(path)[:-4].split("_")
        if int(take) < 15:
            known.setdefault(speaker, []).append(read(path))
        else:
            tried.append((speaker, read(path)))
    for components in (8, 32):
        measured("spoken digits", known, tried, components)


main(*sys.argv[1:3])
