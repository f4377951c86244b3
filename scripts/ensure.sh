#!/usr/bin/env bash
# Install what is missing on a Debian-like machine, by the name of what it is for; say what is done.
#
#   scripts/ensure.sh rust wasm node cc cmake python iproute chromium firefox pulseaudio ffmpeg fonts promtool janus icecast nginx valgrind
#
# Rust and Node are not installed from here: which one and how is the owner's choice; `wasm` adds a target to a Rust that
# rustup keeps. System packages are the only thing that needs root: as another user they are installed through sudo. `promtool` is
# taken out of its package into target/tools: installed, the package would start a server on this machine.
set -euo pipefail

NODE_MIN="20.19"
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}

PROMTOOL=target/tools/promtool

wanted=()      # Debian packages
missing=()     # what they are for, for the sentence
promtool=there
stop() { echo "stentor: $*" >&2; exit 1; }
want() { missing+=("$1"); shift; wanted+=("$@"); }
has() { command -v "$1" >/dev/null 2>&1; }

# A version is at least another if it sorts last.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | tail -n 1)" = "$1" ]; }

for need in "$@"; do
    case $need in
        rust) has cargo || stop "Rust is missing: install it with rustup (rustup.rs), then run this again." ;;
        wasm)
            target=wasm32-unknown-unknown
            if ! [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
                echo "stentor: missing: Rust's target $target, to show that the core needs no machine."
                # Without it one test says that it did not run; where all must run, it fails.
                has rustup && rustup --quiet target add "$target" || echo "stentor: it could not be added; going on without it."
            fi
            ;;
        node)
            has node && has npm || stop "Node.js $NODE_MIN or newer with npm is missing: install it, then run this again."
            found=$(node --version); found=${found#v}
            at_least "$found" "$NODE_MIN" || stop "Node.js $NODE_MIN or newer is needed, found $found."
            ;;
        cc) has cc && has c++ || want "a C compiler (for libopus and the cryptography)" gcc g++ libc6-dev ;;
        cmake) has cmake || want "cmake (for libopus)" cmake ;;
        python) python3 -c 'import ensurepip, venv' 2>/dev/null || want "Python with venv" python3 python3-venv ;;
        iproute) has ip && has unshare || want "network namespaces" iproute2 util-linux ;;
        chromium) [ -n "$CHROMIUM" ] || want "Chromium" chromium ;;
        firefox) has firefox-esr || has firefox || want "Firefox" firefox-esr ;;
        pulseaudio) has pulseaudio && has parec || want "a sound card for Firefox" pulseaudio pulseaudio-utils ;;
        ffmpeg) has ffmpeg && has ffprobe || want "ffmpeg" ffmpeg ;;
        janus) has janus || want "Janus, a peer to compare with" janus ;;
        icecast) has icecast2 || want "Icecast, a peer to compare with" icecast2 ;;
        nginx) has nginx || [ -x /usr/sbin/nginx ] || want "nginx, a peer to compare with" nginx-light ;;
        valgrind) has valgrind || want "valgrind, to count instructions" valgrind ;;
        openssl) has openssl || want "openssl, to make certificates" openssl ;;
        promtool) has promtool || [ -x "$PROMTOOL" ] || promtool=missing ;;
        fonts) [ -n "$(find /usr/share/fonts -name '*.ttf' -print -quit 2>/dev/null)" ] || want "fonts for the pictures" fonts-dejavu-core ;;
        *) stop "ensure.sh does not know '$need'." ;;
    esac
done

# Needs no root: the package is downloaded, not installed.
take_promtool() {
    echo "stentor: missing: promtool, to check the metrics. Taking it out of the system package prometheus."
    has apt-get && has dpkg-deb || stop "this machine has no apt-get; please install promtool by hand (prometheus.io)."
    local folder
    folder=$(mktemp -d)
    chmod 755 "$folder"
    if (cd "$folder" && apt-get -q download prometheus >log 2>&1 && dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xO ./usr/bin/promtool >promtool); then
        mkdir -p "$(dirname "$PROMTOOL")"
        install -m 755 "$folder/promtool" "$PROMTOOL"
        rm -rf "$folder"
    else
        tail -n 20 "$folder/log" >&2
        rm -rf "$folder"
        stop "promtool could not be taken out of its package (above); apt-get update may help."
    fi
}
[ $promtool = there ] || [ ${#wanted[@]} -gt 0 ] || { take_promtool; exit; }
[ ${#wanted[@]} -gt 0 ] || exit 0

list=$(printf ', %s' "${missing[@]}")
echo "stentor: missing: ${list:2}. Installing the system packages: ${wanted[*]}"
has apt-get || stop "this machine has no apt-get; please install by hand what provides: ${list:2}."

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    has sudo || stop "root is needed to install ${wanted[*]}, and there is no sudo here. As root: apt-get install ${wanted[*]}"
    echo "stentor: root is needed for that; sudo may ask for your password."
    as_root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        stop "apt-get $1 failed (above); nothing else was changed."
    }
}
apt update
apt install -y --no-install-recommends "${wanted[@]}"
echo "stentor: installed: ${wanted[*]}"
[ $promtool = there ] || take_promtool
