#!/bin/sh
# Take a program apart: scripts/split.sh PROGRAM leaves PROGRAM without its symbols and PROGRAM.debug with them.
#
# The program says where they are (.gnu_debuglink), so that a debugger, valgrind and a panic's backtrace find them beside it. Done again, it
# does nothing: the symbols that are there are those of the program.
set -eu
program=$1
if [ -z "$(objdump --headers --section=.debug_info "$program" 2>/dev/null | grep debug_info || true)" ]; then
	exit 0
fi
objcopy --only-keep-debug "$program" "$program.debug"
# Beside it first: who has the program open keeps the old one.
(cd "$(dirname "$program")" && objcopy --strip-debug --strip-unneeded --add-gnu-debuglink="$(basename "$program").debug" "$(basename "$program")" "$(basename "$program").stripped")
mv "$program.stripped" "$program"
