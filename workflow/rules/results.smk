"""Which of the results that are there are those that the jobs of this run would make.

Snakemake finds that out by its notes and by dates. Results that were copied here without these, or touched, are found
out here: each says what made it (`libi.runtime.seals`).
"""

from snakemake.logging import logger

from libi.runtime.seals import REMEDY, Damaged, check_content, is_result, origin_of, statement_of

OPTIONS = [word.partition("=")[0] for word in sys.argv[1:]]
REPORTING = "--report" in OPTIONS and "--report-after-run" not in OPTIONS
REFUSED = []  # errors that say what is wrong with results that are damaged
CHECKED = set()


@cache
def rules_with(function):
    """The rules that have a function among their input: one, or kinds of one, which make the same files."""
    return [rule for rule in workflow.rules if function in list(rule.input)]


def check_own_results(function, wildcards):
    """Have a job's results made again that are not what it would make.

    A result that is gone is made again too. To Snakemake that is no reason if what was made from it is there, but a job
    that was stopped has left such a gap: Snakemake had taken away what the job was to make again.

    Args:
        function: that is among the input of the job's rule.
        wildcards: of the job.
    """
    makers = rules_with(function)
    results = [file.apply_wildcards(wildcards) for file in makers[0].output]
    results = [file for file in map(str, results) if is_result(file)]
    if not workflow.is_main_process or not results or results[0] in CHECKED:
        return
    CHECKED.add(results[0])
    there = [file for file in results if os.path.exists(file)]
    foreign = len(there) < len(results) or is_foreign(makers[0], wildcards, there)
    # What is made again anyway may be damaged. For a report nothing is made.
    if foreign and not REPORTING or any([is_damaged(makers, file, results) for file in there]):
        workflow.dag.forcefiles.update(results)
    elif foreign and there:
        logger.warning(f"{there[0]} is not what the study would make now. To make it again, run the study")


def is_damaged(makers, file, results):
    """Whether a result is damaged. What is wrong with it is said before the first job, unless it is made again anyway.

    Args:
        makers: the rules that make it.
        file: its path.
        results: all that its job makes.
    """
    try:
        check_content(file)
        return False
    except Damaged as error:
        dag, unfinished = workflow.dag, workflow.persistence._filter_incomplete_keys([file])  # by a job that was killed
        if not unfinished and dag.forcerules.isdisjoint(makers) and dag.forcefiles.isdisjoint(results):
            REFUSED.append(error)
            if REPORTING:  # no run starts, so nothing is refused then
                raise SystemExit(f"There is no report. {error}") from None
            if workflow.dryrun:
                logger.warning(f"A run would stop here. {error}")
        return True


def is_foreign(maker, wildcards, results):
    """Whether a job's results were made with other settings, from other files, or by other code than it would now."""
    settings = {name: value(wildcards) if callable(value) else value for name, value in maker.params.items()}
    try:
        now = origin_of(settings, maker.expand_input(wildcards)[0])
    except (Damaged, OSError):
        return True  # what it is made from is to be made first
    return any(origin != now for origin in map(said_origin, results) if origin)


def said_origin(file):
    """What made a result, as it says itself; None if it says nothing."""
    try:
        return statement_of(file).origin
    except Damaged:
        return None


def refuse_damaged():
    """Stop before the first job if a result is damaged."""
    if len(REFUSED) == 1:
        raise SystemExit(str(REFUSED[0]))
    if REFUSED:
        problems = [f"{error.path}: {error.problem}" for error in REFUSED]
        remedy = REMEDY.replace("it", "them", 1)
        raise SystemExit("\n".join([*problems, f"{remedy} {' '.join(error.path for error in REFUSED)}"]))
