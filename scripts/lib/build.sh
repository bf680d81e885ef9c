# shellcheck shell=bash disable=SC2034,SC2154
# Configure and build one preset, and say what takes time. Sourced by scripts/sinter and scripts/test, after common.sh.

# ccache: paths in the checkout count relative to the build tree, so that presets and checkouts share what is the same.
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$sinter_root} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-true}

# configure_preset PRESET [ARGUMENT...]: configures build/PRESET where that is due: a new tree, another set of arguments or
# presets, or other dependencies than those that it was configured with.
configure_preset() {
  local preset=$1 tree=$sinter_root/build/$1 begin key log; shift
  begin=$(now)
  key=$({ echo "$*"; cat "$sinter_deps/toolchain.cmake" "$sinter_root/CMakePresets.json" "$sinter_deps"/kokkos/packages.txt "$sinter_deps"/packages/*/packages.txt 2>/dev/null || true; } | hash_of)
  if [[ -f $tree/build.ninja && $(cat "$tree/configured" 2>/dev/null) == "$key" ]]; then return; fi
  mkdir -p "$tree"
  rm -f "$tree/configured" "$tree/CMakeCache.txt"   # what was found before may lie elsewhere now
  log=$tree/configure.log
  say "configuring $preset"
  if ! (cd "$sinter_root" && cmake --preset "$preset" "$@") > "$log" 2>&1; then
    log_tail "$log" 40
    say "configuring $preset failed (the whole log: $log)"
    return 1
  fi
  printf '%s\n' "$key" > "$tree/configured"
  say "configured $preset in $(since "$begin")"
}

# build_preset PRESET [TARGET...]: builds, silently where nothing is to do. Meanwhile the progress is shown, on a terminal in
# one line, elsewhere every half a minute; the compiler's output is shown on failure.
build_preset() {
  local preset=$1 tree=$sinter_root/build/$1 begin log ninja builder status=0 ticks=0 told=0; shift
  begin=$(now)
  log=$tree/build.log
  ninja=$(sed -n 's/^CMAKE_MAKE_PROGRAM:[^=]*=//p' "$tree/CMakeCache.txt")
  "$ninja" -C "$tree" -j "$(build_jobs)" "$@" > "$log" 2>&1 &
  builder=$!
  trap 'kill "$builder" 2>/dev/null; wait "$builder"; exit 130' INT TERM   # what runs behind does not hear the keyboard
  while kill -0 "$builder" 2>/dev/null; do
    sleep 0.1
    ticks=$((ticks + 1))
    if (( ticks == 10 )); then say "building $preset"; told=1; fi
    if (( ticks > 10 )) && [[ -t 2 && $sinter_quiet != 1 ]]; then
      if (( ticks % 5 == 0 )); then printf '\r\033[K%.100s' "$(build_progress "$log" '.*')" >&2; fi
    elif (( ticks % 300 == 0 )); then
      say "building $preset $(build_progress "$log")"
    fi
  done
  wait "$builder" || status=1
  trap - INT TERM
  if [[ -t 2 && $told == 1 && $sinter_quiet != 1 ]]; then printf '\r\033[K' >&2; fi
  if [[ $status != 0 ]]; then
    # From the first failure on; ninja writes FAILED before a command that failed.
    if grep -aq '^FAILED' "$log"; then sed -n '/^FAILED/,$p' "$log" | sed -n 1,80p | sed 's/^/  | /' >&2; else log_tail "$log" 40; fi
    say "building $preset failed after $(since "$begin") (the whole log: $log)"
    return 1
  fi
  if ! grep -aq 'no work to do' "$log"; then say "built $preset in $(since "$begin")"; fi
}

# build_progress LOG [MORE]: ninja's last "[done/all]", and what follows it where asked.
build_progress() { grep -aoE "^\[[0-9]+/[0-9]+\]${2:-}" "$1" | tail -n 1; }

# One build of a tree at a time; the others wait. Released by exec and exit.
lock_tree() {
  local tree=$sinter_root/build/$1
  mkdir -p "$tree"
  exec 8> "$tree/lock"
  if ! flock -n 8; then say "another build of $1 is at work: waiting for it"; flock 8; fi
}
unlock_tree() { exec 8>&-; }
