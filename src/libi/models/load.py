"""Opening a trained model by the path of its training file."""

from __future__ import annotations

from pathlib import Path

from libi.datasets import DATASETS
from libi.methods import METHODS
from libi.models.selection import choose_restarts, chosen_configurations
from libi.models.trained import TrainedModel, TrainedModels
from libi.runtime.seals import Damaged, as_its_run_knows_it
from libi.runtime.storage import load_table


def load(
    path: str | Path, configuration: str | None = None, restart: int | None = None, *, replicate: int | None = None
) -> TrainedModel:
    """Open a trained model, ready to encode and decode arrays.

    Args:
        path: a training file, e.g. results/training/mobius/libi/0.safetensors.
        configuration: name of the hyper-parameters, e.g. "beta=0.5". Left out: the only one of the file, or else the
            one that Table 1 shows, by results/selection/.
        restart: number of the restart. Left out: the only one, or else the one whose own objective is best on the
            validation set.
        replicate: number of the replicate, where the file holds several (0-4.safetensors). Left out: its first.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is not a whole training file, if it is in another data set's folder, if it does not hold
            the replicate, or if the configuration is left out and the study has not chosen one yet.
        KeyError: if the file does not hold the model.
    """
    if not Path(path).is_file():
        what = "is a folder" if str(path) and Path(path).is_dir() else "is not there"
        raise FileNotFoundError(
            f"{str(path)!r} {what}; name a training file, e.g. results/training/mobius/libi/0.safetensors"
        )
    path = _as_its_run_knows_it(Path(path))
    models = TrainedModels(path, replicate)
    _check_place(path, models)
    names = list(dict.fromkeys(name for name, _ in models.rows))
    if configuration is None:
        configuration = names[0] if len(names) == 1 else _selected(path, models, names)
    restarts = [number for name, number in models.rows if name == configuration]
    if restart is None and len(restarts) > 1:
        restart = _best(path, models, configuration)
    return models.model(configuration, restart if restart is not None else restarts[0] if restarts else 0)


def _as_its_run_knows_it(path: Path) -> Path:
    """The path by which a run knows a model, its records or a selection; as it is for a copy elsewhere."""
    return as_its_run_knows_it(path, lambda inside: bool({"training", "selection"} & set(inside.parts)))


def _check_place(path: Path, models: TrainedModels) -> None:
    """Refuse a file in the place of another data set or method: a published model that was copied over another, say."""
    file = path.absolute()
    for names, own in ((DATASETS, models.dataset.name), (METHODS, models.method)):
        for told in (file.stem, file.parent.name, file.parents[1].name):
            if told in list(names) and told != own:
                raise ValueError(f"{path} is in the place of a model of {told}, but holds one of {own}")


def _best(path: Path, models: TrainedModels, configuration: str) -> int:
    """The restart whose own objective is best on the validation set, by the records beside the file."""
    beside = path.with_suffix(".csv")
    try:
        records = load_table(_as_its_run_knows_it(beside))
        own = choose_restarts(records[records["replicate"] == models.replicate])
    except Damaged:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = f"{beside} is not the table of its restarts ({type(error).__name__}: {error})"
        raise ValueError(f"{problem}; name a restart by restart=") from None
    table = own.set_index("configuration")["restart"]
    if configuration not in table.index:
        raise ValueError(f"{path.with_suffix('.csv')} has no restart of {configuration!r}; name one by restart=")
    if table.isna()[configuration]:
        raise ValueError(f"{path}: every restart of {configuration!r} diverged; name one by restart=")
    return int(table[configuration])


def _selected(path: Path, models: TrainedModels, names: list[str]) -> str:
    """The configuration that Table 1 shows: results/selection/ has it, beside results/training/."""
    training = next((folder for folder in path.absolute().parents if folder.name == "training"), path.parent)
    selection = _as_its_run_knows_it(training.with_name("selection") / models.dataset.name / f"{models.method}.csv")
    chosen = chosen_configurations(load_table(selection)).get(models.method) if selection.exists() else None
    if chosen is None:
        raise ValueError(
            f"{path} holds {len(names)} configurations and {selection} chooses none of them; name one by "
            f"configuration=, e.g. {names[0]!r}"
        )
    return chosen
