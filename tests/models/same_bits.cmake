# cmake -DPROGRAM=print_bits -P same_bits.cmake: fails unless 1, 2, 3 and 7 threads print the same hashes.
foreach(threads 1 2 3 7)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=OMP_NUM_THREADS --unset=KOKKOS_NUM_THREADS ${PROGRAM} ${threads}
    OUTPUT_VARIABLE output RESULT_VARIABLE result)
  if(NOT result EQUAL 0 OR output STREQUAL "")
    message(FATAL_ERROR "${PROGRAM} ${threads} ended with ${result}")
  endif()
  if(NOT DEFINED first)
    set(first "${output}")
    message("${output}")
  elseif(NOT output STREQUAL first)
    message(FATAL_ERROR "${threads} threads give other bits:\n${output}")
  endif()
endforeach()
