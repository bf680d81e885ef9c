#!/usr/bin/env bash
# check.sh SOURCE: fails where shellcheck has a warning or an error; 77 where there is no shellcheck or no list of files.
set -euo pipefail
cd "$1"
if ! command -v shellcheck > /dev/null; then echo "no shellcheck here"; exit 77; fi
if ! git rev-parse --git-dir > /dev/null 2>&1; then echo "no git, which lists the files"; exit 77; fi
scripts=()
while IFS= read -r file; do
  if [[ -f $file ]] && head -n 1 "$file" | grep -qE '^#!.*[/ ](ba)?sh( |$)|^# shellcheck shell=bash'; then scripts+=("$file"); fi
done < <(git ls-files --cached --others --exclude-standard -- scripts tests .ci)
echo "${#scripts[@]} scripts"
(( ${#scripts[@]} > 20 )) || { echo "too few: the list is wrong"; exit 1; }
shellcheck --severity=warning "${scripts[@]}"
