# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
chmod 0750 app
chmod 0700 app/lib
mkdir config/empty
