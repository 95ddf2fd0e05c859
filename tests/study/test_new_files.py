"""What is wrong with a new method, data set, metric, claim or figure is said by `make check`, in a sentence.

Snakemake runs the same checks before anything else, but does not open the data sets: its first jobs do.
tests/workflow/test_extension.py tries some of these there.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
PHASE = """
from libi.base.method import Method, Phase
TITLE = "VAE"
METHOD = Method(lambda values, epochs, settings: (Phase("{}", ("{}",), {}, opens_round=True{}),){})
"""
SETTING = """
from libi.base.method import ElboSettings, Method, joint
from libi.base.values import Count, Grid, Share
TITLE = "VAE"


class Own(ElboSettings):
    {}


METHOD = Method(joint, Grid, settings=Own)
"""
DISAGREEING = """own: int = 1

    @classmethod
    def disagreements(cls, given, points):
        yield {}
"""
FRESH = ", fresh=True"
SAYS = 'SAYS = {"odd": {"family": "Odd", "where": "ours", "statement": "So."}}\n'
GAPS = 'READS = ("gaps",)\n'
CLAIM = "def judge(said, evidence):\n    return {}\n\n\nCLAIMS = judge\n"
METRIC = """
from libi.models.metric import Metric
TITLE = "Broken"
BETTER = "{}"
METRIC = Metric({}, columns={})
"""
DATASET = 'from libi.base.dataset import Dataset\nTITLE = "Broken"\nDATASET = Dataset({})\n'
METHODS, DATASETS, METRICS = "methods/broken.py", "datasets/broken.py", "metrics/broken.py"
CLAIMS, FIGURES, VAE = "paper/claims/broken.py", "paper/figures/broken.py", "methods/vae.py"
DRAW = "def draw({}):\n    pass\n\n\nFIGURE = draw\n"

OWN = "datasets/gaussian.py"
GAUSSIAN = (REPOSITORY / "src/libi" / OWN).read_text(encoding="utf-8")

CASES = [
    (METHODS, "METHOD = (", "broken.py: line 1"),
    (METHODS, b"# \xff\n", "broken.py: not a Python file in UTF-8"),
    (METHODS, '"""A method."""\nTITLE = "Broken"\n', "broken.py: defines no METHOD"),
    (METHODS, 'TITLE = "Broken"\nMETHOD = 1\n', "broken.py: METHOD is 1; it must be a Method"),
    (METHODS, 'TITLE = "Broken"\nMETHOD = dict()\n', "broken.py: METHOD must be a Method, and is dict"),
    (METHODS, "from libi.base.methods import Method\nMETHOD = Method(print)\n", "there is no module libi.base.methods"),
    (METHODS, 'TITLE = "Broken"\nMETHOD = None()\n', "broken.py: cannot be imported: TypeError"),
    (
        METHODS,
        PHASE.format("elbo", "inference", 1, FRESH, ""),
        "broken.py: TITLE is that of vae.py; give it another one",
    ),
    (VAE, PHASE.format("elob", "inference", "epochs", FRESH, ""), "vae.py: a phase is under the objective 'elob'"),
    (VAE, PHASE.format("elbo", "inferense", "epochs", FRESH, ""), "vae.py: a phase moves 'inferense'"),
    (
        VAE,
        PHASE.format("elbo", "inference", "epochs", FRESH + ', encoder_start="whitten"', ""),
        "did you mean 'whiten'?",
    ),
    (VAE, PHASE.format("elbo", "inference", "epochs / 2", FRESH, ""), "it must be a whole number"),
    (VAE, PHASE.format("elbo", "inference", "-1", FRESH, ""), "has -1 epochs; it must be a whole number"),
    (VAE, PHASE.format("elbo", "inference", "2 * epochs", FRESH, ""), "they must share the study's"),
    (VAE, PHASE.format("elbo", "inference", "epochs", "", ""), "the first must have fresh=True"),
    (VAE, PHASE.format("elbo", "inference", 1, FRESH, ", objectives=('elob',)"), "there is no objective 'elob'"),
    (
        VAE,
        PHASE.format("elbo", "inference", 1, FRESH, ", settings=int"),
        "its settings must be a class made from MethodSettings",
    ),
    (
        VAE,
        SETTING.format("epochs: int = 1"),
        "vae.py: Own has 'epochs', which is another setting of all methods already",
    ),
    (
        VAE,
        SETTING.format("exponential_cap: int = 1"),
        "has 'exponential_cap', which is another setting of libi.py already",
    ),
    (VAE, SETTING.format("own: Share = 7"), "vae.py: Own has 'own', whose default is 7; allowed: a number above 0 and"),
    (
        VAE,
        SETTING.format(DISAGREEING.format("'another', 'less'")),
        "vae.py: disagreements() of its Own fails: KeyError",
    ),
    (
        VAE,
        SETTING.format(DISAGREEING.format("'own', f'at least {1 + given[\"own\"]}'")),
        "training.own: given 1; allowed: at least 2",
    ),
    (
        VAE,
        SETTING.replace("ElboSettings", "BatchSettings").format("own: Count"),
        "trains under the ELBO, so its Own must be made from ElboSettings",
    ),
    (VAE, SETTING.format("own: Count"), "training.own: missing; allowed: a whole number from 1 to 10^9"),
    (VAE, PHASE.format("elbo", "inference", "epochs", FRESH + ', ramp="sine"', ""), "lets β grow as 'sine'"),
    (
        FIGURES,
        'READS = ("sensitivity",)\nDATASET = "gaussian"\n' + DRAW.format("sensitivity"),
        "READS has 'sensitivity', which is not a table of a data set",
    ),
    (VAE, PHASE.format("elbo", "inference", 1, FRESH, ", halves='betas'"), "halves is 'betas', which is not a key"),
    (VAE, PHASE.format("elbo", "inference", 1, FRESH, ", shown_on=('gausian',)"), "did you mean 'gaussian'?"),
    (VAE, PHASE.format("elbo", "inference", 1, FRESH, ", grid=int"), "its grid must be a class made from Grid"),
    ("objectives/broken.py", "LOSS = 1\n", "broken.py: defines no OBJECTIVE"),
    (DATASETS, "PLACE = one()", "broken.py: line 1: PLACE must be a literal"),
    (DATASETS, 'PLACE = "last"\n', "broken.py: PLACE must be a number, and is 'last'"),
    (DATASETS, DATASET.format('name="other"'), "its name is 'other'; it must be that of its file, 'broken'"),
    (OWN, GAUSSIAN.replace("MatrixMap(LATENT, ", "MatrixMap(3, "), "its decoder takes 3 codes; it must take 2"),
    (OWN, GAUSSIAN.replace("= 1e-6", "= 0.0"), "must have finite numbers above 0"),
    (
        OWN,
        GAUSSIAN.replace("ground_truth=ground_truth", "ground_truth=None"),
        "must have a ground_truth or name a file",
    ),
    (OWN, GAUSSIAN.replace("DATASET = Dataset(", "DATASET = dict("), "DATASET must be a Dataset, and is dict"),
    (OWN, GAUSSIAN.replace("import torch", "import nothing_here"), "cannot be imported: ModuleNotFoundError"),
    (DATASETS, "DATASET = print()\nPOINTS = 'a.csv'\n", "broken.py: lacks its name as printed"),
    (METRICS, METRIC.format("lower", "print", "('other',)"), "broken.py: columns lacks 'broken'"),
    (
        METRICS,
        METRIC.format("lower", "print", "('broken')"),
        "columns must be a tuple of names, and measure a function",
    ),
    (METRICS, METRIC.format("lower", "5", "('broken',)"), "columns must be a tuple of names, and measure a function"),
    (METRICS, METRIC.format("lower", "print, int", "('broken',)"), "its settings must be a class made from Section"),
    (METRICS, METRIC.format("lower", "print", "('broken', 'dataset')"), "a column cannot be called 'dataset'"),
    (METRICS, METRIC.format("less", "print", "('broken',)"), "broken.py: BETTER must be 'higher' or 'lower'"),
    (METRICS, METRIC.format("lower", "print", "('broken', 'mmd')"), "has a column 'mmd' already"),
    (CLAIMS, "JUDGE = 1", "broken.py: defines no CLAIMS"),
    (CLAIMS, GAPS + SAYS + "CLAIMS = 5\n", "broken.py: CLAIMS is 5; docs/extend.md shows one"),
    (CLAIMS, "from libi.judging.interval import above\n" + CLAIM.format(0), "there is no module libi.judging.interval"),
    (CLAIMS, SAYS + CLAIM.format(0), "broken.py: lacks the tables that it reads"),
    (CLAIMS, CLAIM.format(0), "broken.py: lacks what the paper says, a line such as"),
    (
        CLAIMS,
        SAYS.replace('"family": "Odd", ', "") + CLAIM.format(0),
        "broken.py: SAYS['odd'] lacks 'family', in words",
    ),
    (
        CLAIMS,
        SAYS.replace("where", "wher") + CLAIM.format(0),
        "broken.py: SAYS['odd'] has 'wher'; did you mean 'where'?",
    ),
    (
        CLAIMS,
        SAYS.replace("}}", ', "published": 0.5}}') + CLAIM.format(0),
        "SAYS['odd']: 'published' and 'precision' must be two numbers, or both be absent",
    ),
    (
        CLAIMS,
        SAYS.replace("odd", "captures") + GAPS + "PLACE = 90\n" + CLAIM.format(0),
        "broken.py: the claim 'captures' is in captures.py already; give it another name",
    ),
    (
        CLAIMS,
        SAYS + GAPS + CLAIM.format('said["od"]'),
        "it judges said['od'], which its SAYS lacks; did you mean 'odd'?",
    ),
    (
        CLAIMS,
        'READS = ("gap",)\n' + SAYS + CLAIM.format(0),
        "broken.py: READS has 'gap', which is not a table of a study; did you mean 'gaps'?",
    ),
    (CLAIMS, 'READS = ("gaps")\n' + SAYS + CLAIM.format(0), "broken.py: lacks the tables that it reads"),
    (CLAIMS, GAPS + SAYS + CLAIM.format("evidence.gap"), "it reads 'gap', which is not a table of a study"),
    (CLAIMS, GAPS + SAYS + CLAIM.format("evidence.posterior"), "add 'posterior' to its READS"),
    (FIGURES, DRAW.format("gaps"), "broken.py: lacks the tables that it reads"),
    (FIGURES, GAPS + "FIGURE = 5\n", "broken.py: FIGURE is 5; docs/extend.md shows one"),
    (FIGURES, 'READS = ("gaps")\n' + DRAW.format("gaps"), "broken.py: lacks the tables that it reads"),
    (
        FIGURES,
        'READS = ("gap",)\n' + DRAW.format("gap"),
        "READS has 'gap', which is not a table of a study; did you mean",
    ),
    (
        FIGURES,
        'READS = ("summary",)\n' + DRAW.format("summary"),
        "READS has 'summary', which is not a table of a study",
    ),
    (
        FIGURES,
        GAPS + DRAW.format("grid"),
        "READS and the arguments of the drawing function must be the same; see 'gaps'",
    ),
    (
        FIGURES,
        'READS = ("points",)\nDATASET = "gausian"\n' + DRAW.format("points"),
        "broken.py: DATASET is 'gausian', which is not a data set; did you mean 'gaussian'?",
    ),
]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A copy of the package, and a study of the VAE alone."""
    root = tmp_path_factory.mktemp("package")
    shutil.copytree(REPOSITORY / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    study = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text(encoding="utf-8"))
    (root / "study.yaml").write_text(yaml.safe_dump(study | {"name": "vae", "datasets": {"gaussian": {"vae": {}}}}))
    return root


def check(root, *command):
    """What one of the commands of `make check` says, with its exit code."""
    program = [sys.executable, "-B", "-m", *(command or ("libi.study", "check", str(root / "study.yaml")))]
    run = subprocess.run(program, cwd=root / "src", capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def test_without_a_new_file_there_is_nothing_to_say(package):
    assert check(package, "libi.paper") == (0, "")
    code, said = check(package)
    assert code == 0 and said.startswith(f"{package / 'study.yaml'}: the study vae, with 50 models on gaussian"), said


@pytest.mark.parametrize(("path", "text", "message"), CASES, ids=[f"{path}-{n}" for n, (path, *_) in enumerate(CASES)])
def test_what_is_wrong_with_a_new_file_is_said_in_a_sentence(package, path, text, message):
    file = package / "src/libi" / path
    before = file.read_bytes() if file.exists() else None
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        code, said = check(package, *(["libi.paper"] if path.startswith("paper/") else []))
    finally:
        file.unlink() if before is None else file.write_bytes(before)
    assert code == 1 and message in said and "Traceback" not in said, said
