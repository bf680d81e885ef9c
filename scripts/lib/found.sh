# shellcheck shell=bash disable=SC2034,SC2154
# Route "found": a Kokkos that find_package sees. Sourced by scripts/bootstrap, after common.sh.

# probe_kokkos: sets kokkos_version, kokkos_dir, kokkos_devices, kokkos_usable, kernels_version, kernels_dir.
probe_kokkos() {
  local dir=$scratch/probe generator=()
  kokkos_version='' kokkos_dir='' kokkos_devices='' kokkos_usable='' kernels_version='' kernels_dir=''
  if [[ -n $ninja ]]; then generator=(-G Ninja -DCMAKE_MAKE_PROGRAM="$ninja"); fi
  cmake -S "$sinter_root/scripts/lib/probe" -B "$dir" "${generator[@]}" > "$scratch/probe.log" 2>&1 || return 1
  # shellcheck disable=SC1091
  . "$dir/probe.txt"
}

# Did the user name a Kokkos (rather than the system having one)?
kokkos_named() { [[ -n ${CMAKE_PREFIX_PATH:-}${Kokkos_ROOT:-}${Kokkos_DIR:-} ]]; }
