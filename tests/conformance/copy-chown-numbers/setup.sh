# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
ln -s a d/link
