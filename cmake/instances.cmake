# Which (space, precision) pairs are built, the sources that instantiate them, and the backend module that holds them with its manifest.

# name|Tag|Kokkos device: the closed list of runtime/spaces.hpp.
set(_known "cuda|Cuda|CUDA" "hip|Hip|HIP" "sycl|Sycl|SYCL" "openmp|OpenMP|OPENMP" "threads|Threads|THREADS" "serial|Serial|SERIAL")
foreach(_space IN LISTS SINTER_SPACES)
  if(NOT "${_known}" MATCHES "(^|;)${_space}[|]" AND NOT (SINTER_MOCK AND _space STREQUAL "mock"))
    message(FATAL_ERROR "SINTER_SPACES names '${_space}'; allowed: cuda, hip, sycl, openmp, threads, serial, and mock with SINTER_MOCK")
  endif()
endforeach()
set(_host "")
set(_device "")
foreach(_entry IN LISTS _known)
  string(REPLACE "|" ";" _entry "${_entry}")
  list(GET _entry 0 _name)
  list(GET _entry 1 _tag)
  list(GET _entry 2 _kokkos)
  if(_kokkos IN_LIST Kokkos_DEVICES AND (NOT SINTER_SPACES OR _name IN_LIST SINTER_SPACES))
    if(_name MATCHES "cuda|hip|sycl")
      list(APPEND _device "${_name}|${_tag}")
    else()
      list(APPEND _host "${_name}|${_tag}")
    endif()
  endif()
endforeach()
if(NOT _host AND NOT _device AND NOT SINTER_MOCK)
  message(FATAL_ERROR "This Kokkos has none of the spaces that Sinter knows (SINTER_SPACES: '${SINTER_SPACES}'); its devices: ${Kokkos_DEVICES}")
endif()

# Which spaces a module holds: those of one Kokkos in one module, named after its device; the mock device space in one of its own.
if(_device)
  list(GET _device 0 _first)
  string(REGEX REPLACE "\\|.*" "" _first ${_first})
  set(SINTER_MODULES ${_first})
  set(SINTER_SPACES_${_first} ${_device} ${_host})
elseif(_host)
  set(SINTER_MODULES host)
  set(SINTER_SPACES_host ${_host})
else()
  set(SINTER_MODULES "")
endif()
if(SINTER_MOCK)
  list(APPEND SINTER_MODULES mock)
  set(SINTER_SPACES_mock "mock|Mock")
endif()

# What tests and benchmarks of kernels run on (tests/support/spaces.hpp): all of these pairs, or the mock device space alone where there is one.
set(_tested ${SINTER_MODULES})
if(SINTER_MOCK)
  set(_tested mock)
endif()
set(_tags "")
foreach(_module IN LISTS _tested)
  list(APPEND _tags ${SINTER_SPACES_${_module}})
endforeach()
list(TRANSFORM _tags REPLACE ".*[|]" "sinter::spaces::")
list(JOIN _tags "," _tags)
list(JOIN SINTER_PRECISIONS "," _reals)
string(REPLACE "float32" "float" _reals "${_reals}")
string(REPLACE "float64" "double" _reals "${_reals}")
add_library(sinter_tested_pairs INTERFACE)
# In a header: nvcc takes what follows a comma in -D for another macro.
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/include/sinter_tested_pairs/tested_pairs.hpp
     CONTENT "#pragma once\n#define SINTER_TESTED_SPACES @_tags@\n#define SINTER_TESTED_PRECISIONS @_reals@\n" @ONLY)
target_include_directories(sinter_tested_pairs INTERFACE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_BINARY_DIR}/include/sinter_tested_pairs)

# The sources of one kind for one module's pairs, generated from instances/<kind>.cpp.in; also ENTRIES and DECLARATIONS of its table.
macro(sinter_instantiate kind module result)
  set(DECLARATIONS "")
  set(ENTRIES "")
  foreach(_pair IN LISTS SINTER_SPACES_${module})
    string(REPLACE "|" ";" _pair "${_pair}")
    list(GET _pair 0 NAME)
    list(GET _pair 1 SPACE)
    foreach(PRECISION IN LISTS SINTER_PRECISIONS)
      if(PRECISION STREQUAL "float32")
        set(REAL float)
        set(FLOAT_ONLY "")
      else()
        set(REAL double)
        set(FLOAT_ONLY "// ")
      endif()
      set(_source ${PROJECT_BINARY_DIR}/instances/${kind}_${NAME}_${PRECISION}.cpp)
      configure_file(${PROJECT_SOURCE_DIR}/models/instances/${kind}.cpp.in ${_source} @ONLY)
      list(APPEND ${result} ${_source})
      string(APPEND DECLARATIONS "std::unique_ptr<Runner> make_runner_${NAME}_${PRECISION}();\n")
      string(APPEND ENTRIES "      {\"${NAME}\", Precision::${PRECISION}, make_runner_${NAME}_${PRECISION}},\n")
    endforeach()
  endforeach()
endmacro()

set(SINTER_MODEL_SOURCES "")
foreach(_module IN LISTS SINTER_MODULES)
  sinter_instantiate(models ${_module} SINTER_MODEL_SOURCES)
endforeach()

# The features of the processor that code for this baseline uses, as /proc/cpuinfo names them.
function(sinter_cpu_features result)
  set(flags "")
  if(SINTER_CPU_BASELINE)
    set(flags -march=${SINTER_CPU_BASELINE})
  endif()
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} ${flags} -dM -E -x c++ /dev/null OUTPUT_VARIABLE macros ERROR_QUIET)
  set(features "")
  foreach(pair AVX:avx AVX2:avx2 FMA:fma BMI2:bmi2 F16C:f16c AVX512F:avx512f AVX512DQ:avx512dq AVX512BW:avx512bw AVX512VL:avx512vl
               AVX512CD:avx512cd AVX512VNNI:avx512_vnni AVX512BF16:avx512_bf16 AVX512VBMI:avx512vbmi AVX512VBMI2:avx512_vbmi2)
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 macro)
    list(GET pair 1 feature)
    if(macros MATCHES "#define __${macro}__ 1")
      list(APPEND features ${feature})
    endif()
  endforeach()
  set(${result} "${features}" PARENT_SCOPE)
endfunction()

# A JSON list of strings.
function(sinter_json_list result)
  set(text "")
  foreach(item IN LISTS ARGN)
    if(text)
      string(APPEND text ", ")
    endif()
    string(APPEND text "\"${item}\"")
  endforeach()
  set(${result} "[${text}]" PARENT_SCOPE)
endfunction()

# The version of the interface between program and modules is said once, in its header.
file(STRINGS ${PROJECT_SOURCE_DIR}/models/backend/interface.hpp SINTER_INTERFACE_VERSION REGEX "constexpr int interface_version")
string(REGEX REPLACE ".* = ([0-9]+).*" "\\1" SINTER_INTERFACE_VERSION "${SINTER_INTERFACE_VERSION}")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/models/backend/interface.hpp)

# The module sinter_module_<name>: the runners of its spaces behind the one entry point, with its manifest beside it.
function(sinter_backend_module name)
  set(sources "")
  sinter_instantiate(runner ${name} sources)
  configure_file(${PROJECT_SOURCE_DIR}/models/instances/table.cpp.in ${PROJECT_BINARY_DIR}/instances/table_${name}.cpp @ONLY)
  add_library(sinter_module_${name} MODULE module/module.cpp ${sources} ${PROJECT_BINARY_DIR}/instances/table_${name}.cpp)
  target_link_libraries(sinter_module_${name} PRIVATE sinter_models sinter_flags sinter_baseline)
  sinter_knows_kokkos(sinter_module_${name})
  target_link_options(sinter_module_${name} PRIVATE -Wl,--exclude-libs,ALL)
  set(folder ${PROJECT_BINARY_DIR}/lib/sinter/modules)
  set_target_properties(sinter_module_${name} PROPERTIES
    OUTPUT_NAME sinter_${name} LIBRARY_OUTPUT_DIRECTORY ${folder}
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  string(REGEX REPLACE "\\|[A-Za-z]*" "" spaces "${SINTER_SPACES_${name}}")
  set(devices ${spaces})
  list(FILTER devices INCLUDE REGEX "cuda|hip|sycl")
  set(products KokkosBlas)
  if(SINTER_OPENBLAS_LIBRARY AND NOT name STREQUAL "mock")
    set(products "OpenBLAS ${OpenBLAS_VERSION}")
  endif()
  sinter_cpu_features(features)
  sinter_json_list(spaces ${spaces})
  sinter_json_list(devices ${devices})
  sinter_json_list(precisions ${SINTER_PRECISIONS})
  sinter_json_list(features ${features})
  file(GENERATE OUTPUT ${folder}/sinter_${name}.json CONTENT "{
  \"module\": \"libsinter_${name}.so\",
  \"spaces\": ${spaces},
  \"devices\": ${devices},
  \"precisions\": ${precisions},
  \"cpu_baseline\": \"${SINTER_CPU_BASELINE}\",
  \"cpu_features\": ${features},
  \"kokkos_version\": \"${Kokkos_VERSION}\",
  \"interface_version\": ${SINTER_INTERFACE_VERSION},
  \"products\": \"${products}\",
  \"sinter_version\": \"${PROJECT_VERSION}\"
}
")
endfunction()
