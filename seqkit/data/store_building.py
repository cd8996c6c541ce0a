"""Building a store: records are encoded one after another, and one that cannot be is taken back."""

from __future__ import annotations

import json
import os
import shutil
from array import array
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np

from seqkit.codec import Codec
from seqkit.data.step_file import StepFile
from seqkit.data.store import FlatStore, open_store, step_dtype
from seqkit.errors import DataError, SeqkitError
from seqkit.problems import report
from seqkit.steps import Record, spec_to_dict
from seqkit.wording import plural


def build_store(
    records: Iterable[Record],
    codec: Codec,
    target_codec: Codec | None,
    folder: Path,
    whole: bool = False,
    aligned: bool = False,
    finish: Callable[[Path], None] | None = None,
) -> FlatStore:
    """Encode records, one in memory at a time, into a store.

    The folder appears only when it is complete, so a killed build leaves nothing that could be taken for data.

    Args:
        records: What to encode.
        codec: For the sequences.
        target_codec: For the targets; None when the task has none.
        folder: Where to put it; a complete store that is there by then is kept.
        whole: Records are read one by one, so none may be empty.
        aligned: Each step has a target of its own.
        finish: Called with the complete store's folder before it gets its name; may refuse the store by an error.

    Raises:
        DataError: Names the record that cannot be encoded, that is empty, or that lacks targets; while problems are
            collected it is noted, and the record left out.
    """
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with StoreWriter(partial, codec, target_codec, whole or target_codec is not None, aligned) as writer:
            for record in records:
                writer.add(record)
        if finish is not None:
            finish(partial)
        _publish(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return open_store(folder)


def _publish(partial: Path, folder: Path) -> None:
    """Give a finished store its name. Another process may have made the same one meanwhile, and read it by now."""
    if folder.exists() and not (folder / "meta.json").exists():
        shutil.rmtree(folder)
    try:
        partial.replace(folder)
    except OSError:
        if not (folder / "meta.json").exists():
            raise


class StoreWriter:
    """Writes the files of a store.

    Args:
        folder: Where to; it exists.
        codec: For the sequences.
        target_codec: For the targets; None when the task has none.
        whole: No record may be empty.
        aligned: Each step has a target of its own.
    """

    def __init__(self, folder: Path, codec: Codec, target_codec: Codec | None, whole: bool, aligned: bool) -> None:
        self.folder, self.codec, self.target_codec = folder, codec, target_codec
        self.whole, self.aligned = whole, aligned
        self._lengths, self._target_lengths, self._context = array("q"), array("q"), array("q")
        self._begin, self._counts, self._refused = (0, 0, 0), (0, 0), False

    def __enter__(self) -> StoreWriter:
        with ExitStack() as stack:
            self._steps = stack.enter_context(StepFile(self.folder / "steps.bin", fixed_point=True))
            self._targets = stack.enter_context(StepFile(self.folder / "targets.bin"))
            self._origins = stack.enter_context((self.folder / "origins.jsonl").open("wb"))
            self._files = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()
        if error is None:
            self._save_places()

    def add(self, record: Record) -> None:
        """Encode a record, or the next part of one.

        Raises:
            DataError: As `build_store`.
        """
        if not record.continues:
            self._begin = (self._steps.num_values, self._targets.num_values, self._origins.tell())
            self._counts = (len(self._lengths), len(self._target_lengths))
            self._refused = False
        elif self._refused:
            return  # The rest of a record that was taken back.
        try:
            self._append(record)
        except DataError as error:
            report(error)
            self._take_back()

    def _append(self, record: Record) -> None:
        count, own = _encode(self._steps, self.codec, record.sequence, record.origin), None
        if self.target_codec is not None and (self.aligned or not record.continues):
            own = _encode(self._targets, self.target_codec, record.target, record.origin)
        if self.aligned and own is not None and own != count:
            raise DataError(
                f"{plural(own, 'tag')} for {plural(count, 'step')}", at=record.origin, fix="give each step one tag"
            )
        if record.continues and self._lengths:
            self._lengths[-1] += count
            if own is not None:
                self._target_lengths[-1] += own
            return
        if self.whole and count == 0:
            raise DataError("the record is empty", at=record.origin, fix="remove it")
        self._lengths.append(count)
        self._context.append(record.context)
        self._origins.write(json.dumps(record.origin).encode() + b"\n")
        if own is not None:
            self._target_lengths.append(own)

    def _take_back(self) -> None:
        """Forget the record that was begun last, whichever of its parts was refused."""
        num_values, num_target_values, place = self._begin
        self._steps.cut(num_values)
        self._targets.cut(num_target_values)
        self._origins.seek(place)
        self._origins.truncate()
        records, targets = self._counts
        del self._lengths[records:], self._context[records:], self._target_lengths[targets:]
        self._refused = True

    def _save_places(self) -> None:
        np.save(self.folder / "offsets.npy", np.concatenate([[0], np.cumsum(self._lengths)]).astype(np.int64))
        np.save(self.folder / "context.npy", np.asarray(self._context, dtype=np.int64))
        ends = np.cumsum(self._target_lengths)
        np.save(self.folder / "target_offsets.npy", np.concatenate([[0], ends]).astype(np.int64))
        target_spec = spec_to_dict(self.target_codec.spec) if self.target_codec is not None else None
        dtype = np.dtype(self._steps.dtype or step_dtype(self.codec.spec))
        meta = {"spec": spec_to_dict(self.codec.spec), "target_spec": target_spec, "dtype": dtype.name}
        (self.folder / "meta.json").write_text(json.dumps(meta))


def _encode(file: StepFile, codec: Codec, value: object, origin: str) -> int:
    """Encode one value to the end of a file; the number of steps."""
    if value is None:
        raise DataError("the record has no target", at=origin, fix="give it a label, or use --data.task next_step")
    try:
        steps = codec.encode_array(value)
    except SeqkitError as error:
        raise type(error)(error.what, at=error.at or origin, fix=error.fix) from error
    file.append(steps, step_dtype(codec.spec))
    return len(steps)
