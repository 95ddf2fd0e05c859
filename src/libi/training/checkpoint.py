"""Checkpoints of a training job: a killed job goes on from the last one and ends with the same bytes."""

from __future__ import annotations

import dataclasses
import logging
import shutil
import time
from pathlib import Path
from typing import Any

from torch import Tensor

from libi.storage import load_tensors, save_tensors
from libi.training.engine import Stack

log = logging.getLogger(__name__)


def flatten(value: Any, name: str = "") -> dict[str, Tensor]:
    """Tensors of nested dataclasses and dicts, each under the path that leads to it."""
    if isinstance(value, Tensor):
        return {name: value}
    items = value.items() if isinstance(value, dict) else vars(value).items()
    return {path: leaf for key, part in items for path, leaf in flatten(part, f"{name}/{key}").items()}


def restore(template: Any, tensors: dict[str, Tensor], name: str = "") -> Any:
    """The inverse of `flatten`: a value built like the template from tensors, moved to where the template's are."""
    if isinstance(template, Tensor):
        return tensors[name].to(template.device)
    if isinstance(template, dict):
        return {key: restore(part, tensors, f"{name}/{key}") for key, part in template.items()}
    parts = {key: restore(part, tensors, f"{name}/{key}") for key, part in vars(template).items()}
    return dataclasses.replace(template, **parts)


class Checkpoints:
    """The checkpoints of one job's stacks, in a scratch folder of the job's own.

    Attributes:
        folder: the scratch folder; made when needed.
        fingerprint: hash of all that the job depends on; a checkpoint with another one is discarded.
        seconds: least time between two checkpoints of a running stack.
    """

    def __init__(self, folder: str | Path, fingerprint: str, seconds: float = 30.0) -> None:
        self.folder, self.fingerprint, self.seconds = Path(folder), fingerprint, seconds
        self._last = time.monotonic()

    def _path(self, number: int) -> Path:
        return self.folder / f"stack_{number}.safetensors"

    def save(self, number: int, stack: Stack) -> None:
        """Write a stack's state if it is finished or the last checkpoint is old enough."""
        if not stack.finished and time.monotonic() - self._last < self.seconds:
            return
        position = {key: str(getattr(stack, key)) for key in ("phase", "epoch", "trained")}
        save_tensors(self._path(number), flatten(stack.state), position | {"fingerprint": self.fingerprint})
        self._last = time.monotonic()

    def resume(self, number: int, stack: Stack) -> None:
        """Put a stack where its checkpoint, if there is one that fits, says it was."""
        path = self._path(number)
        if not path.exists():
            return
        try:
            tensors, about = load_tensors(path)
        except ValueError as error:
            log.warning("checkpoint discarded: %s", error)
            return
        if about.get("fingerprint") != self.fingerprint:
            log.warning("%s: checkpoint discarded: made from other data, parameters or code", path)
            return
        stack.state = restore(stack.state, tensors)
        stack.phase, stack.epoch, stack.trained = (int(about[key]) for key in ("phase", "epoch", "trained"))
        log.info("stack %d goes on from epoch %d", number + 1, stack.trained)

    def clear(self) -> None:
        """Remove the scratch folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
