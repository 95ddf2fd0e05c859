"""What happens when a run starts and ends: it shows how far it is, quiets the scheduler, and notes what it has made."""

import contextlib
import shutil
import signal

import forks
import inventory
import scheduling
import terminal
from libi.native.compilers import no_compiler
from libi.study.machine import has_gpu
from progress import Progress, Work
from snakemake.logging import logger

SCREENS = []
terminal.quieten(logger)


def work_of(job):
    """What a job is expected to take."""
    named = {"study": "", "dataset": "", "method": "", **job.wildcards_dict}
    dataset, rule = named["dataset"], job.rule.name
    if rule.startswith("train"):
        return Work(f"{rule} {dataset}", training_seconds(job.wildcards), Path(job.params.scratch))
    study = FAMILY[named["study"]] if named["study"] in FAMILY else FAMILY.base
    return Work(f"{rule} {dataset}", costs.job_seconds(rule, study, dataset, named["method"]))


def watch(dag):
    """Start to show what the jobs of this run do."""
    work = {job.jobid: work_of(job) for job in dag.needrun_jobs(exclude_finished=False)}
    progress = Progress(work)
    screen = terminal.Screen(progress, {job: one.scratch for job, one in work.items() if one.scratch}, sys.stderr)
    SCREENS.append(screen)
    terminal.take_over(logger, screen, progress)
    screen.start()


def require_slurm():
    """Refuse to wait for a SLURM that is not there."""
    executor = getattr(workflow.executor_plugin, "name", "")
    if executor == "slurm" and shutil.which("sbatch") is None:
        raise SystemExit(
            "There is no SLURM here (no sbatch on PATH), so nothing can be submitted. "
            "Without a cluster: snakemake --cores 8. What would be submitted: make slurm-plan"
        )


def warn_of_other_versions():
    """Say that results stay which another version of a package has computed."""
    if others := inventory.other_versions(Path.cwd(), FAMILY):
        logger.warning(
            f"Some results here were computed by {', '.join(others)}, which is not installed any more. They stay as "
            "they are. To compute everything again, call snakemake as README.md shows (not make), and add: --forceall"
        )


def warn_of_uncompiled_training():
    """Say that training will be slow where nothing can be compiled."""
    trains = any(job.rule.name.startswith("train") for job in workflow.dag.needrun_jobs(exclude_finished=False))
    on_gpu = FAMILY.base.device != "cpu" and has_gpu()
    if trains and is_local() and FAMILY.base.compile and not on_gpu and (problem := no_compiler()):
        logger.warning(problem[0].upper() + problem[1:])


def is_local():
    """Whether the jobs run on this machine."""
    return getattr(workflow.executor_plugin, "name", "") == "local"


def end_at_once(*_):
    """End the run and its jobs, as Ctrl-C does. Snakemake alone would wait for the jobs that run."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # once is enough: it may come to the run and to its group
    if is_local():
        forks.end_all()
    raise KeyboardInterrupt


onstart:
    require_slurm()
    refuse_damaged()
    warn_of_other_versions()
    warn_of_uncompiled_training()
    inventory.begin(Path.cwd(), FAMILY)
    scheduling.stop_polling(workflow.scheduler)
    if is_local() and not workflow.deployment_settings.deployment_method:
        forks.serve()
    watch(workflow.dag)
    with contextlib.suppress(ValueError):  # outside of the main thread
        signal.signal(signal.SIGTERM, end_at_once)


def finish():
    """Note what the run has made, and leave the terminal as it was."""
    for screen in SCREENS:
        screen.end()
    try:
        inventory.end(Path.cwd(), FAMILY, touched=workflow.touch)
    except OSError as error:  # a drive that is full, say
        logger.warning(f"This run could not record what made its files ({error}). The next run will.")


onsuccess:
    finish()


onerror:
    finish()
