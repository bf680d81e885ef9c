# shellcheck shell=bash disable=SC2034,SC2154
# What bootstrap writes at the end: .deps/toolchain.cmake and the small programs in .deps/bin. Sourced by scripts/bootstrap.

write_file() {   # write_file PATH [MODE]: standard input, only where it differs, in one step
  local path=$1 mode=${2:-644} new=$1.new.$$
  mkdir -p "$(dirname "$path")"
  cat > "$new"
  chmod "$mode" "$new"
  if cmp -s "$new" "$path"; then rm -f "$new"; else mv -f "$new" "$path"; fi
}

# first_file PATH...: the first that is there.
first_file() {
  local path
  for path in "$@"; do if [[ -e $path ]]; then echo "$path"; return; fi; done
  return 1
}

# first_executable NAME...: the first that the system or a group has.
first_executable() {
  local name group
  for name in "$@"; do
    command -v "$name" 2>/dev/null && return
    for group in "$sinter_deps"/packages/*/; do
      if [[ -x ${group}usr/bin/$name ]]; then echo "${group}usr/bin/$name"; return; fi
    done
  done
  return 1
}

write_toolchain() {   # write_toolchain ROUTE KOKKOS_PREFIXES (semicolons)
  local route=$1 kokkos=$2 arch packages=$sinter_deps/packages runtime="" prefixes rpath loader python blas
  arch=$(multiarch)
  prefixes=$kokkos
  rpath=
  if [[ $route == debian && -d $sinter_deps/runtime/lib ]]; then
    runtime=$sinter_deps/runtime/lib
    loader=$(find "$runtime" -maxdepth 1 -name 'ld-linux*.so.*' | sed -n 1p)
    rpath=$runtime
  fi
  if [[ -d $packages/base/usr ]]; then
    prefixes="${prefixes:+$prefixes;}$packages/base/usr"
    if [[ -d $packages/base/usr/lib/$arch ]]; then rpath="${rpath:+$rpath:}$packages/base/usr/lib/$arch"; fi
  fi
  # CMake itself names this one's folder to the few programs that link it: no other is linked anew for it.
  if [[ -d $packages/benchmark/usr ]]; then prefixes="${prefixes:+$prefixes;}$packages/benchmark/usr"; fi
  if [[ -d $packages/mpi/usr/lib/$arch ]]; then rpath="${rpath:+$rpath:}$packages/mpi/usr/lib/$arch"; fi
  python=$sinter_deps/bin/python3
  {
    echo "# Written by scripts/bootstrap (route $route); read through cmake/toolchain.cmake. Do not edit."
    echo "set(SINTER_DEPS_ROUTE \"$route\")"
    if [[ $route == source && -d $sinter_deps/kokkos-cuda ]]; then
      printf 'if(SINTER_CUDA)\n  list(APPEND CMAKE_PREFIX_PATH "%s")\n' "$sinter_deps/kokkos-cuda"
      printf '  set(CMAKE_CUDA_COMPILER "%s" CACHE FILEPATH "")\nendif()\n' "$(find_nvcc)"
    fi
    if [[ -n $found_dirs ]]; then
      echo "set(Kokkos_DIR \"${found_dirs%%;*}\" CACHE PATH \"\")"
      echo "set(KokkosKernels_DIR \"${found_dirs#*;}\" CACHE PATH \"\")"
    fi
    if [[ -n $prefixes ]]; then echo "list(APPEND CMAKE_PREFIX_PATH \"${prefixes//;/\" \"}\")"; fi
    cat <<'CMAKE'
if(CMAKE_PREFIX_PATH)
  list(REMOVE_DUPLICATES CMAKE_PREFIX_PATH)
endif()
CMAKE
    if [[ -n $ninja && $ninja != /usr/* ]]; then
      printf 'if(CMAKE_GENERATOR STREQUAL "Ninja")\n  set(CMAKE_MAKE_PROGRAM "%s" CACHE FILEPATH "")\nendif()\n' "$ninja"
    fi
    blas=$(first_file {"$packages/base",}"/usr/lib/$arch/openblas-openmp/cmake/openblas" || true)
    if [[ -n $blas ]]; then echo "set(OpenBLAS_DIR \"$blas\" CACHE PATH \"OpenBLAS on OpenMP: one pool of threads with Kokkos\")"; fi
    if [[ -e $packages/mpi/usr/bin/orterun ]]; then
      # Its compiler wrapper knows the place it was packaged for; these answer what it would be asked.
      echo "set(MPI_CXX_LIB_NAMES mpi CACHE STRING \"\")"
      echo "set(MPI_CXX_HEADER_DIR \"$packages/mpi/usr/lib/$arch/openmpi/include\" CACHE PATH \"\")"
      echo "set(MPI_mpi_LIBRARY \"$packages/mpi/usr/lib/$arch/openmpi/lib/libmpi.so\" CACHE FILEPATH \"\")"
      echo "set(MPIEXEC_EXECUTABLE \"$sinter_deps/bin/mpirun\" CACHE FILEPATH \"\")"
    fi
    if [[ -x $python ]]; then echo "set(SINTER_PYTHON \"$python\" CACHE FILEPATH \"Python with matplotlib, for plots\")"; fi
    local flags="" tsan=$sinter_deps/bin/clang++
    if [[ -n $rpath ]]; then flags="-Wl,--disable-new-dtags,-rpath,$rpath"; fi
    if [[ -n $runtime ]]; then
      echo "# Kokkos' library wants a newer C and C++ runtime than this system has: every program gets its own loader and runtime."
      echo "set(SINTER_RUNTIME_DIR \"$runtime\")"
      flags="-Wl,--allow-shlib-undefined -Wl,--dynamic-linker=$loader $flags"
    fi
    if [[ -n $flags ]]; then
      echo "set(CMAKE_EXE_LINKER_FLAGS_INIT \"$flags\")"
      # A library with the newer kind of run path would not see the program's when it is opened.
      echo "set(CMAKE_SHARED_LINKER_FLAGS_INIT -Wl,--disable-new-dtags)"
      echo "set(CMAKE_MODULE_LINKER_FLAGS_INIT -Wl,--disable-new-dtags)"
    fi
    cat <<CMAKE

# The thread sanitizer wants Clang and its OpenMP runtime, which also stands in for the libgomp that Kokkos names.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SINTER_SANITIZE)
if("\${SINTER_SANITIZE}" MATCHES "thread")
  if(EXISTS "$tsan")
    set(CMAKE_CXX_COMPILER "$tsan")
    set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath,$sinter_deps/tsan \${CMAKE_EXE_LINKER_FLAGS_INIT}")
    set(SINTER_ARCHER "$sinter_deps/tsan/libarcher.so" CACHE FILEPATH "OpenMP annotations for the thread sanitizer")
  else()
    message(FATAL_ERROR "The thread sanitizer wants Clang and its OpenMP runtime: run scripts/bootstrap --with tsan")
  endif()
endif()
CMAKE
  } | write_file "$sinter_deps/toolchain.cmake"
}

write_programs() {
  local arch packages=$sinter_deps/packages plots=$sinter_deps/packages/plots/usr tool
  arch=$(multiarch)
  mkdir -p "$sinter_deps/bin"

  # Python with matplotlib: the system's, with what it lacks from the prefix.
  if [[ -d $plots ]]; then
    { echo '#!/bin/sh'
      echo '# Written by scripts/bootstrap: Python with matplotlib.'
      if [[ -d $plots/lib/python3 ]]; then echo "export PYTHONPATH=\"$plots/lib/python3/dist-packages\${PYTHONPATH:+:\$PYTHONPATH}\""; fi
      if [[ -d $plots/lib/$arch ]]; then echo "export LD_LIBRARY_PATH=\"$plots/lib/$arch\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}\""; fi
      echo 'export PYTHONDONTWRITEBYTECODE=1'
      if [[ -x $plots/bin/python3 ]]; then
        echo "export PYTHONHOME=\"$plots\""
        echo "exec \"$plots/bin/python3\" \"\$@\""
      else
        echo 'exec /usr/bin/python3 "$@"'
      fi
    } | write_file "$sinter_deps/bin/python3" 755
  fi

  if [[ -d $packages/format ]]; then
    tool=$(command -v clang-format-14 || echo "$packages/format/usr/bin/clang-format-14")
    printf '#!/bin/sh\nexport LD_LIBRARY_PATH="%s"\nexec "%s" "$@"\n' "$packages/format/usr/lib/$arch" "$tool" |
      write_file "$sinter_deps/bin/clang-format" 755
  fi

  if [[ -d $packages/mpi ]]; then
    tool=$packages/mpi/usr/bin/orterun
    if [[ -e $tool ]]; then
      { echo "# Written by scripts/bootstrap; sourced: Open MPI is to find its parts here and not in /usr, whoever starts the ranks."
        echo "export OPAL_PREFIX=\"$packages/mpi/usr\" PMIX_INSTALL_PREFIX=\"$packages/mpi/usr/lib/$arch/pmix2\""
        echo "export OMPI_MCA_mca_base_component_show_load_errors=0   # parts for networks whose libraries are not here"
        echo "export PMIX_MCA_pcompress_base_silence_warning=1   # it says so on every start, and is not asked to compress"
      } | write_file "$sinter_deps/mpi.sh"
    else
      rm -f "$sinter_deps/mpi.sh"
      tool=$(command -v mpirun || true)
    fi
    { echo '#!/bin/sh'
      echo "# Written by scripts/bootstrap: Open MPI's mpirun."
      if [[ -e $sinter_deps/mpi.sh ]]; then echo ". \"$sinter_deps/mpi.sh\""; fi
      echo "exec \"$tool\" \"\$@\""
    } | write_file "$sinter_deps/bin/mpirun" 755
  fi

  if [[ -d $packages/tsan ]]; then
    local libomp archer tsan=$packages/tsan/usr
    tool=$(command -v clang++-14 || echo "$tsan/bin/clang++-14")
    { echo '#!/bin/sh'
      echo '# Written by scripts/bootstrap: Clang for the thread sanitizer.'
      if [[ $tool == "$tsan"/* ]]; then echo "export LD_LIBRARY_PATH=\"$tsan/lib/$arch:$tsan/lib/llvm-14/lib\""; fi
      if [[ -d $tsan/lib/llvm-14/lib ]]; then echo "set -- \"\$@\" -L\"$tsan/lib/llvm-14/lib\""; fi
      echo "exec \"$tool\" \"\$@\""
    } | write_file "$sinter_deps/bin/clang++" 755
    libomp=$(first_file {"$tsan",/usr}/lib/{"$arch",llvm-14/lib}/libomp.so.5)
    archer=$(first_file {"$tsan",/usr}/lib/llvm-14/lib/libarcher.so)
    mkdir -p "$sinter_deps/tsan"
    ln -sfn "$libomp" "$sinter_deps/tsan/libomp.so.5"
    ln -sfn "$libomp" "$sinter_deps/tsan/libgomp.so.1"
    ln -sfn "$archer" "$sinter_deps/tsan/libarcher.so"
  fi
  return 0
}
