# Route "found": a Kokkos that find_package sees. Sourced by scripts/bootstrap, after common.sh.

# probe_kokkos [PREFIX]: sets kokkos_version, kokkos_dir, kokkos_devices, kokkos_usable, kernels_version, kernels_dir.
probe_kokkos() {
  kokkos_version= kokkos_dir= kokkos_devices= kokkos_usable= kernels_version= kernels_dir=
  local dir=$scratch/probe
  rm -rf "$dir"
  cmake -S "$sinter_root/scripts/lib/probe" -B "$dir" -G "$(probe_generator)" ${1:+-DCMAKE_PREFIX_PATH="$1"} \
    > "$scratch/probe.log" 2>&1 || return 1
  # shellcheck disable=SC1091
  . "$dir/probe.txt"
}

probe_generator() { if command -v make >/dev/null; then echo "Unix Makefiles"; else echo Ninja; fi; }

# Did the user name a Kokkos (rather than the system having one)?
kokkos_named() { [[ -n ${CMAKE_PREFIX_PATH:-}${Kokkos_ROOT:-}${Kokkos_DIR:-} ]]; }
