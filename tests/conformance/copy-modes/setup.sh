# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
for mode in 0000 0400 0644 0666 0755 0777 1755 2755 4755 6711; do
  echo "$mode" > "file$mode"
done
for mode in 0700 1777 2775 0755; do
  mkdir "dir$mode"
  echo in > "dir$mode/f"
done
cp file4755 setuid
chmod 0644 file0000
for mode in 0400 0644 0666 0755 0777 1755 2755 4755 6711; do chmod "$mode" "file$mode"; done
for mode in 0700 1777 2775 0755; do chmod "$mode" "dir$mode"; done
chmod 4755 setuid
