#!/usr/bin/env bash
# SLURM's commands where there is no SLURM: this file under their names. sbatch notes what it is told in $NOTES, a file
# a job, and puts what the job would make there from $FINISHED; all jobs have ended well, whenever squeue is asked.
set -euo pipefail
case ${0##*/} in
    sbatch)
        exec 9>"$NOTES.lock"
        flock 9 # Snakemake submits several at once
        id=$(($(ls "$NOTES" | wc -l) + 1))
        printf '%s\0' "$@" >"$NOTES/$id"
        cp -Rn "$FINISHED/results" .
        echo "$id"
        ;;
    squeue) for file in "$NOTES"/*; do echo "${file##*/}|COMPLETED"; done ;;
    sinfo) echo 'PARTITION main*' ;;
    scontrol) echo 'MinJobAge = 300 sec' ;;
esac
