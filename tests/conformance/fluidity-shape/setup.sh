# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
chmod 0755 build/fluidity-server
