# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
chmod 0751 d
ln -s nowhere d/dangling
