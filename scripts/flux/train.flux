#!/usr/bin/env bash
# Trains as a run file says, in a Flux job that stops before its time limit and is submitted again (docs/batch-jobs.md). Not tested on
# Flux: a test has a stand-in for it. Flux does not tell a job the options that it was submitted with, so that a variable keeps them:
#   export SINTER_FLUX='-N1 -n1 -c4 -t 60m --signal=SIGUSR1@2m' SINTER_CPUS=4      -g1 adds a GPU
#   flux batch $SINTER_FLUX scripts/flux/train.flux run.yaml [--set KEY=VALUE]...
# shellcheck disable=SC1091,SC2034,SC2154
set -euo pipefail
sinter_program=train.flux
gpus=0; if [[ -n ${CUDA_VISIBLE_DEVICES:-} ]]; then gpus=1; fi
root=${SINTER_ROOT:-$PWD}
. "$root/scripts/lib/batch.sh"
cpus=${SINTER_CPUS:-4}
place_threads "$cpus" "$cpus"

run_until_signal flux run -n1 -c "$cpus" "${sinter[@]}" train --set checkpoint.resume=auto ${SINTER_TIME_LIMIT:+--time-limit "$SINTER_TIME_LIMIT"} "$@"
if work_remains "$restarts"; then
  if [[ -n ${SINTER_FLUX:-} ]]; then
    read -ra options <<< "$SINTER_FLUX"
    export SINTER_RESTARTS=$((restarts + 1))
    say "work remains: submitting restart $SINTER_RESTARTS"
    # To the instance that this job runs in; the job is an instance of its own, which is about to end.
    flux --parent batch "${options[@]}" "$root/scripts/flux/train.flux" "$@" || warn "Flux refused; submit once more to go on"
  else
    warn "work remains, but SINTER_FLUX does not say with which options to submit this again: submit once more to go on"
  fi
fi
exit "$status"
