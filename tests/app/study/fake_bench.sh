#!/bin/sh
# Stands in for launcher and `sinter bench` in tests of studies: a custom launcher that gets the whole command of a point
# and prints a record as the real program would, with times by a formula. Words NAME=VALUE of the command (the study's
# launcher.environment) tell it to misbehave at a point:
#   FAKE_EXIT=6 FAKE_SIGNAL=9 FAKE_TEXT=1 FAKE_RANKS=1 FAKE_SLEEP=60 FAKE_HASH=ffff FAKE_FACTOR=1.5
# where FAKE_AT=threads=2 (or ranks, width, batch) says at which; without FAKE_AT at all.
ranks=$1
threads=1 width=16 batch=64 level=layer precision=float32
for word in "$@"; do
  case $word in
    device.threads=*) threads=${word#*=} ;;
    training.batch=*) batch=${word#*=} ;;
    training.fusion=*) level=${word#*=} ;;
    device.precision=*) precision=${word#*=} ;;
    model.hidden=*) width=${word#*=[} width=${width%%[],]*} ;;
    FAKE_*=*) eval "${word%%=*}='${word#*=}'" ;;
  esac
done
# shellcheck disable=SC2254   # numbers, no globs
case ${FAKE_AT:-threads=$threads} in
  threads=$threads | ranks=$ranks | width=$width | batch=$batch) ;;
  *) unset FAKE_EXIT FAKE_SIGNAL FAKE_TEXT FAKE_RANKS FAKE_SLEEP FAKE_HASH FAKE_FACTOR ;;
esac
if [ -n "$FAKE_SLEEP" ]; then echo $$ >> sleeping.txt; sleep "$FAKE_SLEEP"; fi
if [ -n "$FAKE_EXIT" ]; then echo "sinter: error: first line" >&2; echo "sinter: error: the space 'cuda' is not built" >&2; exit "$FAKE_EXIT"; fi
if [ -n "$FAKE_SIGNAL" ]; then kill -"$FAKE_SIGNAL" $$; fi
if [ -n "$FAKE_TEXT" ]; then echo "no record"; exit 0; fi
awk -v p="$((ranks * threads))" -v ranks="${FAKE_RANKS:-$ranks}" -v threads="$threads" -v width="$width" -v batch="$batch" \
    -v level="$level" -v precision="$precision" -v hash="${FAKE_HASH:-00c0ffee}" -v factor="${FAKE_FACTOR:-1}" \
    -v jitter="${FAKE_JITTER:-0}" -v seed=$$ 'BEGIN {
  srand(seed)
  flops = 6 * batch * (2 * width + width * width + width); bytes = 4 * (3 * width * width + batch * 2)
  step = factor * (2e-6 + flops / 40e9 * (0.05 + 0.95 / p)) * (1 + jitter * rand())
  printf "{\"name\": \"fake\", \"space\": \"openmp\", \"threads\": %d, \"ranks\": %d, \"precision\": \"%s\", ", threads, ranks, precision
  printf "\"level\": \"%s\", \"mode\": \"training\", \"batch\": %d, \"training_rows\": 1024, \"parameters\": %d, ", level, batch, width * width + 4 * width + 1
  printf "\"flops_per_step\": %.17g, \"bytes_per_step\": %.17g, \"launches_per_step\": 7.0, \"fences_per_step\": 0.0, ", flops, bytes
  printf "\"copies_per_step\": 0.0, \"allocations_per_step\": 0.0, \"first_step_s\": %.17g, ", 3 * step
  printf "\"step_s\": {\"median\": %.17g, \"low\": %.17g, \"high\": %.17g, \"repetitions\": [%.17g]}, ", step, step, step, step
  printf "\"samples_per_s\": %.17g, \"gflops\": %.17g, ", batch / step, flops / step * 1e-9
  printf "\"peaks\": {\"fma_gflops\": %d, \"triad_gb_s\": %d, \"launch_us\": 0.5}, \"fraction_of_peak\": %.17g, ", 60 * p, 14 + 6 * p, flops / step * 1e-9 / (60 * p)
  printf "\"bound\": \"compute\", \"parameter_hash\": \"%s%d\", \"peak_memory_bytes\": 12345678, \"predicted_step_s\": %.17g, ", hash, width, step
  printf "\"sinter\": \"0.1.0\", \"host\": {\"name\": \"fake\"}, \"commit\": \"abc123\", \"compiler\": \"CC 1.2\", "
  printf "\"device\": {\"name\": \"fake\", \"kokkos\": \"9.9\", \"module\": \"libfake.so\"}"
  if (ranks > 1) printf ", \"mpi\": \"Fake MPI 3\""
  printf "}\n"
}'
