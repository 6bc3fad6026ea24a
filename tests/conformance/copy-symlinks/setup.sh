# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
ln -s real to-file
ln -s target to-dir
ln -s ../to-file d/chain
ln -s /real absolute
ln -s ../../../real climbing
ln -s /etc/passwd d/absolute
ln -s nothing d/dangling
ln -s . d/self
