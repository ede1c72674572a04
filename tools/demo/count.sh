# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Run with sh; see demo.sh.
i=0
while sleep 0.1; do
	i=$((i + 1))
	echo "process $$ counts $i"
done
