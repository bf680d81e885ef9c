# shellcheck shell=bash disable=SC2034,SC2154
# The one place to adapt to a site: modules, program, container and MPI launcher of all job scripts (scripts/slurm, pbs, flux, lsf).
# scripts/lib/batch.sh sources it within the job, with $sinter_root (the checkout) and $gpus (1 where the job has GPUs, else 0).

# ---- Modules: compiler runtime, MPI, HDF5 and CUDA that Sinter was built with --------------------------------------
# module purge
# module load gcc/12.3 openmpi/4.1.6 hdf5/1.14.3
# if (( gpus )); then module load cuda/12.4; fi

# ---- Program: the build of this checkout, or what these scripts were installed with; a job builds nothing. SINTER names another
# program, SINTER_PRESET another build ----
preset=openmp
if (( gpus )); then preset=cuda; fi
program=$sinter_root/build/${SINTER_PRESET:-$preset}/bin/sinter
if [[ ! -e $sinter_root/CMakeLists.txt ]]; then program=$(dirname "$(dirname "$sinter_root")")/bin/sinter; fi   # PREFIX/share/sinter
sinter=("${SINTER:-$program}")

# ---- Container: the program in an image; --nv lends it the NVIDIA driver -------------------------------------------
# sinter=(apptainer exec --bind "$PWD" "$HOME/sinter.sif" sinter)
# if (( gpus )); then sinter=(apptainer exec --nv --bind "$PWD" "$HOME/sinter.sif" sinter); fi

# ---- MPI: how ranks start. srun wants the plugin that the MPI library speaks (`srun --mpi=list`; OpenMPI: pmix) ------
# Of an Open MPI that scripts/bootstrap provided, .deps/mpi.sh has been sourced: `unset OPAL_PREFIX PMIX_INSTALL_PREFIX` for another one.
launcher=${SINTER_LAUNCHER:-srun}     # of Slurm: srun, or mpirun inside the allocation
# export SLURM_MPI_TYPE=pmix
# The scripts stop the ranks by USR1, which mpirun passes on. A TERM of its own OpenMPI's mpirun follows by a KILL after a second;
# odls_base_sigkill_timeout makes that longer, but 4.1 then hangs as long after an exit code such as 75.
mpirun=(mpirun)
