#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
# kernels: stock
#
# containerctl run and exec at a terminal.

set -eu
exec python3 "$(dirname "$0")/terminal.py"
