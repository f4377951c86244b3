#!/usr/bin/env bash
# Run the tests of the whole product: scripts/e2e.sh [FILE...]
#
# They speak and listen in real time. Those that mostly wait run two at once; those with several browsers run alone, for a
# browser without processor time stutters, and that is what they would hear.
set -euo pipefail
cd "$(dirname "$0")/.."

TOGETHER=(bad-input command line-in metrics outside-players)

run() { node --test --test-concurrency="$1" --test-timeout=600000 --test-force-exit "${@:2}"; }

if [ $# -gt 0 ]; then
    run 1 "$@"
    exit
fi

together=() alone=()
for file in e2e/test/*.test.mjs; do
    name=$(basename "$file" .test.mjs)
    if [[ " ${TOGETHER[*]} " == *" $name "* ]]; then together+=("$file"); else alone+=("$file"); fi
done
failed=0
run 2 "${together[@]}" || failed=1
run 1 "${alone[@]}" || failed=1
exit $failed
