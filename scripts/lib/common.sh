# shellcheck shell=bash disable=SC2034,SC2154
# Shared by the scripts: where the checkout lies, messages, timing. Sourced, not run.
set -euo pipefail

sinter_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
sinter_deps=$sinter_root/.deps
: "${sinter_quiet:=0}"

say()  { if [[ $sinter_quiet != 1 ]]; then printf '%s\n' "${sinter_program:-sinter}: $*" >&2; fi; }
warn() { printf '%s\n' "${sinter_program:-sinter}: warning: $*" >&2; }
die()  { printf '%s\n' "${sinter_program:-sinter}: error: $*" >&2; exit 1; }

# Seconds since the epoch with a fraction, without a child process.
now() { printf '%s' "${EPOCHREALTIME/,/.}"; }

# since START: the seconds elapsed since START, as "1.2 s".
since() {
  local us=$(( ${EPOCHREALTIME//[.,]/} - ${1//[.,]/} ))
  printf '%d.%d s' $(( us / 1000000 )) $(( us % 1000000 / 100000 ))
}

# hash_of: the SHA-256 of what comes on standard input.
hash_of() { sha256sum | cut -c1-64; }

# log_tail FILE: the end of a log, indented, for an error message.
log_tail() { [[ -s $1 ]] && tail -n "${2:-25}" "$1" | sed 's/^/  | /' >&2; return 0; }

# How many jobs a build may use: what the process may run on, and one for each GiB and a half of memory.
build_jobs() {
  local cpus memory
  cpus=$(nproc)
  memory=$(awk '/^MemAvailable:/ {print int($2 / 1572864)}' /proc/meminfo 2>/dev/null || echo "$cpus")
  if (( memory < 1 )); then memory=1; fi
  echo $(( memory < cpus ? memory : cpus ))
}
