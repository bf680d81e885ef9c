# A cluster of AMD EPYC 9004 nodes: a Kokkos with OpenMP. An example; the baseline is that of the machine that Sinter is developed on.
#
# module load gcc/13.2 cmake/3.27 hdf5/1.14.3 kokkos/4.6-openmp
# cmake -C scripts/machines/amd_epyc.cmake -S . -B build/openmp && cmake --build build/openmp -j 16

set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(SINTER_CPU_BASELINE znver4 CACHE STRING "")   # also where a login node is older
set(SINTER_TESTS OFF CACHE BOOL "")
