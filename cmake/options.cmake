# The switches of the build, and the one interface target that carries the compiler flags of all of Sinter's own code.
option(SINTER_PROGRAM "Build the program `sinter` and its backend modules" ${PROJECT_IS_TOP_LEVEL})
option(SINTER_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(SINTER_BENCHMARKS "Build the benchmarks (needs Google Benchmark)" OFF)
option(SINTER_INSTALL "Generate install rules" ${PROJECT_IS_TOP_LEVEL})
option(SINTER_MOCK "Build the mock device space (developers: tests that nothing touches device memory unseen)" OFF)
set(SINTER_MPI "AUTO" CACHE STRING "Training by several ranks: AUTO (where MPI is found), ON or OFF")
option(SINTER_CUDA "Build the CUDA space (needs a CUDA-enabled Kokkos)" OFF)
option(SINTER_CUDA_CHECK "Only compile every kernel for NVIDIA GPUs and report registers and spills" OFF)
option(SINTER_WARNINGS_AS_ERRORS "Treat warnings as errors" OFF)
set(SINTER_CPU_BASELINE "native" CACHE STRING "-march of host code: native, x86-64-v3, x86-64-v4, ... or empty")
set(SINTER_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=: address,undefined or thread")
set(SINTER_PRECISIONS "float32;float64" CACHE STRING "Precisions to instantiate")
set(SINTER_SPACES "" CACHE STRING "Spaces to instantiate, such as cuda;openmp; empty: all that Kokkos has")

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  find_program(SINTER_CCACHE ccache)
  if(SINTER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${SINTER_CCACHE})
  endif()
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# What decides over bits: contraction is off, so that the same expression gives the same bits whether fused or separate.
# An application that calls Sinter's device functions links it too (docs/embedding.md).
add_library(sinter_numerics INTERFACE)
add_library(sinter::numerics ALIAS sinter_numerics)
set_target_properties(sinter_numerics PROPERTIES EXPORT_NAME numerics)
target_compile_options(sinter_numerics INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off> $<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;-Xcompiler=-ffp-contract=off>)

# Flags of our own code.
add_library(sinter_flags INTERFACE)
target_link_libraries(sinter_flags INTERFACE sinter_numerics)
target_compile_features(sinter_flags INTERFACE cxx_std_20)
target_compile_options(sinter_flags INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wno-unknown-pragmas -fno-math-errno -fno-trapping-math>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${SINTER_WARNINGS_AS_ERRORS}>>:-Werror>
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wno-unknown-pragmas,-Wno-parentheses,-fno-math-errno,-fno-trapping-math>)

# Of code outside of kernels whose time is that of files and terminals: it takes a compiler nearly twice as long at -O3 as at -O1, and with
# sanitizers at -O1 as at -O0.
add_library(sinter_not_hot INTERFACE)
set(_level -O1)
if(SINTER_SANITIZE)
  set(_level -O0)
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Release")
  set(_level "")
endif()
target_compile_options(sinter_not_hot INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU,Clang>:${_level}>)

# The processor that host code is compiled for.
add_library(sinter_baseline INTERFACE)
add_library(sinter::baseline ALIAS sinter_baseline)
set_target_properties(sinter_baseline PROPERTIES EXPORT_NAME baseline)
if(SINTER_CPU_BASELINE)
  target_compile_options(sinter_baseline INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-march=${SINTER_CPU_BASELINE}>
    $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-march=${SINTER_CPU_BASELINE}>)
  target_compile_options(sinter_baseline INTERFACE
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU,Clang>>:-mprefer-vector-width=512>
    $<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<CXX_COMPILER_ID:GNU,Clang>>:-Xcompiler=-mprefer-vector-width=512>)
endif()
if(SINTER_SANITIZE)
  # Instrumented loops do not always become vectors, which Clang warns of where a loop asks for it.
  # Lines are all that a report needs of debug information, and more (-g after a -g1 is more) is a third of the compiler's time. What
  # undefined behaviour finds ends the program, as what the address sanitizer finds does.
  target_compile_options(sinter_flags INTERFACE -fsanitize=${SINTER_SANITIZE} -fno-omit-frame-pointer -g1
    $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-pass-failed>)
  if(SINTER_SANITIZE MATCHES "undefined")
    target_compile_options(sinter_flags INTERFACE -fno-sanitize-recover=undefined)
    # What a null pointer reaches, the address sanitizer reports; the check for null tells of references bound to one and of members
    # called by one, too. It is off where Kokkos is known: that is most of the compiler's time, of which it took a sixth (GCC 12;
    # of the test of dense_forward alone, which passes with it, 4 %).
    target_compile_options(sinter_baseline INTERFACE $<BUILD_INTERFACE:-fno-sanitize=null>)
  endif()
  target_link_options(sinter_flags INTERFACE -fsanitize=${SINTER_SANITIZE})
endif()
