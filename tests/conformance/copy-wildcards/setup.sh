# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
echo odd > '[odd]'
ln -s one.txt symbol
ln -s dir2 sdirl
