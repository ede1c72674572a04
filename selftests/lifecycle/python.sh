#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# modes: host contained pidns
#
# Python's multiprocessing and subprocess modules.

set -eu
exec python3 "$(dirname "$0")/python.py"
