# Brings in what scripts/bootstrap provided (.deps/toolchain.cmake); does nothing where there is nothing.
# CMake reads this file again for each of its own test programs, so that these are linked the same way.
get_filename_component(_sinter_toolchain "${CMAKE_CURRENT_LIST_DIR}/../.deps/toolchain.cmake" ABSOLUTE)
include("${_sinter_toolchain}" OPTIONAL)
unset(_sinter_toolchain)
