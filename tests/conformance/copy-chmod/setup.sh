# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
chmod 0711 d/sub
ln -s a d/link
