"""The studies of one run: one, or a base study and variants of it that share all work they have in common."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from libi.study.study import PAPER, Study

STAGES = ("data", "reference", "training", "scores", "metrics", "posterior")
OF_NO_METHOD = ("data", "reference")


class Family(Mapping[str, Study]):
    """Studies by the folder that each has in results/, figures/ and paper/; "" is these folders themselves.

    Attributes:
        name: the file's own name for the run.
        varied: whether these are variants of a base study, which is the first.
        candidates: names of the variants that may take the base's place.
    """

    def __init__(self, name: str, studies: Mapping[str, Study], candidates: Sequence[str] = ()) -> None:
        """Build a family from studies by folder, the base first."""
        self.name, self._studies, self.candidates = name, dict(studies), tuple(candidates)
        self.varied = len(self._studies) > 1
        self._key = cache(self._compute_key)

    @classmethod
    def of_one(cls, study: Study) -> Family:
        """A single study: the paper's has no folder of its own."""
        return cls(study.name, {"" if study.name == PAPER else f"/{study.name}": study})

    @property
    def base(self) -> Study:
        """The first study."""
        return next(iter(self._studies.values()))

    def __getitem__(self, folder: str) -> Study:
        return self._studies[folder]

    def __iter__(self) -> Iterator[str]:
        return iter(self._studies)

    def __len__(self) -> int:
        return len(self._studies)

    def dataset_names(self) -> tuple[str, ...]:
        """The data sets that any of the studies has."""
        return tuple(dict.fromkeys(name for study in self._studies.values() for name in study.dataset_names()))

    def home(self, folder: str, stage: str, dataset: str, method: str | None = None) -> str:
        """The folder in which a study finds a stage's files: that of the first study that makes the very same ones.

        Args:
            folder: of the study.
            stage: data, reference, training, scores (with the selection), metrics or posterior.
            dataset: name of the data set.
            method: name of the method; left out for data and reference.
        """
        key = self._key(folder, stage, dataset, method)
        return next(other for other in self._studies if self._key(other, stage, dataset, method) == key)

    def _compute_key(self, folder: str, stage: str, dataset: str, method: str | None) -> str | None:
        """All that a stage's files depend on; None if the study has not the data set or the method."""
        study = self._studies[folder]
        if dataset not in study.dataset_names():
            return None
        if stage not in OF_NO_METHOD and method not in (*study.methods(dataset), *study.demonstrations(dataset)):
            return None
        depends: dict[str, Any] = {
            "data": [study.seed, study.points.model_dump(), study.architecture_of(dataset, "data")],
        }
        if stage != "data":
            depends["replicates"] = [study.first_replicate, study.replicates]
        if method is not None and stage not in OF_NO_METHOD:
            depends["training"] = [study.training_job(dataset, method), study.replicates_per_job]
        if stage in ("scores", "metrics", "posterior"):
            depends["scores"] = [study.scoring_job(), study.selection.configuration_split]
        if stage == "metrics":
            depends["metrics"] = study.evaluation_job()
        if stage in ("reference", "posterior"):
            depends["posterior"] = study.posterior_job()
        return json.dumps(depends)
