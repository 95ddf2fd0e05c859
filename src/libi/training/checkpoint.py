"""Checkpoints of a training job: a killed job goes on from the last one and ends with the same bytes.

A stack has two. Where the last proves damaged, the one before it takes its place.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import shutil
import time
import uuid
from pathlib import Path
from typing import Any

from torch import Tensor

from libi.runtime.storage import load_tensors, save_tensors, save_text
from libi.training.engine import Stack

log = logging.getLogger(__name__)

PLACE = ("phase", "epoch", "trained")  # where a stack is
WAYS = "computed_by"  # what has trained it so far


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


def seconds_between() -> float:
    """Least time between two checkpoints of a running stack: $LIBI_CHECKPOINT_SECONDS, else 20."""
    text = os.environ.get("LIBI_CHECKPOINT_SECONDS", "20")
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"LIBI_CHECKPOINT_SECONDS is {text!r}; it must be a number of seconds") from None


class TakenOver(RuntimeError):
    """Another process trains the same job."""


class Checkpoints:
    """The checkpoints of one job's stacks, in a scratch folder of the job's own.

    Attributes:
        folder: the scratch folder; made when needed.
        fingerprint: hash of all that the job depends on; a checkpoint with another one is discarded.
        seconds: least time between two checkpoints of a running stack.
    """

    def __init__(self, folder: str | Path, fingerprint: str, seconds: float | None = None) -> None:
        self.folder, self.fingerprint = Path(folder), fingerprint
        self.seconds = seconds_between() if seconds is None else seconds
        self._last = time.monotonic()
        self._token = uuid.uuid4().hex
        save_text(self._owner, self._token)

    @property
    def _owner(self) -> Path:
        """Names the process that trains in this folder: the one that came last."""
        return self.folder / "owner"

    def check_ownership(self) -> None:
        """Make sure that no other process has taken the job over.

        A run of the workflow that was killed can leave its job at work, and the next run starts the same job again.

        Raises:
            TakenOver: if one has.
        """
        if not self._owner.exists() or self._owner.read_text() != self._token:
            raise TakenOver(f"{self.folder}: another process has taken this job over; this one ends")

    def _paths(self, number: int) -> tuple[Path, Path]:
        """Where a stack's last checkpoint is, and the one before it."""
        return self.folder / f"stack_{number}.safetensors", self.folder / f"stack_{number}.before.safetensors"

    def save(self, number: int, stack: Stack) -> None:
        """Write a stack's state if it is finished or the last checkpoint is old enough.

        Raises:
            TakenOver: if another process has taken the job over.
        """
        if not stack.finished and time.monotonic() - self._last < self.seconds:
            return
        self.check_ownership()
        last, before = self._paths(number)
        tensors = flatten(stack.state)
        about = {key: str(getattr(stack, key)) for key in (*PLACE, WAYS)} | self._owned(number)
        if last.exists():
            os.replace(last, before)
        save_tensors(last, tensors, about)
        self._last = time.monotonic()

    def note(self, share: float) -> None:
        """Note how much of the job is done, 0 to 1, for whoever watches the run."""
        save_text(self.folder / "share", f"{share:.4f}\n")

    def resume(self, number: int, stack: Stack) -> None:
        """Put a stack where its last whole checkpoint, if there is one that fits, says it was."""
        for path in filter(Path.exists, self._paths(number)):
            try:
                tensors, about = self._read(path, number)
            except ValueError as error:
                log.warning("checkpoint discarded: %s", error)
                continue
            stack.state = restore(stack.state, tensors)
            stack.phase, stack.epoch, stack.trained = (int(about[key]) for key in PLACE)
            stack.computed_before = set(filter(None, about[WAYS].split(", ")))
            log.info("stack %d goes on from epoch %d", number + 1, stack.trained)
            return

    def _owned(self, number: int) -> dict[str, str]:
        """What a checkpoint of a stack says of itself beside the place where the stack is."""
        return {"fingerprint": self.fingerprint, "stack": str(number)}

    def _read(self, path: Path, number: int) -> tuple[dict[str, Tensor], dict[str, str]]:
        """A checkpoint's tensors and position.

        Raises:
            ValueError: if it is damaged, or not this job's, or another stack's.
        """
        tensors, about = load_tensors(path)
        if about.get("fingerprint") != self.fingerprint:
            raise ValueError(f"{path}: made from other data, parameters or code")
        if about != about | self._owned(number) or not about.keys() >= {*PLACE, WAYS}:
            raise ValueError(f"{path}: a checkpoint of another stack")
        return tensors, about

    def clear(self) -> None:
        """Remove the scratch folder, unless another process has taken the job over."""
        with contextlib.suppress(TakenOver):
            self.check_ownership()
            shutil.rmtree(self.folder, ignore_errors=True)
