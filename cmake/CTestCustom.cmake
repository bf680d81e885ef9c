# Read by ctest before the tests of a build folder: the environment of them all, where the caller has no other wish. A thread
# that waits for work sleeps: ranks and tests side by side have fewer processors than threads, and spinning ones would
# take ten times as long. For the same reason no thread is bound to a processor.
foreach(setting OMP_WAIT_POLICY=passive OMP_PROC_BIND=false)
  string(REPLACE "=" ";" setting ${setting})
  list(GET setting 0 name)
  if(NOT DEFINED ENV{${name}})
    list(GET setting 1 value)
    set(ENV{${name}} ${value})
  endif()
endforeach()
