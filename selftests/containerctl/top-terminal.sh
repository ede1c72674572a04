#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# modes: host
#
# containerctl top on a terminal.

set -eu
exec python3 "$(dirname "$0")/top.py"
