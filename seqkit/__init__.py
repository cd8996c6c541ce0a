"""seqkit: one recurrent backbone and one training loop for text, sound, DNA and numbers.

The public API is the list below. Names are imported when they are first used, so that `import seqkit` and
`seqkit --help` do not load torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqkit.own_imports import import_own
from seqkit.version import __version__

if TYPE_CHECKING:
    from seqkit.api import compare as compare
    from seqkit.api import crossval as crossval
    from seqkit.api import fit as fit
    from seqkit.api import load as load
    from seqkit.checking.check import check as check
    from seqkit.checking.inspector import Inspector as Inspector
    from seqkit.codec import Codec as Codec
    from seqkit.codecs import LabelCodec as LabelCodec
    from seqkit.codecs import SymbolCodec as SymbolCodec
    from seqkit.codecs import TagCodec as TagCodec
    from seqkit.data.cache import scratch_file as scratch_file
    from seqkit.data.delimited import first_row as first_row
    from seqkit.data.delimited import read_delimited as read_delimited
    from seqkit.data.delimited_problems import RowLines as RowLines
    from seqkit.data.module import SequenceDataModule as SequenceDataModule
    from seqkit.data.parts import join_parts as join_parts
    from seqkit.data.signs import binary_format as binary_format
    from seqkit.data.signs import foreign_format as foreign_format
    from seqkit.data.sources import PathOption as PathOption
    from seqkit.data.sources import SourceFile as SourceFile
    from seqkit.data.sources import each_file as each_file
    from seqkit.data.sources import find_files as find_files
    from seqkit.data.sources import is_hub as is_hub
    from seqkit.data.sources import split_label as split_label
    from seqkit.data.tables import TABLE_SUFFIXES as TABLE_SUFFIXES
    from seqkit.data.tables import is_table as is_table
    from seqkit.data.tables import read_batches as read_batches
    from seqkit.data.tables import read_hub as read_hub
    from seqkit.data.tables import read_rows as read_rows
    from seqkit.data.tables import require_column as require_column
    from seqkit.domain import Domain as Domain
    from seqkit.domain import Scorer as Scorer
    from seqkit.embedding import SymbolEmbedding as SymbolEmbedding
    from seqkit.encoder import Encoder as Encoder
    from seqkit.encoder import StepEncoder as StepEncoder
    from seqkit.encoder import step_encoder as step_encoder
    from seqkit.errors import CheckpointError as CheckpointError
    from seqkit.errors import ConfigError as ConfigError
    from seqkit.errors import DataError as DataError
    from seqkit.errors import DependencyError as DependencyError
    from seqkit.errors import DivergedError as DivergedError
    from seqkit.errors import SeqkitError as SeqkitError
    from seqkit.errors import StructureError as StructureError
    from seqkit.errors import did_you_mean as did_you_mean
    from seqkit.fixed_point import FixedPoint as FixedPoint
    from seqkit.inference.judge import Judge as Judge
    from seqkit.lecture.rungs.class_rungs import class_figures as class_figures
    from seqkit.lecture.sources.gaussian import Autoregression as Autoregression
    from seqkit.lecture.sources.gaussian import GaussianHiddenMarkov as GaussianHiddenMarkov
    from seqkit.lecture.sources.hidden_markov import HiddenMarkov as HiddenMarkov
    from seqkit.lecture.sources.made import MadeSource as MadeSource
    from seqkit.lecture.sources.markov import MarkovChain as MarkovChain
    from seqkit.lecture.sources.sidecar import Known as Known
    from seqkit.lecture.sources.sidecar import Made as Made
    from seqkit.model import SequenceModel as SequenceModel
    from seqkit.options import ModelOptions as ModelOptions
    from seqkit.plots.forecast import draw_forecast as draw_forecast
    from seqkit.plots.spectrogram import draw_spectrogram as draw_spectrogram
    from seqkit.plots.style import save_figure as save_figure
    from seqkit.problems import begin_reading as begin_reading
    from seqkit.problems import collecting as collecting
    from seqkit.problems import observe as observe
    from seqkit.problems import observed as observed
    from seqkit.problems import passed as passed
    from seqkit.problems import report as report
    from seqkit.problems import reporting as reporting
    from seqkit.run import Run as Run
    from seqkit.standard_codec import StandardCodec as StandardCodec
    from seqkit.steps import IGNORED as IGNORED
    from seqkit.steps import Batch as Batch
    from seqkit.steps import Continuous as Continuous
    from seqkit.steps import Discrete as Discrete
    from seqkit.steps import Generation as Generation
    from seqkit.steps import Record as Record
    from seqkit.steps import Spec as Spec
    from seqkit.steps import Split as Split
    from seqkit.steps import valid_mask as valid_mask
    from seqkit.wording import plural as plural
    from seqkit.wording import quoted as quoted

_HOMES = {
    "seqkit.api": ("compare", "crossval", "fit", "load"),
    "seqkit.checking.check": ("check",),
    "seqkit.checking.inspector": ("Inspector",),
    "seqkit.codec": ("Codec",),
    "seqkit.codecs": ("LabelCodec", "SymbolCodec", "TagCodec"),
    "seqkit.data.cache": ("scratch_file",),
    "seqkit.data.delimited": ("first_row", "read_delimited"),
    "seqkit.data.delimited_problems": ("RowLines",),
    "seqkit.data.module": ("SequenceDataModule",),
    "seqkit.data.parts": ("join_parts",),
    "seqkit.data.signs": ("binary_format", "foreign_format"),
    "seqkit.data.sources": ("PathOption", "SourceFile", "each_file", "find_files", "is_hub", "split_label"),
    "seqkit.data.tables": ("TABLE_SUFFIXES", "is_table", "read_batches", "read_hub", "read_rows", "require_column"),
    "seqkit.domain": ("Domain", "Scorer"),
    "seqkit.embedding": ("SymbolEmbedding",),
    "seqkit.encoder": ("Encoder", "StepEncoder", "step_encoder"),
    "seqkit.errors": (
        "CheckpointError", "ConfigError", "DataError", "DependencyError", "DivergedError", "SeqkitError",
        "StructureError", "did_you_mean",
    ),
    "seqkit.fixed_point": ("FixedPoint",),
    "seqkit.inference.judge": ("Judge",),
    "seqkit.lecture.sources.gaussian": ("Autoregression", "GaussianHiddenMarkov"),
    "seqkit.lecture.sources.hidden_markov": ("HiddenMarkov",),
    "seqkit.lecture.sources.markov": ("MarkovChain",),
    "seqkit.lecture.sources.made": ("MadeSource",),
    "seqkit.lecture.sources.sidecar": ("Known", "Made"),
    "seqkit.model": ("SequenceModel",),
    "seqkit.options": ("ModelOptions",),
    "seqkit.plots.forecast": ("draw_forecast",),
    "seqkit.plots.spectrogram": ("draw_spectrogram",),
    "seqkit.plots.style": ("save_figure",),
    "seqkit.problems": ("begin_reading", "collecting", "observe", "observed", "passed", "report", "reporting"),
    "seqkit.run": ("Run",),
    "seqkit.standard_codec": ("StandardCodec",),
    "seqkit.steps": (
        "IGNORED", "Batch", "Continuous", "Discrete", "Generation", "Record", "Spec", "Split", "valid_mask",
    ),
    "seqkit.lecture.rungs.class_rungs": ("class_figures",),
    "seqkit.wording": ("plural", "quoted"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'seqkit' has no attribute {name!r}")
    return getattr(import_own(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
