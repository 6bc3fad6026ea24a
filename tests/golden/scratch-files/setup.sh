# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
mkdir -p dir/sub empty
echo one > dir/one
ln dir/one dir/sub/same
ln -s ../one dir/sub/link
printf '%s' content > "$(printf 'caf\303\251')"
chmod 4755 dir/one
chmod 0700 dir/sub
# Zeros and repetition, so that the layer is longer than one compressed chunk.
head -c 5000000 /dev/zero > zeros
seq 1 400000 > numbers
long=$(printf 'l%.0s' $(seq 1 120))
mkdir -p "$long/$long"
: > "$long/$long/file"
