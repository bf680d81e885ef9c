# A build with the space `cuda`: every source that knows Kokkos is compiled as CUDA (sinter_knows_kokkos), whichever way Kokkos itself was
# built. One that was built in CMake's language mode brings its flags; for one that was built with nvcc_wrapper they are added here.
if(NOT "CUDA" IN_LIST Kokkos_DEVICES)
  message(FATAL_ERROR "SINTER_CUDA is on, but the Kokkos in ${Kokkos_DIR} has ${Kokkos_DEVICES} and no CUDA (docs/install.md)")
endif()
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES ${Kokkos_CUDA_ARCHITECTURES})
endif()
if(NOT CMAKE_CUDA_COMPILER)
  find_program(CMAKE_CUDA_COMPILER nvcc HINTS ENV CUDACXX ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
endif()
enable_language(CUDA)

# {fmt} 9 does not compile with nvcc as C++20 without the two definitions, and nvcc 13 lays out nested [[no_unique_address]] members wrongly,
# which Kokkos before 5.0 does not know. Diagnostic 1675 is about pragmas for gcc. The three others are about kernels that call host functions,
# as those of host spaces do; that those for a GPU do not is what the preset cuda-check makes sure of.
target_compile_options(sinter_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;--expt-relaxed-constexpr;-diag-suppress=1675,20011,20013,20014>)
target_compile_definitions(sinter_flags INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:FMT_USE_CONSTEXPR=1;FMT_CONSTEVAL=>)
if(Kokkos_VERSION VERSION_LESS 5.0)
  target_compile_definitions(sinter_flags INTERFACE MDSPAN_IMPL_USE_ATTRIBUTE_NO_UNIQUE_ADDRESS=1)
endif()
if(NOT Kokkos_COMPILE_LANGUAGE STREQUAL "CUDA")
  target_compile_options(sinter_flags INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:--extended-lambda;-Xcompiler=-fopenmp>)
  target_compile_definitions(sinter_flags INTERFACE $<$<COMPILE_LANGUAGE:CUDA>:KOKKOS_DEPENDENCE>)
endif()
