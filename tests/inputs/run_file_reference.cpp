// Prints docs/run-file.md.
#include <cstdio>

#include <sinter/inputs/run_file.hpp>

int main() { std::fputs(sinter::run_file_reference().c_str(), stdout); }
