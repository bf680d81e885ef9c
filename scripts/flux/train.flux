#!/usr/bin/env bash
# Trains as a run file says, in a Flux job that stops before its time limit and is submitted again (docs/batch-jobs.md). Not tested here.
#   flux batch -N1 -n1 -c4 -t 60m --signal=SIGUSR1@2m scripts/flux/train.flux run.yaml [--set KEY=VALUE]...
# shellcheck disable=SC1091,SC2034,SC2154
set -euo pipefail
sinter_program=train.flux
gpus=0; if [[ -n ${CUDA_VISIBLE_DEVICES:-} ]]; then gpus=1; fi
root=${SINTER_ROOT:-$PWD}
. "$root/scripts/lib/batch.sh"
cpus=${SINTER_CPUS:-4}
place_threads "$cpus" "$cpus"

run_until_signal flux run -n1 -c "$cpus" "${sinter[@]}" train --set checkpoint.resume=auto "$@"
if work_remains 0; then flux batch -N1 -n1 -c "$cpus" -t 60m --signal=SIGUSR1@2m "$root/scripts/flux/train.flux" "$@"; fi
exit "$status"
