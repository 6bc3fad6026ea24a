# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
mkdir -p d/sub outside
echo shared > d/one
ln d/one d/two
ln d/one d/sub/three
ln d/one outside/four
