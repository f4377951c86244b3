#!/usr/bin/env bash
# Install one folder's npm packages exactly as its lock file says: scripts/npm.sh web
set -euo pipefail
cd "$(dirname "$0")/../$1"
echo "stentor: installing the npm packages of $1/"
npm ci --silent --no-audit --no-fund --no-progress </dev/null
