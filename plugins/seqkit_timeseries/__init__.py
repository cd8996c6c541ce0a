"""The time-series domain: probabilistic forecasts of series, and classification or regression of records."""

from seqkit import Domain
from seqkit_timeseries.data import TimeseriesData
from seqkit_timeseries.encoder import timeseries_encoder

DOMAIN = Domain(
    "timeseries",
    TimeseriesData,
    timeseries_encoder,
    tasks=("next_step", "classify"),
)
