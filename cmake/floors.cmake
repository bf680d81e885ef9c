# One include root for a reader (`#include <sinter/kernels/...>`), one include path a part for the compiler: a part that was not
# linked cannot be included, so a wrong include does not compile. The roots are folders of symbolic links in the build tree.

# sinter_part(target FOLDERS runtime/base runtime/comm): makes <build>/include/<target>/sinter/<folder> and adds it to the target.
function(sinter_part target)
  cmake_parse_arguments(PART "" "SCOPE" "FOLDERS" ${ARGN})
  if(NOT PART_SCOPE)
    set(PART_SCOPE PUBLIC)
  endif()
  set(root ${PROJECT_BINARY_DIR}/include/${target})
  foreach(folder IN LISTS PART_FOLDERS)
    get_filename_component(parent ${root}/sinter/${folder} DIRECTORY)
    file(MAKE_DIRECTORY ${parent})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${folder} ${root}/sinter/${folder} SYMBOLIC)
    set_property(TARGET ${target} APPEND PROPERTY SINTER_FOLDERS ${folder})
  endforeach()
  target_include_directories(${target} ${PART_SCOPE} $<BUILD_INTERFACE:${root}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endfunction()

# sinter_knows_kokkos(target): the sources that it has so far include Kokkos, and are compiled as CUDA where Kokkos has that device.
# Called in the folder that made the target.
function(sinter_knows_kokkos target)
  if(SINTER_CUDA)
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "\\.cpp$")
    set_source_files_properties(${sources} PROPERTIES LANGUAGE CUDA)
  endif()
endfunction()

# sinter_library(short SOURCES ... FOLDERS ... LINK ... [PRIVATE_LINK ...] [KOKKOS]): a static library sinter_<short>, alias sinter::<short>.
function(sinter_library short)
  cmake_parse_arguments(LIB "KOKKOS" "" "SOURCES;FOLDERS;LINK;PRIVATE_LINK" ${ARGN})
  add_library(sinter_${short} STATIC ${LIB_SOURCES})
  add_library(sinter::${short} ALIAS sinter_${short})
  set_target_properties(sinter_${short} PROPERTIES EXPORT_NAME ${short} CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_features(sinter_${short} PUBLIC cxx_std_20)
  target_link_libraries(sinter_${short} PUBLIC ${LIB_LINK} PRIVATE ${LIB_PRIVATE_LINK} $<BUILD_INTERFACE:sinter_flags>)
  if(LIB_KOKKOS)
    target_link_libraries(sinter_${short} PRIVATE $<BUILD_INTERFACE:sinter_baseline>)
    sinter_knows_kokkos(sinter_${short})
  endif()
  if(LIB_FOLDERS)
    sinter_part(sinter_${short} FOLDERS ${LIB_FOLDERS})
  endif()
endfunction()
