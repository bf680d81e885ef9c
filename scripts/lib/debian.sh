# shellcheck shell=bash disable=SC2034,SC2154
# Debian packages, unpacked into a folder, without root and without touching the system: apt keeps its state (lists,
# archives, locks) in a scratch folder of ours and is only asked to resolve and to download. Signatures are checked.
#
#   open_distribution, open_development     the private states "distribution" and "development" (below $scratch)
#   apt_private STATE COMMAND ARGS...       apt-get, apt-cache, … on that state
#   unpack_group GROUP DESTINATION FINAL    what of a group the system lacks
#   unpack_kokkos DESTINATION FINAL         Kokkos and KokkosKernels, from the development suites
#   unpack_runtime DESTINATION              the C and C++ runtime that these want
# A tree is written to DESTINATION, a scratch folder, and made to stand at FINAL, where it is moved to when it is complete.
#
# Sourced by scripts/bootstrap, after common.sh; $scratch is a folder that the caller removes.

multiarch() { gcc -print-multiarch 2>/dev/null | grep . || dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu"; }

debian_usable() {
  local tool
  for tool in apt-get apt-cache apt-config dpkg-deb; do
    command -v "$tool" >/dev/null || { echo "no $tool on this system"; return 1; }
  done
  [[ -r /etc/os-release ]] || { echo "no /etc/os-release"; return 1; }
  # shellcheck disable=SC1091
  [[ $(. /etc/os-release; echo "${ID:-} ${ID_LIKE:-}") == debian* ]] || { echo "this system is not Debian"; return 1; }
}

# The addresses that this system's apt would ask, as lines "ADDRESS SUITE". apt reads its own configuration, in both of its
# formats and wherever it lies; nothing is fetched.
system_suites() {
  apt-get update --print-uris 2>/dev/null | sed -nE "s|^'(https?://[^']+)/dists/([^']+)/InRelease'.*|\1 \2|p" || true
}

debian_codename() { (. /etc/os-release; echo "${VERSION_CODENAME:-sid}"); }

# The system's Debian mirror: where its updates come from, or the first address that looks like one.
debian_mirror() {
  if [[ -n ${SINTER_DEBIAN_MIRROR:-} ]]; then echo "${SINTER_DEBIAN_MIRROR%/}"; return; fi
  local address
  address=$(system_suites | awk -v c="$(debian_codename)" '
    $2 == c "-updates" || $2 == "stable-updates" {best = best ? best : $1}
    ($2 == c || $2 ~ /^(stable|testing|unstable|sid)$/) && $1 ~ /\/debian$/ {good = good ? good : $1}
    END {print best ? best : good}')
  echo "${address:-http://deb.debian.org/debian}"
}

source_options() {
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg options="check-valid-until=no"
  if [[ -r $keyring ]]; then options="signed-by=$keyring $options"; fi
  echo "[$options]"
}

# This release with its updates, its security suite and its backports (for what is too old in the release).
open_distribution() {
  local mirror codename options suites
  mirror=$(debian_mirror) codename=$(debian_codename) options=$(source_options)
  suites=$({ echo "$mirror $codename"
             system_suites | awk -v c="$codename" '$2 ~ "^(" c "|stable)(-updates|-security|/updates)$"' | grep /debian
             echo "$mirror $codename-backports"; } | awk '!seen[$0]++')
  suites=$(while read -r address suite; do echo "deb $options $address $suite main"; done <<< "$suites")
  apt_open distribution "${SINTER_DPKG_STATUS:-/var/lib/dpkg/status}" "$suites" ||
    apt_open distribution "${SINTER_DPKG_STATUS:-/var/lib/dpkg/status}" "$(grep -v -- -backports <<< "$suites")"
}

# Debian's development suites, as if nothing were installed. A mirror that lacks them is replaced by Debian's own address.
open_development() {
  local mirror options
  options=$(source_options)
  for mirror in "$(debian_mirror)" http://deb.debian.org/debian; do
    if apt_open development "" "deb $options $mirror sid main"$'\n'"deb $options $mirror experimental main" &&
       [[ -n $(newest_version development libkokkos-dev '^([5-9]|[1-9][0-9])\.') ]]; then return 0; fi
    if [[ -n ${SINTER_DEBIAN_MIRROR:-} ]]; then break; fi
  done
  return 1
}

apt_open() {
  local name=$1 status=$2 sources=$3 dir=$scratch/apt-$1
  mkdir -p "$dir/lists/partial" "$dir/archives/partial"
  printf '%s\n' "$sources" > "$dir/sources.list"
  [[ -n $status ]] || { status=$dir/status; : > "$status"; }
  {
    apt-config dump Acquire | grep -E '^Acquire::(http|https|ftp)' || true   # the system's proxies
    cat <<CONF
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "$dir";
Dir::State::lists "$dir/lists";
Dir::State::status "$status";
Dir::State::extended_states "$dir/extended_states";
Dir::Cache "$dir";
Dir::Cache::archives "$dir/archives";
Dir::Log "$dir";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Acquire::Retries "3";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Acquire::Check-Date "false";
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
APT::Get::Assume-Yes "true";
Debug::NoLocking "true";
CONF
  } > "$dir/apt.conf"
  apt_private "$name" apt-get update -qq > "$dir/update.log" 2>&1 && ! grep -q '^[EW]: Failed to fetch' "$dir/update.log"
}

apt_private() { local name=$1; shift; APT_CONFIG=$scratch/apt-$name/apt.conf "$@"; }

# unpack DEB DESTINATION: the files of a package, less documentation; /lib and /bin go to usr/ as on any merged system.
unpack() {
  local deb=$1 destination=$2 folder
  mkdir -p "$destination/usr"
  for folder in lib lib64 bin sbin; do
    if [[ ! -e $destination/$folder ]]; then mkdir -p "$destination/usr/$folder"; ln -s "usr/$folder" "$destination/$folder"; fi
  done
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$destination" --keep-directory-symlink --no-same-owner \
    --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
    --exclude='*/openblas-*/*.a' --exclude='*/libhdf5*.a' --exclude='./usr/share/lintian/*' --exclude='./usr/share/bug/*' --exclude='./usr/share/doc-base/*'
}

# download NAME FOLDER PACKAGE...: exactly these, PACKAGE being name, name=version or name/suite.
download() {
  local name=$1 folder=$2; shift 2
  mkdir -p "$folder"
  (cd "$folder" && apt_private "$name" apt-get download -q "$@") > "$scratch/download-$name.log" 2>&1 || {
    log_tail "$scratch/download-$name.log"; return 1; }
}

candidate_version() { apt_private "$1" apt-cache policy "$2" | sed -n 's/^ *Candidate: //p' | grep -v '^(none)$' || true; }

# newest_version NAME PACKAGE PATTERN: the newest version in any suite that matches the extended regular expression.
newest_version() {
  apt_private "$1" apt-cache madison "$2" | awk -F'|' '{gsub(/ /, "", $2); print $2}' | grep -E "$3" | sort -V | tail -n 1 || true
}

group_packages() { awk -v g="$1" '$1 == g {for (i = 2; i <= NF; ++i) {if ($i ~ /^#/) break; print $i}}' "$sinter_root/scripts/lib/packages.txt"; }

# system_has GROUP: is all of it installed on the system already? Then nothing is asked of the network.
system_has() {
  local word package status version
  for word in $(group_packages "$1"); do
    package=${word%%>=*}
    read -r status version < <(dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$package" 2>/dev/null) || return 1
    [[ $status == installed ]] || return 1
    if [[ $word == *'>='* ]] && ! dpkg --compare-versions "$version" ge "${word#*>=}"; then return 1; fi
  done
}

# requests GROUP: its packages as apt arguments; where the candidate is older than asked, the newest one that is not.
requests() {
  local word package least version
  for word in $(group_packages "$1"); do
    package=${word%%>=*} least=
    [[ $word == *'>='* ]] && least=${word#*>=}
    version=$(candidate_version distribution "$package")
    [[ -n $version ]] || { warn "the distribution has no package $package: left out"; continue; }
    if [[ -n $least ]] && ! dpkg --compare-versions "$version" ge "$least"; then
      version=$(newest_version distribution "$package" .)
      dpkg --compare-versions "${version:-0}" ge "$least" || die "the distribution has no $package of version $least or later"
      echo "$package=$version"
      # What it depends on exactly must come from the same suite.
      apt_private distribution apt-cache show "$package=$version" | sed -n 's/^Depends: //p' | tr ',' '\n' |
        sed -nE 's/^ *([^ (]+) *\(= *([^)]+)\).*/\1=\2/p'
    else
      echo "$package"
    fi
  done
}

# plan_group GROUP REQUEST...: what would be installed for it, as lines "NAME VERSION". Where the system's own packages are in
# a state that apt cannot work with, the whole closure is resolved, and what the system has is left out of it.
plan_group() {
  local log=$scratch/plan-$1.log empty=$scratch/nothing-installed line='s/^Inst ([^ ]+) (\[[^]]*\] )?\(([^ ]+) .*/\1 \3/p'
  shift
  if apt_private distribution apt-get install -s "$@" > "$log" 2>&1; then sed -nE "$line" "$log"; return; fi
  : > "$empty"
  apt_private distribution apt-get install -s -o Dir::State::status="$empty" "$@" > "$log" 2>&1 || { log_tail "$log"; return 1; }
  sed -nE "$line" "$log" | while read -r package version; do
    if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then echo "$package $version"; fi
  done
}

# unpack_group GROUP DESTINATION FINAL: what the system lacks of a group, with what that depends on.
unpack_group() {
  local group=$1 destination=$2 final=$3 folder=$scratch/debs-$1 plan=() package version pattern deb drop
  local -a wanted skips
  mkdir -p "$destination/usr"
  mapfile -t wanted < <(requests "$group")
  mapfile -t skips < <(group_packages skip)
  plan_group "$group" "${wanted[@]}" > "$scratch/plan-$group" || die "apt cannot resolve the packages of the group '$group'"
  while read -r package version; do
    drop=0
    for pattern in "${skips[@]}"; do
      # shellcheck disable=SC2053
      if [[ $package == $pattern ]]; then drop=1; break; fi
    done
    if [[ $drop == 0 || " ${wanted[*]} " == *" $package "* ]]; then plan+=("$package=$version"); fi
  done < "$scratch/plan-$group"
  if (( ${#plan[@]} )); then
    download distribution "$folder" "${plan[@]}" || die "the packages of the group '$group' could not be downloaded"
    for deb in "$folder"/*.deb; do unpack "$deb" "$destination"; done
    relocate "$destination" "$final"
  fi
  printf '%s\n' "${plan[@]}" > "$destination/packages.txt"
}

# relocate FOLDER FINAL: an unpacked tree made to stand at FINAL instead of /.
relocate() {
  local folder=$1 final=$2 arch file link target
  arch=$(multiarch)
  local lib=$folder/usr/lib/$arch

  # Links: absolute ones into the tree; ones whose target the system has (a library that is installed there while its
  # development package is unpacked here) to the system's file.
  while IFS= read -r link; do
    target=$(readlink "$link")
    if [[ $target == /* ]]; then
      if [[ -e $folder$target ]]; then ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$folder$target")" "$link"; fi
    else
      file=$(realpath -m "$(dirname "$link")/$target")
      file=${file#"$folder"}
      if [[ $file == /usr/lib/* && ! -e $folder$file && ! -L $folder$file && -e $file ]]; then
        mkdir -p "$folder$(dirname "$file")"; ln -s "$(realpath "$file")" "$folder$file"
      fi
    fi
  done < <(find "$folder" -type l)

  # CMake packages name files beside themselves: those that only the system has are linked.
  while IFS= read -r file; do
    if [[ ! -e $folder$file && -e $file ]]; then mkdir -p "$folder$(dirname "$file")"; ln -s "$(realpath "$file")" "$folder$file"; fi
  done < <(grep -rhoE '\$\{_IMPORT_PREFIX\}/(lib|bin)[^";]*' --include='*.cmake' "$folder/usr" 2>/dev/null |
             sed 's|^\${_IMPORT_PREFIX}|/usr|' | sort -u)

  # Paths written out in CMake and pkg-config files. The two lines that CMake generates to recognise a merged /usr stay.
  while IFS= read -r file; do
    substitute "$file" -E -e '/^ *#|_realOrig|PACKAGE_PREFIX_DIR|_IMPORT_PREFIX/!'"s#(^|[^A-Za-z0-9_./}-])/usr/(include|lib|share)/#\1$final/usr/\2/#g"
  done < <(grep -rlE '/usr/(include|lib|share)/' --include='*.cmake' "$folder/usr" 2>/dev/null)
  while IFS= read -r file; do
    substitute "$file" -E -e "s#(^|[= ]|-[IL])/usr(/|\$)#\1$final/usr\2#g"
  done < <(find "$folder/usr" -name '*.pc' -type f)

  # HDF5's compiler wrappers name /usr and would be asked before the folders.
  rm -f "$folder"/usr/bin/h5cc "$folder"/usr/bin/h5c++ "$folder"/usr/bin/h5fc
  # The alternatives that an installation would set.
  local name
  for name in blas lapack; do
    for target in "$name/lib$name.so.3" "openblas-openmp/lib$name.so.3"; do
      if [[ -e $lib/$target && ! -e $lib/lib$name.so.3 && ! -e /usr/lib/$arch/lib$name.so.3 ]]; then ln -s "$target" "$lib/lib$name.so.3"; fi
    done
  done
  if [[ -e $lib/openblas-openmp/libopenblas.so.0 ]]; then
    ln -sfn openblas-openmp/libopenblas.so.0 "$lib/libopenblas.so.0"
  fi
  for name in slurmctld slurmd slurmstepd; do
    if [[ -e $folder/usr/sbin/$name-wlm ]]; then ln -sfn "$name-wlm" "$folder/usr/sbin/$name"; fi
  done
  # Open MPI's libraries and parts look for each other in a folder by name, Slurm's plugin for PMIx so for libpmix (by the name
  # that only the development package has).
  if [[ -d $lib/openmpi ]]; then
    grep -rlF "/usr/lib/$arch/openmpi/lib" --include='*.so*' "$lib" | name_relatively "/usr/lib/$arch/openmpi/lib" '$ORIGIN:$ORIGIN/../../..'
  fi
  if [[ -e $lib/slurm-wlm/mpi_pmix.so ]]; then
    printf '%s\n' "$lib/slurm-wlm"/mpi_pmix*.so | name_relatively "/usr/lib/$arch/pmix2/lib" '$ORIGIN/../pmix2/lib'
    mkdir -p "$lib/pmix2/lib"
    file=libpmix.so.2
    if [[ ! -e $lib/pmix2/lib/$file ]]; then file=/usr/lib/$arch/pmix2/lib/$file; fi
    ln -sfn "$file" "$lib/pmix2/lib/libpmix.so"
  fi
  # Debian's matplotlib names its data folder.
  file=$folder/usr/lib/python3/dist-packages/matplotlib/__init__.py
  if [[ -e $file ]]; then substitute "$file" -e "s#'/usr/share/matplotlib#'$final/usr/share/matplotlib#" -e "s#'/etc/matplotlibrc#'$final/etc/matplotlibrc#"; fi
  find "$folder" -xtype l -delete   # parts that were left out on purpose
  wrap_programs "$folder" "$final"
}

# name_relatively FROM TO: in the libraries that are listed on standard input, the folder FROM becomes TO, relative to the
# library itself, in a text of the same length.
name_relatively() {
  local file
  while IFS= read -r file; do
    if [[ -L $file ]]; then continue; fi
    FROM=$1 TO=$2 perl -0777 -pi -e 's{(?<=\0)\Q$ENV{FROM}\E(?=\0)}{$ENV{TO} . "/" x (length($&) - length($ENV{TO}))}e' "$file"
  done
}

# wrap_programs FOLDER FINAL: programs that need libraries of the tree get them through the loader's own option, not through
# the environment, so that what they start (a compiler, say) is not touched by it.
wrap_programs() {
  local folder=$1 final=$2 arch program name loader path own
  arch=$(multiarch)
  loader=$(ldd "$(command -v bash)" | sed -nE 's|^[[:space:]]*(/[^ ]*ld-linux[^ ]*) .*|\1|p')
  for program in "$folder"/usr/{bin,sbin}/*; do
    [[ -f $program && ! -L $program && $(ldd "$program" 2>&1 || true) == *"not found"* ]] || continue
    name=$(basename "$program")
    path=$final/usr/lib/$arch
    own=$(readelf -d "$program" 2>/dev/null | sed -nE 's|.*\(R(UN)?PATH\).*\[(/[^]:]*)\]|\2|p')   # a folder of its own, as Slurm has
    if [[ -n $own && -d $folder$own ]]; then path+=:$final$own; fi
    mkdir -p "$folder/usr/lib/programs"
    mv "$program" "$folder/usr/lib/programs/$name"
    printf '#!/bin/sh\nexec "%s" --argv0 "$0" --library-path "%s" "%s" "$@"\n' "$loader" "$path" "$final/usr/lib/programs/$name" > "$program"
    chmod 755 "$program"
  done
}

# substitute FILE SED_ARGUMENTS...: edits a file and keeps its time, so that nothing is compiled again for it.
substitute() {
  local file=$1; shift
  sed "$@" "$file" > "$scratch/edited" && touch -r "$file" "$scratch/edited" && chmod --reference="$file" "$scratch/edited"
  mv "$scratch/edited" "$file"
}

# unpack_kokkos DESTINATION FINAL: Kokkos' library and headers, and KokkosKernels as headers.
unpack_kokkos() {
  local destination=$1 final=$2 folder=$scratch/debs-kokkos version library kernels deb arch
  arch=$(multiarch)
  version=$(newest_version development libkokkos-dev '^([5-9]|[1-9][0-9])\.')
  library=$(apt_private development apt-cache show "libkokkos-dev=$version" |
              sed -nE 's/^Depends:.*[ ,](libkokkos[0-9.]+) \(= *([^)]+)\).*/\1=\2/p' | sed -n 1p)
  # Trilinos 17 carries KokkosKernels 5.
  kernels=$(newest_version development libtrilinos-kokkos-kernels-dev '^(1[7-9]|[2-9][0-9])\.')
  [[ -n $library && -n $kernels ]] || die "the Debian mirror lacks libkokkos5 or KokkosKernels 5; SINTER_DEBIAN_MIRROR names another"
  download development "$folder" "libkokkos-dev=$version" "$library" "libtrilinos-kokkos-kernels-dev=$kernels" ||
    die "Kokkos could not be downloaded"
  for deb in "$folder"/*.deb; do unpack "$deb" "$destination"; done
  # Two libraries without content are named by the CMake files but not packaged.
  local name
  for name in algorithms simd; do
    if [[ ! -e $destination/usr/lib/$arch/libkokkos$name.a ]]; then printf '!<arch>\n' > "$destination/usr/lib/$arch/libkokkos$name.a"; fi
  done
  relocate "$destination" "$final"
  patch_kokkos_kernels "$destination/usr" "$final/usr" "$arch"
  printf '%s\n' "libkokkos-dev=$version" "$library" "libtrilinos-kokkos-kernels-dev=$kernels" > "$destination/packages.txt"
}

# KokkosKernels as packaged is built with BLAS, LAPACK and Kokkos::Serial. Its headers alone, without these, instantiate
# what is used in the user's own code, for the execution spaces that this Kokkos has.
patch_kokkos_kernels() {
  local usr=$1 final=$2 arch=$3 headers=$1/include/kokkoskernels cmake=$1/lib/$3/cmake/KokkosKernels file version
  mv "$usr/include/trilinos" "$headers"
  substitute "$headers/KokkosKernels_config.h" -E \
    -e 's@^#define (KOKKOSKERNELS_ENABLE_TPL_|KOKKOSKERNELS_INST_EXECSPACE_SERIAL|KOKKOSKERNELS_ENABLE_SUPERNODAL)(.*)@/* \1\2: off */@'
  while IFS= read -r file; do
    substitute "$file" -E -e '/_ETI_SPEC_(AVAIL|DECL|INST) *\(/d'
  done < <(grep -rlE '_ETI_SPEC_(AVAIL|DECL|INST) *\(' "$headers/generated_specializations_hpp")
  version=$(awk '/^#define KOKKOSKERNELS_VERSION /{v = $3; printf "%d.%d.%d", v / 10000, v / 100 % 100, v % 100}' "$headers/KokkosKernels_config.h")
  rm -rf "$cmake" "$usr/lib/$arch"/libtrilinos_kokkoskernels*
  mkdir -p "$cmake"
  sed "s/@version@/$version/g" "$sinter_root/cmake/kokkoskernels/KokkosKernelsConfig.cmake.in" > "$cmake/KokkosKernelsConfig.cmake"
  sed "s/@version@/$version/g" "$sinter_root/cmake/kokkoskernels/KokkosKernelsConfigVersion.cmake.in" > "$cmake/KokkosKernelsConfigVersion.cmake"
}

# runtime_too_old LIBRARY: does the system's C or C++ runtime lack what the library asks for?
runtime_too_old() {
  local answer
  answer=$(ldd "$1" 2>&1 || true)   # not a pipe into grep -q: ldd would die of it, and pipefail say no
  [[ $answer == *"not found"* ]]
}

# unpack_runtime DESTINATION: loader, C, C++ and OpenMP runtime, in one folder that holds nothing else.
unpack_runtime() {
  local destination=$1 folder=$scratch/debs-runtime root=$scratch/runtime deb arch
  arch=$(multiarch)
  download development "$folder" libc6 libstdc++6 libgcc-s1 libgomp1 || die "the C++ runtime could not be downloaded"
  for deb in "$folder"/*.deb; do unpack "$deb" "$root"; done
  mkdir -p "$destination"
  mv "$root/usr/lib/$arch" "$destination/lib"
  for deb in "$folder"/*.deb; do basename "$deb" .deb; done > "$destination/packages.txt"
}

# kernels_name USR: "KokkosKernels 5.0.2", as the CMake files below it say.
kernels_name() { sed -nE 's/^set\(KokkosKernels_VERSION "(.*)"\)/KokkosKernels \1/p' "$1/lib/$(multiarch)/cmake/KokkosKernels/KokkosKernelsConfig.cmake"; }
