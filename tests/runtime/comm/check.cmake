# cmake -DPROGRAM=communicator_check -DMPIEXEC=mpirun -P check.cmake
include(${CMAKE_CURRENT_LIST_DIR}/../../support/mpirun.cmake)
foreach(ranks 1 2 3 5)
  mpirun(${ranks} output ${PROGRAM} ${ranks})
endforeach()
