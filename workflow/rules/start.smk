"""What happens when a run starts: a line a minute will say how far it is, and the scheduler is kept quiet."""

import progress
import scheduling


def watch(dag):
    """Start to report on the jobs that this run has to do."""
    work, logs = {}, {}
    for job in dag.needrun_jobs(exclude_finished=False):
        name = f"{job.rule.name} {job.wildcards_dict}"
        work[name] = costs.SECONDS.get(job.rule.name, costs.OTHERS)
        if job.rule.name.startswith("train"):
            work[name] = training_seconds(job.wildcards)
            logs[name] = Path(job.log[0])
    names = lambda: [f"{job.rule.name} {job.wildcards_dict}" for job in dag.needrun_jobs()]
    progress.report(progress.Progress(work, logs), names)


onstart:
    scheduling.stop_polling(workflow.scheduler)
    watch(workflow.dag)
