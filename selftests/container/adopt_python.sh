#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# modes: host
# timeout: 400
#
# Python's multiprocessing, moved while it works.

set -eu
exec python3 "$(dirname "$0")/adopt_python.py"
