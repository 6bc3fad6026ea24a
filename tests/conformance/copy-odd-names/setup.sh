# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
printf 1 > "$(printf 'caf\303\251')"
printf 2 > "$(printf '\344\275\240\345\245\275')"
printf 3 > 'with  two spaces'
printf 4 > 'quote"s'\''and$dollar'
printf 5 > '#hash'
printf 6 > ' leading'
printf 7 > 'trailing '
printf 8 > "$(printf 'new\nline')"
printf 9 > 'back\slash'
mkdir -- '-dash'
printf 10 > './-dash/--x'
long=$(printf 'l%.0s' $(seq 1 200))
mkdir -p "$long/$long"
printf 11 > "$long/$long/file-with-a-path-beyond-every-ustar-field"
