# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the scripts beside it: where the repository is, how to speak, how to configure and count.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# The base image that the peers' tests make takes a minute; all build directories share it.
export OCIBUILD_TEST_CACHE=${OCIBUILD_TEST_CACHE:-$ROOT/build-cache}

say() { printf '\033[1m==\033[0m %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# configure DIRECTORY [MESON OPTION]... - makes the build directory, or only sets options when it is there.
configure() {
  local directory=$1
  shift
  if [ -f "$directory/build.ninja" ]; then
    [ $# -eq 0 ] || meson configure "$directory" "$@"
  else
    meson setup "$directory" "$ROOT" --wrap-mode=nodownload "$@"
  fi
}

# install_example DIRECTORY - puts the server where the example's Dockerfile looks for it; an unchanged one keeps
# its time, so that the next image build is a warm one.
install_example() {
  local built=$1/examples/fluidity-server place=$ROOT/examples/fluidity/build/fluidity-server
  cmp -s "$built" "$place" || install -D -m 755 "$built" "$place"
}

# totals DIRECTORY - sets PASSED, FAILED and SKIPPED from the last `meson test` in DIRECTORY.
totals() {
  local log=$1/meson-logs/testlog.json
  [ -f "$log" ] || die "no test has run in $1"
  read -r PASSED FAILED SKIPPED < <(jq -rs '[.[].result] | map(
      if . == "OK" or . == "EXPECTEDFAIL" then "passed" elif . == "SKIP" then "skipped" else "failed" end)
    | [(map(select(. == "passed")) | length), (map(select(. == "failed")) | length),
       (map(select(. == "skipped")) | length)] | @tsv' "$log")
}

# run_tests DIRECTORY [MESON TEST ARGUMENT]... - runs them, names what failed or was skipped, sets the totals, and
# returns 0 only if at least one test passed and none failed or was skipped.
run_tests() {
  local directory=$1
  shift
  rm -f "$directory/meson-logs/testlog.json"
  meson test -C "$directory" --print-errorlogs "$@" || true
  totals "$directory"
  jq -r 'select(.result != "OK" and .result != "EXPECTEDFAIL") | "\(.result): \(.name)"' \
    "$directory/meson-logs/testlog.json" >&2
  [ "$PASSED" -gt 0 ] && [ "$FAILED" -eq 0 ] && [ "$SKIPPED" -eq 0 ]
}
