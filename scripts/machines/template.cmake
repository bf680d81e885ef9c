# The settings of a machine, for `cmake -C scripts/machines/<machine>.cmake -S . -B build/<machine>`. Copy it, name the machine, and keep
# what differs from the defaults. Modules are loaded before (scripts/site.sh holds the same list for jobs).
#
# module load gcc/12.3 cmake/3.27 hdf5/1.14.3 kokkos/4.6

set(CMAKE_BUILD_TYPE Release CACHE STRING "")
# Kokkos and the libraries, where modules do not put them on CMAKE_PREFIX_PATH:
# set(CMAKE_PREFIX_PATH "/path/to/kokkos;/path/to/kokkos-kernels" CACHE STRING "")
# Processors of the compute nodes, where they differ from those of the node that builds: x86-64-v3, x86-64-v4, znver4, ...
set(SINTER_CPU_BASELINE native CACHE STRING "")
# A Kokkos with CUDA:
# set(SINTER_CUDA ON CACHE BOOL "")
set(SINTER_TESTS OFF CACHE BOOL "")
