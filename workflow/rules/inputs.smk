"""Where the files are that rules take. Of several studies each file is made once: `at_home` says by which."""


def of_study(what):
    """A parameter: something of the study, given what it is as a function of the study."""
    return lambda wildcards: what(FAMILY[wildcards.study])


def training_job(wildcards):
    """The settings with which a method is trained on a data set."""
    return FAMILY[wildcards.study].training_job(wildcards.dataset, wildcards.method)


def names_of(wildcards):
    """The names that a study's tables and figures print: no script takes them, but another name reruns the rule."""
    study = FAMILY.get(wildcards.study, FAMILY.base)  # of the variants together: the base
    methods = {method for dataset in study.dataset_names() for method in study.methods(dataset)}
    named = (DATASETS, study.dataset_names()), (METHODS, methods), (METRICS, study.metric_names())
    return [room.titles(names) for room, names in named]


def at_home(pattern, wildcards, stage, dataset, method=None, **others):
    """Files of a stage, from the study that makes them."""
    home = FAMILY.home(wildcards.study, stage, dataset, method)
    return expand(pattern, study=home, dataset=dataset, method=method or [], **others)


def truth(wildcards):
    """The ground truth of a data set; nothing for points of one's own."""
    if own_points(wildcards.dataset):
        return []
    return at_home("results{study}/data/{dataset}/truth.safetensors", wildcards, "data", wildcards.dataset)[0]


def points(split, replicates):
    """The points of a data set's replicates; the split and the replicates as functions of the wildcards."""
    path = "results{study}/data/{dataset}/{replicate}/{split}.safetensors"
    return lambda wildcards: at_home(
        path, wildcards, "data", wildcards.dataset, replicate=replicates(wildcards), split=split(wildcards)
    )


def of_pack(wildcards):
    """The replicates of a training job."""
    return FAMILY[wildcards.study].replicates_of(wildcards.replicates)


def of_all(wildcards):
    """The replicates of a study."""
    return list(FAMILY[wildcards.study].replicate_names())


def held_out(wildcards):
    """The test points of a data set whose truth is not known; nothing else can stand for p(x) there."""
    return points(lambda wildcards: "test", of_all)(wildcards) if own_points(wildcards.dataset) else []


def trained(kind, dataset=None, method=None):
    """The training files of a method on a data set; kind is safetensors (models) or csv (records)."""
    path = f"results{{study}}/training/{{dataset}}/{{method}}/{{replicates}}.{kind}"
    return lambda wildcards: at_home(
        path,
        wildcards,
        "training",
        dataset or wildcards.dataset,
        method or wildcards.method,
        replicates=FAMILY[wildcards.study].packs(),
    )


def chosen(kind):
    """The scores or the selection of a method on a data set."""
    path = f"results{{study}}/{kind}/{{dataset}}/{{method}}.csv"
    return lambda wildcards: at_home(path, wildcards, "scores", wildcards.dataset, wildcards.method)[0]


def every_method(path, stage, dataset=None):
    """The files of a stage of every method on a data set, or on all of a study, or on that which the wildcards name."""

    def files(wildcards):
        study, one = FAMILY[wildcards.study], dataset or dict(wildcards).get("dataset")
        names = [one] if one else study.dataset_names()
        pairs = ((name, method) for name in names for method in study.methods(name))
        return [file for name, method in pairs for file in at_home(path, wildcards, stage, name, method)]

    return files


def records_of_libi(wildcards):
    """The records of LiBI on every data set of a study that has it."""
    study = FAMILY[wildcards.study]
    found = [name for name in study.dataset_names() if "libi" in study.methods(name)]
    return [path for name in found for path in trained("csv", name, "libi")(wildcards)]


def restarts(wildcards):
    """How often LiBI's restarts fail; nothing in a study without LiBI."""
    return expand(rules.gather_restarts.output, study=wildcards.study) if records_of_libi(wildcards) else []


def derived(name):
    """A table of what is derived: the same for all studies, so the first makes it."""
    return f"results{next(iter(FAMILY))}/closed_form/{name}.csv"


def demonstrated(kind):
    """The training files of joint MAP: on the first replicate alone."""
    path = f"results{{study}}/training/{{dataset}}/joint_map/{{first}}.{kind}"
    return lambda wildcards: at_home(
        path, wildcards, "training", wildcards.dataset, "joint_map", first=FAMILY[wildcards.study].first_replicate
    )[0]


def shrinkage(wildcards):
    """What joint MAP has done, on each data set that it is shown on."""
    study, path = FAMILY[wildcards.study], rules.measure_shrinkage.output[0]
    names = [name for name in study.dataset_names() if "joint_map" in study.demonstrations(name)]
    return [file for name in names for file in at_home(path, wildcards, "training", name, "joint_map")]


def said_of_figure(name, default=None):
    """A parameter: what a figure's file says under a name."""
    return lambda wildcards: FIGURES.literal(wildcards.figure, name, default)


def tables_of_figure(wildcards):
    """The files that a figure reads, by the names of its tables."""
    dataset, reads = (said_of_figure(name)(wildcards) for name in ("DATASET", "READS"))
    return {name: files_of(wildcards, name, dataset) for name in reads}


def tables_of_claims(wildcards):
    """The files that claims are judged by, by the names of their tables."""
    return {name: files_of(wildcards, name) for name in tables_read()}


def files_of(wildcards, name, dataset=None):
    """The files of a table: of a study, or of one of its data sets."""
    if name in (PUBLISHED_TABLE, VARIANTS_TABLE):
        return PUBLISHED_FILE if name == PUBLISHED_TABLE else rules.gather_sensitivity.output[0]
    if name in CLOSED_FORMS:
        return derived(name)
    if name in ("restarts", "joint_map"):
        return restarts(wildcards) if name == "restarts" else shrinkage(wildcards)
    path = f"results{{study}}/{FILES.get(name, CLAIMS_FILE)}"
    if name in OF_MODELS:
        return every_method(path, Path(FILES[name]).parts[0], dataset)(wildcards)
    return expand(path, study=wildcards.study)[0]


def figures(folder):
    """A study's figures as PDF: of its data sets, and of all together."""
    names = (None, *FAMILY[folder].dataset_names())
    drawn = [name for name in FIGURES if FIGURES.literal(name, "DATASET", None) in names and not is_of_variants(name)]
    return [f"figures{folder}/{name}.pdf" for name in drawn]


def folders_of_figures():
    """A constraint of the wildcard `study`: figures of variants are in the folder of all of them, others in a study's."""
    together = any_of(name for name in FIGURES if is_of_variants(name))
    single = rf"{any_of(FAMILY)}(?!/{together}\.)"
    return rf"({single}|{re.escape(str(Path('/') / FAMILY.name))}(?=/{together}\.))" if FAMILY.varied else single


def figures_of_variants():
    """The figures of all variants together, as PDF."""
    return [f"figures/{FAMILY.name}/{name}.pdf" for name in FIGURES if is_of_variants(name)]


def has_paper(folder):
    """Whether a study has the replication paper as PDF: one that is to be made, or for a report one that is there."""
    return CAN_TYPESET and (not REPORTING or os.path.exists(f"paper{folder}/replication.pdf"))


def results_of(folder):
    """What a study is run for."""
    single = [
        rules.render_table1.output,
        rules.judge.output,
        rules.gather_grid.output,
        rules.gather_gaps.output,
        rules.render_verdicts.output,
        rules.render_page.output,
        rules.render_gaps.output,
        rules.write_numbers.output,
        rules.write.output if has_paper(folder) else [],
    ]
    derivations = list(map(derived, CLOSED_FORMS))
    return [*expand([path for paths in single for path in paths], study=folder), *figures(folder), *derivations]
