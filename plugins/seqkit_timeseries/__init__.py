"""The time-series domain: probabilistic forecasts of series, and labels or values of records and of steps."""

from seqkit import Domain
from seqkit_timeseries.data import TimeseriesData
from seqkit_timeseries.encoder import timeseries_encoder

DOMAIN = Domain(
    "timeseries",
    TimeseriesData,
    timeseries_encoder,
    tasks=("next_step", "forecast", "classify", "tag"),
    defaults={
        # Series are few and long: narrow batches give more updates, two layers carry a season over the window.
        "next_step": {
            "data.batch_size": 8,
            "data.window": 64,
            "model.hidden_size": 64,
            "model.num_layers": 2,
            "model.learning_rate": 5e-3,
            "model.patience": 20,
            "trainer.max_epochs": 40,
        },
        # Every step begins a window, so that an epoch is long and few are needed.
        "forecast": {
            "data.batch_size": 64,
            "model.hidden_size": 128,
            "model.learning_rate": 2e-3,
            "model.patience": 5,
            "trainer.max_epochs": 10,
        },
        # Labelled sets are small: their loss often rests long before it falls, so patience is long too.
        "classify": {
            "data.batch_size": 8,
            "model.hidden_size": 64,
            "model.bidirectional": True,
            "model.pooling": "max",
            "model.dropout": 0.3,
            "model.learning_rate": 3e-3,
            "model.patience": 30,
            "trainer.max_epochs": 60,
        },
        # What is looked for is rare: a fault is to count as much as all that is normal.
        "tag": {
            "data.batch_size": 8,
            "model.hidden_size": 32,
            "model.bidirectional": True,
            "model.class_weights": "balanced",
            "model.learning_rate": 5e-3,
            "trainer.max_epochs": 20,
        },
    },
)
