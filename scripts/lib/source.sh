# Route "source": the pinned releases of Kokkos and KokkosKernels, built into .deps/kokkos. Sourced by scripts/bootstrap.
# (placeholder: filled below)
source_usable() { echo "not there yet"; return 1; }
