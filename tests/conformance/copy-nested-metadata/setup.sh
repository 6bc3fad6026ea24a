# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
chmod 0700 tree/etc
chmod 0755 tree/home/user
ln -s ../data tree/srv-link
ln -s elsewhere tree/link-to-file
mkdir -p tree/tmp
