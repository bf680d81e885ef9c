# mpirun(RANKS OUTPUT COMMAND...): runs a program by so many ranks, more than there are processors if need be, and fails
# where it does. MPIEXEC names the launcher.
function(mpirun ranks output)
  # Open MPI: as root in a container, ranks that share a processor, no copies by ptrace, which containers forbid.
  foreach(setting OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
                  OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
                  OMPI_MCA_btl_vader_single_copy_mechanism=none)
    string(REGEX MATCH "^([^=]*)=(.*)$" matched ${setting})
    set(ENV{${CMAKE_MATCH_1}} ${CMAKE_MATCH_2})
  endforeach()
  unset(ENV{OMP_NUM_THREADS})
  unset(ENV{KOKKOS_NUM_THREADS})
  execute_process(COMMAND ${MPIEXEC} -n ${ranks} ${ARGN} OUTPUT_VARIABLE text ERROR_VARIABLE errors RESULT_VARIABLE result)
  if(NOT result EQUAL 0 OR text STREQUAL "")
    message(FATAL_ERROR "${ranks} ranks: ${ARGN} ended with ${result}\n${text}${errors}")
  endif()
  set(${output} "${text}" PARENT_SCOPE)
endfunction()
