"""Golden spectrograms; run at the root of the repository with numpy 2.4.6 and scipy 1.17.1:

    python crates/speech-seg/tests/golden/spectrogram.py > crates/speech-seg/tests/golden/spectrogram.json
"""

import json

import numpy as np
import scipy
from scipy.io import wavfile
from scipy.signal import spectrogram


def of(samples, rate, nperseg, noverlap):
    f, t, power = spectrogram(np.asarray(samples, float), fs=rate, nperseg=nperseg, noverlap=noverlap)
    return f, t, power


rate, samples = wavfile.read("assets/speech/allison_en/train/vm-intro.wav")
f, t, power = of(samples, rate, 256, 128)
shipped = {
    "shape": power.shape,
    "frequencies": f[[0, 1, 128]].tolist(),
    "times": t[[0, 1, 351]].tolist(),
    "column_100": power[:, 100].tolist(),
    "row_7": power[7].tolist(),
    "sum": power.sum(),
}

# Integers without a pattern that a short window could see.
samples = [(i * i * 7 + i * 13) % 101 - 50 for i in range(60)]
small = []
for nperseg, noverlap in [(2, 1), (3, 0), (8, 0), (9, 4), (17, 16), (31, 5), (60, 0)]:
    f, t, power = of(samples, 50, nperseg, noverlap)
    small.append({
        "nperseg": nperseg,
        "noverlap": noverlap,
        "frequencies": f.tolist(),
        "times": t.tolist(),
        "power": power.tolist(),
    })

versions = {"numpy": np.__version__, "scipy": scipy.__version__}
print(json.dumps({"versions": versions, "shipped": shipped, "small": small}))
