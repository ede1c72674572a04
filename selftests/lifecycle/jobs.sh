#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# modes: host contained pidns
# timeout: 300
#
# Job control of an interactive bash on a terminal.

set -eu
exec python3 "$(dirname "$0")/jobs.py"
