# shellcheck shell=bash disable=SC2034,SC2154
# Route "source": the pinned releases of Kokkos and KokkosKernels, built as static libraries into
#   .deps/kokkos        Serial and OpenMP
#   .deps/kokkos-cuda   Serial, OpenMP and CUDA, where nvcc is there
# Two builds, since a Kokkos with CUDA aborts on a node without a GPU; static, since two modules of one process must each
# have their own. Sourced by scripts/bootstrap, after common.sh.

release() { awk -v name="$1" -v field="$2" '$1 == name {print $field}' "$sinter_root/cmake/releases.txt"; }

# The folder that the user named for a release, or nothing.
named_source() {
  case $1 in
    kokkos) echo "${FETCHCONTENT_SOURCE_DIR_KOKKOS:-}" ;;
    kokkos-kernels) echo "${FETCHCONTENT_SOURCE_DIR_KOKKOSKERNELS:-}" ;;
  esac
}

# source_usable: succeeds when both sources can be had; otherwise prints why not.
source_usable() {
  local name folder address host missing=0
  for name in kokkos kokkos-kernels; do
    folder=$(named_source "$name")
    if [[ -n $folder ]]; then
      [[ -f $folder/CMakeLists.txt ]] || { echo "$folder, named for $name, holds no CMakeLists.txt"; return 1; }
    else
      [[ $(release "$name" 3) =~ ^[0-9a-f]{64}$ ]] || { echo "cmake/releases.txt has no SHA-256 for $name $(release "$name" 2)"; return 1; }
      missing=1
    fi
  done
  if [[ $missing == 0 || -n ${https_proxy:-}${HTTPS_PROXY:-}${all_proxy:-}${ALL_PROXY:-} ]]; then return 0; fi
  address=$(release kokkos 4)
  host=${address#https://} host=${host%%/*}
  if ! timeout 4 bash -c "exec 3<>/dev/tcp/$host/443" 2>/dev/null; then echo "$host cannot be reached"; return 1; fi
}

# obtain NAME: the folder of its sources in $obtained, downloaded and checked where the user named none.
obtain() {
  local name=$1 version hash address archive
  obtained=$(named_source "$name")
  if [[ -n $obtained ]]; then return; fi
  version=$(release "$name" 2) hash=$(release "$name" 3) address=$(release "$name" 4)
  archive=$scratch/$name.tar.gz
  printf 'file(DOWNLOAD "%s" "%s" EXPECTED_HASH SHA256=%s TLS_VERIFY ON INACTIVITY_TIMEOUT 20 STATUS status)\nlist(GET status 0 code)\nif(code)\n  message(FATAL_ERROR "${status}")\nendif()\n' \
    "$address" "$archive" "$hash" > "$scratch/download.cmake"
  if ! cmake -P "$scratch/download.cmake" > "$scratch/download.log" 2>&1; then
    log_tail "$scratch/download.log" 6
    say "source: $address could not be downloaded, or is not what cmake/releases.txt says"
    return 1
  fi
  mkdir -p "$scratch/src-$name"
  tar -xzf "$archive" -C "$scratch/src-$name" --strip-components=1
  obtained=$scratch/src-$name
}

find_nvcc() {
  local nvcc
  for nvcc in "${CUDACXX:-}" "$(command -v nvcc || true)" "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc"; do
    if [[ -n $nvcc && -x $nvcc ]]; then echo "$nvcc"; return; fi
  done
  return 1
}

# The GPU architecture: SINTER_CUDA_ARCH, or this machine's GPU, or 80 (later GPUs compile its PTX for themselves).
cuda_arch() {
  local arch=${SINTER_CUDA_ARCH:-}
  [[ -n $arch ]] || arch=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | sed -n 1p | tr -d '. ')
  echo "${arch:-80}"
}

kokkos_arch_option() {
  case $1 in
    70) echo VOLTA70 ;; 75) echo TURING75 ;; 80) echo AMPERE80 ;; 86) echo AMPERE86 ;; 89) echo ADA89 ;;
    90) echo HOPPER90 ;; 100) echo BLACKWELL100 ;; 120) echo BLACKWELL120 ;;
    *) die "SINTER_CUDA_ARCH=$1 is none of 70, 75, 80, 86, 89, 90, 100, 120" ;;
  esac
}

# cmake_install WHAT SOURCE PREFIX ARGUMENTS...: configure, build and install; the end of the log is shown on failure only.
cmake_install() {
  local what=$1 source=$2 prefix=$3 log; shift 3
  log=$scratch/build-${what//[^A-Za-z0-9]/-}.log
  say "source: building $what (a few minutes)"
  if ! { cmake -S "$source" -B "$scratch/build-${what//[^A-Za-z0-9]/-}" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release \
           -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF \
           -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_CXX_STANDARD=20 -DCMAKE_CXX_EXTENSIONS=OFF "$@" &&
         cmake --build "$scratch/build-${what//[^A-Za-z0-9]/-}" --parallel "$(build_jobs)" &&
         cmake --install "$scratch/build-${what//[^A-Za-z0-9]/-}"; } > "$log" 2>&1; then
    log_tail "$log" 40
    cp "$log" "$sinter_deps/failed.log"
    say "source: building $what failed (the whole log: $sinter_deps/failed.log)"
    return 1
  fi
}

kernels_options=(
  -DKokkosKernels_ADD_DEFAULT_ETI=OFF -DKokkosKernels_ENABLE_TESTS=OFF -DKokkosKernels_ENABLE_EXAMPLES=OFF
  -DKokkosKernels_ENABLE_PERFTESTS=OFF -DKokkosKernels_ENABLE_ALL_COMPONENTS=OFF -DKokkosKernels_ENABLE_COMPONENT_BLAS=ON
  -DKokkosKernels_ENABLE_TPL_BLAS=OFF -DKokkosKernels_ENABLE_TPL_LAPACK=OFF -DKokkosKernels_ENABLE_TPL_CUBLAS=OFF
  -DKokkosKernels_ENABLE_TPL_CUSPARSE=OFF -DKokkosKernels_ENABLE_TPL_CUSOLVER=OFF
)

# build_pair NAME OPTIONS...: Kokkos and KokkosKernels for .deps/NAME, built where they will stand. The folder that stands
# there comes back if the build fails; only a complete one carries its key.
build_pair() {
  local name=$1 place=$sinter_deps/$1; shift
  kept+=("$name")
  if [[ -e $place ]]; then mv "$place" "$scratch/kept-$name"; fi
  cmake_install "Kokkos for .deps/$name" "$kokkos_source" "$place" -DKokkos_ENABLE_SERIAL=ON -DKokkos_ENABLE_OPENMP=ON \
    -DKokkos_ENABLE_TESTS=OFF -DKokkos_ENABLE_EXAMPLES=OFF "$@" || return 1
  cmake_install "KokkosKernels for .deps/$name" "$kernels_source" "$place" -DKokkos_ROOT="$place" "${kernels_options[@]}" "${language_options[@]}" ||
    return 1
  printf '%s\n' "$source_key" > "$place/key"
}

# provide_from_source: fills .deps/kokkos and .deps/kokkos-cuda, or keeps what an earlier call built from the same sources.
provide_from_source() {
  local nvcc arch arch_name begin
  generator=() language_options=()
  if [[ -n $ninja ]]; then generator=(-G Ninja -DCMAKE_MAKE_PROGRAM="$ninja"); fi
  nvcc=$(find_nvcc || true)
  source_key=$({ cat "$sinter_root/cmake/releases.txt" "$sinter_root/scripts/lib/source.sh"; named_source kokkos; named_source kokkos-kernels; "${CXX:-g++}" --version | sed -n 1p; } | hash_of)
  summary="Kokkos $(source_version kokkos) (Serial, OpenMP"
  if [[ $(cat "$sinter_deps/kokkos/key" 2>/dev/null) != "$source_key" || $force == 1 ]]; then
    obtain kokkos || return 1; kokkos_source=$obtained
    obtain kokkos-kernels || return 1; kernels_source=$obtained
    begin=$(now)
    build_pair kokkos || return 1
    times+=("host build $(since "$begin")")
  fi
  if [[ -n $nvcc ]]; then
    arch=$(cuda_arch)
    arch_name=$(kokkos_arch_option "$arch")
    source_key=$(echo "$source_key $nvcc $arch" | hash_of)
    if [[ $(cat "$sinter_deps/kokkos-cuda/key" 2>/dev/null) != "$source_key" || $force == 1 ]]; then
      obtain kokkos || return 1; kokkos_source=$obtained
      obtain kokkos-kernels || return 1; kernels_source=$obtained
      begin=$(now)
      language_options=(-DCMAKE_CUDA_COMPILER="$nvcc" -DCMAKE_CUDA_FLAGS=-std=c++20 -DCMAKE_CUDA_ARCHITECTURES="$arch")
      if build_pair kokkos-cuda -DKokkos_ENABLE_CUDA=ON -DKokkos_ENABLE_COMPILE_AS_CMAKE_LANGUAGE=ON \
           -DKokkos_ARCH_"$arch_name"=ON "${language_options[@]}"; then
        times+=("CUDA build $(since "$begin")")
      else
        rm -rf "$sinter_deps/kokkos-cuda"
        warn "Kokkos could not be built with CUDA: this installation is for the host alone"
      fi
    fi
    if [[ -f $sinter_deps/kokkos-cuda/key ]]; then summary+="; CUDA for sm_$arch in .deps/kokkos-cuda"; fi
  else
    rm -rf "$sinter_deps/kokkos-cuda"
  fi
  summary+="), KokkosKernels $(source_version kokkos-kernels), built here"
  rm -rf "$sinter_deps/runtime"
}

# The version of what will be built: the release's, or what the named folder says.
source_version() {
  local folder name=Kokkos
  folder=$(named_source "$1")
  if [[ -z $folder ]]; then release "$1" 2; return; fi
  if [[ $1 == kokkos-kernels ]]; then name=KokkosKernels; fi
  sed -nE "s/^ *(set|SET)\($name"'_VERSION_(MAJOR|MINOR|PATCH) ([0-9]+)\).*/\3/p' "$folder/CMakeLists.txt" | paste -sd. | grep . || echo "(${folder##*/})"
}
