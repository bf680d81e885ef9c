# What `cmake --install` puts under the prefix: the libraries with headers (include/sinter/<floor>/...) and a package
# for find_package(sinter); the program with its modules, where it looks for them relative to itself.
set(_package ${CMAKE_INSTALL_LIBDIR}/cmake/sinter)

# Of the mock device space an application sees nothing, unless it was built.
set(_not_headers PATTERN instances EXCLUDE)
if(NOT SINTER_MOCK)
  list(APPEND _not_headers PATTERN mock EXCLUDE)
endif()
install(DIRECTORY runtime kernels models DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sinter COMPONENT development
  FILES_MATCHING PATTERN "*.hpp" PATTERN "*.def" ${_not_headers})

# sinter::io is apart: it needs HDF5, which an application that only trains and calls the device handle does not.
set(_optional "")
if(TARGET sinter_host_blas)
  set(_optional sinter_host_blas)
endif()
install(TARGETS sinter_base sinter_catalog sinter_spec sinter_runtime sinter_kernels sinter_models sinter_numerics
                sinter_baseline ${_optional}
  EXPORT sinter-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(TARGETS sinter_io
  EXPORT sinter-io-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
if(TARGET sinter_mpi)
  install(TARGETS sinter_mpi EXPORT sinter-mpi-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  install(EXPORT sinter-mpi-targets NAMESPACE sinter:: DESTINATION ${_package} COMPONENT development)
endif()
install(EXPORT sinter-targets NAMESPACE sinter:: DESTINATION ${_package} COMPONENT development)
install(EXPORT sinter-io-targets NAMESPACE sinter:: DESTINATION ${_package} COMPONENT development)

get_directory_property(_modules DIRECTORY models DEFINITION SINTER_MODULES)
set(_spaces "")
foreach(_module IN LISTS _modules)
  get_directory_property(_names DIRECTORY models DEFINITION SINTER_SPACES_${_module})
  string(REGEX REPLACE "\\|[A-Za-z]*" "" _names "${_names}")
  list(APPEND _spaces ${_names})
endforeach()
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/sinter-config.cmake.in
  ${PROJECT_BINARY_DIR}/package/sinter-config.cmake
  INSTALL_DESTINATION ${_package} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/sinter-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/sinter-config.cmake
              ${PROJECT_BINARY_DIR}/package/sinter-config-version.cmake
  DESTINATION ${_package} COMPONENT development)

if(SINTER_PROGRAM)
  # The program finds ../lib/sinter/modules and ../share/sinter from its own place: these are fixed, whatever the
  # platform calls its library folder.
  install(TARGETS sinter_program RUNTIME DESTINATION bin COMPONENT program)
  install(PROGRAMS scripts/sinter_plot.py scripts/sinter_study_plot.py DESTINATION share/sinter COMPONENT program)
  install(DIRECTORY app/machines DESTINATION share/sinter COMPONENT program)
  # Job scripts look for what they share beside themselves, as in the checkout.
  install(DIRECTORY scripts/slurm scripts/pbs scripts/flux scripts/lsf DESTINATION share/sinter/scripts COMPONENT program)
  install(FILES scripts/site.sh DESTINATION share/sinter/scripts COMPONENT program)
  install(FILES scripts/lib/batch.sh scripts/lib/common.sh DESTINATION share/sinter/scripts/lib COMPONENT program)
  set(_installed sinter_program)
  foreach(_module IN LISTS _modules)
    install(TARGETS sinter_module_${_module} LIBRARY DESTINATION lib/sinter/modules COMPONENT program)
    install(FILES ${PROJECT_BINARY_DIR}/lib/sinter/modules/sinter_${_module}.json
      DESTINATION lib/sinter/modules COMPONENT program)
    list(APPEND _installed sinter_module_${_module})
  endforeach()
  set_target_properties(${_installed} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  # CMake leaves out what lies in the checkout, where scripts/bootstrap puts Kokkos.
  if(TARGET Kokkos::kokkoscore)
    list(REMOVE_ITEM _installed sinter_program)
    set(_library_folders $<TARGET_FILE_DIR:Kokkos::kokkoscore>)
    if(SINTER_OPENBLAS_LIBRARY)
      cmake_path(GET SINTER_OPENBLAS_LIBRARY PARENT_PATH _folder)
      list(APPEND _library_folders ${_folder})
    endif()
    set_target_properties(${_installed} PROPERTIES INSTALL_RPATH "${_library_folders}")
  endif()
endif()
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
