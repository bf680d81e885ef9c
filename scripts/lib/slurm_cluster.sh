# shellcheck shell=bash disable=SC2034,SC2154
# A Slurm of two nodes, both of which are this machine, in a folder of its own: munged, slurmctld and two slurmd with own key, sockets,
# ports (on the loopback device) and configuration. No root, no cgroups, no systemd; a Slurm that the machine has is not touched.
# Sourced after common.sh.
#
#   slurm_lacks            says what is missing, and fails, where there is no Slurm to start
#   slurm_start FOLDER     starts it; from then on PATH and SLURM_CONF lead its commands there
#   slurm_stop             ends its jobs and its daemons, and whatever they started

slurm_daemons=(munged slurmctld slurmd slurmstepd)
slurm_folder=''

# The system's own, else those that `scripts/bootstrap --with slurm` unpacked.
slurm_lacks() {
  local unpacked=$sinter_deps/packages/slurm/usr program missing=()
  PATH=$PATH:/usr/sbin:/sbin
  if ! command -v slurmctld > /dev/null && [[ -x $unpacked/sbin/slurmctld ]]; then PATH=$unpacked/bin:$unpacked/sbin:$PATH; fi
  export PATH
  for program in "${slurm_daemons[@]}" sbatch srun scontrol scancel squeue; do
    command -v "$program" > /dev/null || missing+=("$program")
  done
  if (( ${#missing[@]} )); then echo "no ${missing[*]} here (scripts/bootstrap --with slurm)"; return 0; fi
  return 1
}

# A port below those that the system gives out by itself and that nobody listens on.
free_port() {
  local port
  for _ in {1..50}; do
    port=$(( 20000 + RANDOM % 12000 ))
    if ! (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then echo "$port"; return; fi
  done
  die "no free port on 127.0.0.1"
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
  local end=$(( SECONDS + $1 )); shift
  until "$@" > /dev/null 2>&1; do
    if (( SECONDS >= end )); then return 1; fi
    sleep 0.2
  done
}

# Names of hosts that differ let Slurm take the nodes for two machines; what a node would keep below /tmp, as its servers of PMIx
# do, has to be apart too.
slurm_nodes=(node1 node2)
slurm_configuration() {
  local plugins user node
  user=$(id -un)
  plugins=$(dirname "$(readlink -f "$(command -v slurmctld)")")/../lib/$(gcc -print-multiarch 2> /dev/null)/slurm-wlm
  cat <<CONF
ClusterName=sinter
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$(free_port)
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$slurm_folder/munge/socket
CredType=cred/munge
$(if [[ -d $plugins ]]; then echo "PluginDir=$(readlink -f "$plugins")"; fi)
SlurmctldPidFile=$slurm_folder/slurmctld.pid
SlurmdPidFile=$slurm_folder/%n/pid
StateSaveLocation=$slurm_folder/state
SlurmdSpoolDir=$slurm_folder/%n/spool
TmpFS=$slurm_folder/%n/tmp
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0
MpiDefault=none
GresTypes=gpu
SlurmdParameters=config_overrides
MinJobAge=86400
KillWait=30
$(for node in "${slurm_nodes[@]}"; do echo "NodeName=$node NodeHostname=$node NodeAddr=127.0.0.1 Port=$(free_port) CPUs=$(nproc) Gres=gpu:2"; done)
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE OverSubscribe=FORCE:4
CONF
}

slurm_is_idle() { [[ $(sinfo --noheader --format=%T) == idle ]]; }
munge_works() { munge --no-input --socket="$slurm_folder/munge/socket" | unmunge --socket="$slurm_folder/munge/socket"; }

slurm_start() {
  local node log
  slurm_folder=$(readlink -f "$1")
  export SLURM_CONF=$slurm_folder/slurm.conf   # also what slurm_stop recognises the processes by
  mkdir -m 700 "$slurm_folder"/{munge,state}
  head -c 1024 /dev/urandom > "$slurm_folder/munge/key"
  chmod 600 "$slurm_folder/munge/key"
  munged --force --key-file="$slurm_folder/munge/key" --socket="$slurm_folder/munge/socket" --pid-file="$slurm_folder/munge/pid" \
    --log-file="$slurm_folder/munge/log" --seed-file="$slurm_folder/munge/seed" > "$slurm_folder/munged.log" 2>&1 &&
    wait_for 20 munge_works || { log_tail "$slurm_folder/munged.log"; log_tail "$slurm_folder/munge/log"; return 1; }
  slurm_configuration > "$SLURM_CONF"
  printf 'Name=gpu File=%s\n' /dev/zero /dev/full > "$slurm_folder/gres.conf"   # two a node that are no GPUs
  slurmctld -D -f "$SLURM_CONF" > "$slurm_folder/slurmctld.log" 2>&1 &
  for node in "${slurm_nodes[@]}"; do
    mkdir -p "$slurm_folder/$node"/{spool,tmp}
    slurmd -D -f "$SLURM_CONF" -N "$node" -d "$(command -v slurmstepd)" > "$slurm_folder/$node.log" 2>&1 &
  done
  wait_for 30 slurm_is_idle || { for log in slurmctld "${slurm_nodes[@]}"; do log_tail "$slurm_folder/$log.log"; done; return 1; }
}

# Processes of this cluster: daemons, steps and jobs have its configuration in their environment, or files of its folder open.
slurm_processes() {
  local process
  for process in /proc/[0-9]*; do
    if [[ ${process#/proc/} == "$$" ]]; then continue; fi
    if grep -qzxF "SLURM_CONF=$SLURM_CONF" "$process/environ" 2> /dev/null ||
       readlink "$process/cwd" "$process"/fd/* 2> /dev/null | grep -qF "$slurm_folder/"; then echo "${process#/proc/}"; fi
  done
}

slurm_stop() {
  local processes signal
  [[ -n $slurm_folder ]] || return 0
  for signal in TERM KILL KILL; do
    mapfile -t processes < <(slurm_processes)
    if (( ${#processes[@]} == 0 )); then break; fi
    kill -"$signal" "${processes[@]}" 2> /dev/null || true
    wait_for 10 slurm_is_gone || true
  done
  slurm_is_gone || { warn "processes of Slurm are still there: $(slurm_processes | tr '\n' ' ')"; return 1; }
  slurm_folder=''
}
slurm_is_gone() { [[ -z $(slurm_processes) ]]; }
