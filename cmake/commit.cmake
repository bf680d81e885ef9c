# Writes OUTPUT, a source with sinter::app::commit(): the commit of the checkout SOURCE, "-dirty" behind it where files
# differ from it, or "unknown" where there is no checkout or no git.
set(commit "")
if(EXISTS ${SOURCE}/.git)
  execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
endif()
if(NOT commit OR NOT status EQUAL 0)
  set(commit unknown)
endif()
file(WRITE ${OUTPUT} "#include <sinter/app/bench_record.hpp>

const char* sinter::app::commit() { return \"${commit}\"; }
")
