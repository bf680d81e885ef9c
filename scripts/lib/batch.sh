# shellcheck shell=bash disable=SC1091,SC2034,SC2154
# What the job scripts share: the site's settings, placement of threads, and running a program that stops in time.
# Sourced by them with $gpus set (1 where the job has GPUs); gives $sinter_root and what scripts/site.sh sets.
: "${sinter_program:=batch}"
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
if [[ -r $sinter_deps/mpi.sh ]]; then . "$sinter_deps/mpi.sh"; fi   # of the MPI that came by scripts/bootstrap --with mpi
. "$sinter_root/scripts/site.sh"

command -v "${sinter[0]}" > /dev/null || die "there is no program ${sinter[0]}: build it before submitting (scripts/sinter --version), or see scripts/site.sh"

# place_threads CPUS HERE: as many threads a rank as it has processors, bound to its cores. Not bound where the scheduler leaves
# the job the whole node instead of the HERE processors that it granted: every job there would bind to the same first cores.
place_threads() {
  local allowed
  allowed=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
  export OMP_NUM_THREADS=$1
  if (( allowed <= $2 )); then
    export OMP_PLACES=${OMP_PLACES:-cores} OMP_PROC_BIND=${OMP_PROC_BIND:-close}
  else
    warn "the job may use $allowed processors of this node and was granted $2: threads are not bound"
    export OMP_PROC_BIND=${OMP_PROC_BIND:-false}
  fi
}

# run_until_signal COMMAND...: runs it behind and waits. USR1, the warning before the limit, goes to the command, which writes a
# checkpoint and ends with 75. So does TERM, the scheduler's last word (a cancelled job): then $cancelled is 1.
# The command's exit status is left in $status.
cancelled=0 status=0
run_until_signal() {
  local child=''
  say "$*"
  trap 'say "USR1: asking the program to stop"; ask_to_stop "$child"' USR1
  trap 'cancelled=1; say "TERM: asking the program to stop"; ask_to_stop "$child"' TERM INT
  "$@" < /dev/null &
  child=$!
  while kill -0 "$child" 2> /dev/null; do wait "$child" || true; done   # a signal ends wait, not the child
  wait "$child" || status=$?
  trap - USR1 TERM INT
  say "the program ended with $status"
}
ask_to_stop() { kill -USR1 "$1" 2> /dev/null || true; }

# work_remains RESTARTS: is the job to be started again, after as many restarts as it had? Says why not.
work_remains() {
  if (( status != 75 )); then return 1; fi
  if (( cancelled )); then say "cancelled: not started again"; return 1; fi
  if (( $1 >= ${SINTER_MAX_RESTARTS:-100} )); then say "work remains after $1 restarts, the most allowed (SINTER_MAX_RESTARTS)"; return 1; fi
}

# For schedulers that count no restarts: a job that is submitted again has the number in its environment.
restarts=${SINTER_RESTARTS:-0}

# seconds_of [[HH:]MM:]SS, a length of time as schedulers write it.
seconds_of() {
  local part total=0
  for part in ${1//:/ }; do total=$(( total * 60 + 10#$part )); done
  echo "$total"
}

# time_to_use SECONDS: what a program may use of as many that the job has, since it began: all but two minutes, at most a tenth,
# in which a checkpoint and the reports are written.
time_to_use() {
  local margin=$(( $1 / 10 ))
  if (( margin > 120 )); then margin=120; fi
  echo $(( $1 - margin - SECONDS ))
}
