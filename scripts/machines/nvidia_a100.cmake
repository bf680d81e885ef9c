# A cluster with NVIDIA A100 GPUs: a Kokkos with CUDA (Kokkos_ARCH_AMPERE80), built by its own modules. An example, not tested here.
#
# module load gcc/12.3 cuda/12.4 cmake/3.27 hdf5/1.14.3
# export Kokkos_ROOT=$HOME/kokkos-a100
# cmake -C scripts/machines/nvidia_a100.cmake -S . -B build/cuda && cmake --build build/cuda -j 16

set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(SINTER_CUDA ON CACHE BOOL "")
set(SINTER_CPU_BASELINE x86-64-v3 CACHE STRING "")   # of the host side, the same on login and compute nodes
set(SINTER_TESTS OFF CACHE BOOL "")
