#!/usr/bin/env bash
# job_with_stand_ins.sh pbs|flux|lsf SOURCE: a job script of a scheduler that is not here, with stand-ins for the scheduler's commands
# and for the program: what the script decides is tested, not what the scheduler makes of it. The stand-ins note what they are
# called with, and start nothing; here each submission is run in turn, with the variables that it was given.
set -euo pipefail
scheduler=$1 source=$(readlink -f "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir bin
export PATH=$folder/bin:$PATH SINTER_ROOT=$source SINTER=$folder/bin/program
unset SINTER_RESTARTS SINTER_TIME_LIMIT SINTER_MAX_RESTARTS CUDA_VISIBLE_DEVICES

stand_in() { cat > "bin/$1"; chmod +x "bin/$1"; }
fail() { echo "FAILED: $*"; echo "---- calls:"; cat calls; echo "---- log:"; cat log; exit 1; }
expect() { if [[ $1 != "$2" ]]; then fail "'$1' instead of '$2': $3"; fi; }
calls() { grep -c "^$1" calls || true; }

# The program has work left as long as a file says so.
stand_in program <<'PROGRAM'
#!/bin/sh
echo "program $*" >> calls
if [ -e work ]; then exit 75; fi
PROGRAM

: > calls; : > log
# starts: runs the job until nothing submits it again; at most ten times. Sets $code, the exit code of the last one.
case $scheduler in
  pbs)
    stand_in qsub <<'QSUB'
#!/usr/bin/env bash
echo "qsub $*" >> calls
while (( $# > 1 )); do if [[ $1 == -v ]]; then for name in ${2//,/ }; do declare -p "$name"; done > next; fi; shift; done
QSUB
    stand_in qstat <<'QSTAT'
#!/bin/sh
echo "Job Id: 7.server"
echo "    Job_Name = sinter"
echo "    queue = long"
echo "    project = _pbs_project_default"
echo "    Resource_List.ncpus = 8"
echo "    Resource_List.select = 2:ncpus=8:"
printf '\tngpus=1\n'
if [ ! -e untold ]; then echo "    Resource_List.walltime = 02:00:00"; fi
echo "    Account_Name = grains"
QSTAT
    export PBS_O_WORKDIR=$folder PBS_JOBID=7.server NCPUS=1
    starts() {
      printf 'declare -x SINTER_RUN="a,b.yaml"\n' > next
      for _ in {1..10}; do
        if [[ ! -e next ]]; then return; fi
        code=0
        (. ./next; rm next; exec bash "$source/scripts/pbs/train.pbs") >> log 2>&1 || code=$?
      done
    } ;;
  flux)
    stand_in flux <<'FLUX'
#!/usr/bin/env bash
echo "flux $*" >> calls
case $1 in
  run) shift; while [[ $1 == -* ]]; do if [[ $1 == -c ]]; then shift; fi; shift; done; exec "$@" ;;
  --parent) declare -p SINTER_RESTARTS > next ;;
esac
FLUX
    export SINTER_FLUX='-N1 -n1 -c2 -g1 -t 2h --signal=SIGUSR1@2m' SINTER_CPUS=2
    starts() {
      : > next
      for _ in {1..10}; do
        if [[ ! -e next ]]; then return; fi
        code=0
        (. ./next; rm next; exec bash "$source/scripts/flux/train.flux" run.yaml --set a=1) >> log 2>&1 || code=$?
      done
    } ;;
  lsf)
    export LS_SUBCWD=$folder LSB_JOBID=7 LSB_DJOB_NUMPROC=1 SINTER_RUN=run.yaml
    starts() {
      for _ in {1..10}; do
        code=0
        bash "$source/scripts/lsf/train.lsf" >> log 2>&1 || code=$?
        if (( code != 75 )); then return; fi
      done
    } ;;
esac

# As often as allowed, and then not again.
touch work
export SINTER_MAX_RESTARTS=2
starts
programs=program
expect "$(calls "$programs")" 3 "starts with two restarts allowed"
expect "$code" "$(if [[ $scheduler == lsf ]]; then echo 1; else echo 75; fi)" "the last job's exit code (75 puts a job of LSF back)"
grep -q 'work remains after 2 restarts, the most allowed (SINTER_MAX_RESTARTS)' log || fail "the log does not tell of the limit"

# What the job was given stays.
case $scheduler in
  pbs)
    expect "$(calls 'qsub -l select=2:ncpus=8:ngpus=1 -l walltime=02:00:00 -q long -A grains -v ')" 2 "submissions with the options of the job"
    expect "$(calls 'qsub .*[ ,]SINTER_RUN\(,\| \)')" 2 "submissions with the run file"
    expect "$(calls 'program train --set checkpoint.resume=auto --time-limit 7\(080\|07[0-9]\) a,b.yaml$')" 3 "starts with the walltime less two minutes"
    touch untold; rm work; : > calls; : > log; starts
    expect "$(cat calls)" "program train --set checkpoint.resume=auto a,b.yaml" "without a walltime"
    grep -q 'warning: qstat does not tell the walltime of 7.server' log || fail "the log does not warn"
    : > calls; SINTER_TIME_LIMIT=00:10:00 starts
    expect "$(cat calls)" "program train --set checkpoint.resume=auto --time-limit 00:10:00 a,b.yaml" "SINTER_TIME_LIMIT" ;;
  flux)
    expect "$(calls "flux --parent batch -N1 -n1 -c2 -g1 -t 2h --signal=SIGUSR1@2m $source/scripts/flux/train.flux run.yaml --set a=1$")" 2 "submissions with the options of the job"
    expect "$(calls 'program train --set checkpoint.resume=auto run.yaml --set a=1$')" 3 "starts"
    : > calls; SINTER_FLUX='' starts
    expect "$(calls 'flux --parent')" 0 "submissions with options that are not known"
    grep -q 'warning: work remains, but SINTER_FLUX does not say' log || fail "the log does not warn" ;;
  lsf)
    expect "$(compgen -G '.sinter-restarts-*' || true)" "" "a counter that is left" ;;
esac

# Nothing is submitted when the work is done, nor when the program fails.
rm -f work; : > calls; starts
expect "$code $(calls "$programs") $(calls qsub) $(calls 'flux --parent')" "0 1 0 0" "a run that is done"
stand_in program <<'PROGRAM'
#!/bin/sh
echo "program $*" >> calls
exit 3
PROGRAM
: > calls; starts
expect "$code $(calls "$programs") $(calls qsub) $(calls 'flux --parent')" "3 1 0 0" "a run that fails"
echo "all is as expected"
