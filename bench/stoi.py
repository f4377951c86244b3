"""Short-time objective intelligibility (STOI) of speech files against the original: stoi.py ORIGINAL.wav HEARD.wav...

Prints one line of JSON for each. A jitter buffer moves sound by some milliseconds now and then, which nobody hears but which the
measure would take for damage: so each two seconds are first laid on the original by cross-correlation.
"""

import json
import sys
import wave

import numpy as np
from pystoi import stoi

RATE = 48_000
WINDOW = 2 * RATE
REACH = RATE // 2


def read(path: str) -> np.ndarray:
    with wave.open(path) as file:
        assert file.getframerate() == RATE and file.getnchannels() == 1 and file.getsampwidth() == 2, path
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(float) / 32768


def laid_on(original: np.ndarray, heard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The windows of the original and the windows of what was heard that belong to them."""
    left, right = [], []
    for start in range(0, len(original) - WINDOW, WINDOW):
        window = original[start : start + WINDOW]
        around = heard[start : start + WINDOW + REACH]
        if len(around) < WINDOW + REACH:
            break
        size = 1 << (len(window) + len(around)).bit_length()
        product = np.fft.rfft(around, size) * np.conj(np.fft.rfft(window, size))
        lag = int(np.argmax(np.fft.irfft(product, size)[:REACH]))
        left.append(window)
        right.append(around[lag : lag + WINDOW])
    return np.concatenate(left), np.concatenate(right)


def main() -> None:
    original = read(sys.argv[1])
    for path in sys.argv[2:]:
        said, heard = laid_on(original, read(path))
        print(json.dumps({"file": path, "stoi": round(float(stoi(said, heard, RATE)), 4)}), flush=True)


if __name__ == "__main__":
    main()
