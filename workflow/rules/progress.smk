"""While a run goes on, a line a minute says how far it is."""

sys.path.insert(0, f"{ROOT}/workflow")

import progress


def watch(dag):
    """Start to report on the jobs that this run has to do."""
    costs, work, logs = progress.epoch_costs(), {}, {}
    for job in dag.needrun_jobs(exclude_finished=False):
        name = f"{job.rule.name} {job.wildcards_dict}"
        work[name] = progress.SECONDS.get(job.rule.name, progress.OTHERS)
        if job.rule.name.startswith("train"):
            work[name] = progress.training_work(study.training_job(job.wildcards.dataset, job.wildcards.method), costs)
            logs[name] = Path(job.log[0])
    names = lambda: [f"{job.rule.name} {job.wildcards_dict}" for job in dag.needrun_jobs()]
    progress.report(progress.Progress(work, logs), names)


onstart:
    watch(workflow.dag)
