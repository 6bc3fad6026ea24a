# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
: > d/empty
mkdir -p d/a/b/c
chmod 0500 d/plain
