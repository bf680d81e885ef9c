# cmake -DPROGRAM=print_bits [-DORDERS=reversed;1;2] -P same_bits.cmake: fails unless 1, 2, 3, 7 and 32 threads print the
# same hashes, and so with the teams in each of the orders (tests/support/team_order.hpp).
foreach(order forward ${ORDERS})
  foreach(threads 1 2 3 7 32)
    execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=OMP_NUM_THREADS --unset=KOKKOS_NUM_THREADS
        SINTER_TEST_TEAM_ORDER=${order} ${PROGRAM} ${threads}
      OUTPUT_VARIABLE output RESULT_VARIABLE result)
    if(NOT result EQUAL 0 OR output STREQUAL "")
      message(FATAL_ERROR "${PROGRAM} ${threads} ended with ${result}, teams ${order}")
    endif()
    if(NOT DEFINED first)
      set(first "${output}")
      message("${output}")
    elseif(NOT output STREQUAL first)
      message(FATAL_ERROR "${threads} threads, teams ${order}, give other bits:\n${output}")
    endif()
  endforeach()
endforeach()
