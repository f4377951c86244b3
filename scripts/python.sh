#!/usr/bin/env bash
# Make the tests' Python environment: scripts/python.sh FOLDER REQUIREMENTS
set -euo pipefail
folder=$1 requirements=$2
echo "stentor: installing the Python packages of $requirements into $folder"
[ -x "$folder/bin/pip" ] || python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" </dev/null
