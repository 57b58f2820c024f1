#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The real program on a pseudo terminal, where the terminal emulator's library is there to read it.

: "${top_srcdir:=.}" "${top_builddir:=.}" "${tcpshadow:=./tcpshadow}"
. "$top_srcdir/tests/lib/tap.sh"
export tmp

if [ ! -x "$top_builddir/tests/tui_pty" ]; then
	skip "the screens on a terminal" "without libvterm"
	plan
elif ! "$top_builddir/tests/tui_pty" "$tcpshadow" "$top_srcdir/captures"; then
	exit 1
fi
