# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
mkdir "with space"
echo xy > "with space/x y"
echo e > "$(printf 'caf\303\251')"
