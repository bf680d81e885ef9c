# shellcheck shell=bash disable=SC2034,SC2154
# Configure and build one preset, and say what takes time. Sourced by scripts/sinter and scripts/test, after common.sh.

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

# build_preset PRESET [TARGET...]: builds, silently where nothing is to do. The compiler's output is shown on failure; on a
# terminal the progress is shown meanwhile, elsewhere a line every half a minute.
build_preset() {
  local preset=$1 tree=$sinter_root/build/$1 begin log targets=() status=0; shift
  begin=$(now)
  if (( $# )); then targets=(--target "$@"); fi
  log=$tree/build.log
  if cmake --build "$tree" "${targets[@]}" -- -n 2>/dev/null | grep -q 'no work to do'; then return; fi
  say "building $preset"
  if [[ -t 2 && $sinter_quiet != 1 ]]; then
    cmake --build "$tree" "${targets[@]}" --parallel "$(build_jobs)" 2>&1 | tee "$log" | build_progress >&2 || status=1
  else
    cmake --build "$tree" "${targets[@]}" --parallel "$(build_jobs)" > "$log" 2>&1 &
    local builder=$! waited=0
    while kill -0 "$builder" 2>/dev/null; do
      sleep 0.2
      waited=$((waited + 1))
      if (( waited % 150 == 0 )); then say "building $preset $(grep -aoE '^\[[0-9]+/[0-9]+\]' "$log" | tail -n 1)"; fi
    done
    wait "$builder" || status=1
  fi
  if [[ $status != 0 ]]; then
    # From the first failure on; ninja writes FAILED before a command that failed.
    if grep -aq '^FAILED' "$log"; then sed -n '/^FAILED/,$p' "$log" | head -n 80 | sed 's/^/  | /' >&2; else log_tail "$log" 40; fi
    say "building $preset failed after $(since "$begin") (the whole log: $log)"
    return 1
  fi
  say "built $preset in $(since "$begin")"
}

# The progress on one line of the terminal.
build_progress() {
  local line width
  width=$(tput cols 2>/dev/null || echo 80)
  while IFS= read -r line; do
    if [[ $line == \[* ]]; then printf '\r\033[K%s' "${line:0:width-1}"; fi
  done
  printf '\r\033[K'
}

# One build of a tree at a time; the others wait. Released by exec and exit.
lock_tree() {
  local tree=$sinter_root/build/$1
  mkdir -p "$tree"
  exec 8> "$tree/lock"
  if ! flock -n 8; then say "another build of $1 is at work: waiting for it"; flock 8; fi
}
unlock_tree() { exec 8>&-; }
