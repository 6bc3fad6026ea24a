# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
mkdir -p empty d/sub/empty
chmod 0700 d
chmod 0711 d/sub
chmod 0770 empty
