"""GluonTS' DeepAR on M4 hourly, as its documentation has it: nothing given but frequency and horizon.

    .peers/bin/python benchmarks/peers/gluonts_deepar.py --data FOLDER --out forecasts.csv

Its defaults: two layers of 40 units, dropout 0.1, lags and calendar features of hourly data, Student-t, Adam at 1e-3,
100 epochs of 50 batches of 32 windows; the median of 100 paths is the point forecast. All series begin at the same
hour of 1750, as in GluonTS' own `m4_hourly`: the files hold no dates.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from gluonts.dataset.common import ListDataset
from gluonts.torch.model.deepar import DeepAREstimator
from worker import forecasting_options, read_series, say, write_forecasts


def main() -> None:
    """Train, forecast, say."""
    own = forecasting_options(__doc__)
    own.add_argument("--epochs", type=int, default=None, help="of 50 batches (the library's 100)")
    options = own.parse_args()
    torch.manual_seed(0)
    np.random.seed(0)
    rows = [{"start": "1750-01-01 00:00", "target": v, "item_id": k} for k, v in read_series(options.data).items()]
    dataset = ListDataset(rows, freq="h")
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    given = {} if options.epochs is None else {"max_epochs": options.epochs}
    estimator = DeepAREstimator(freq="h", prediction_length=options.horizon, trainer_kwargs=quiet | given)
    begin = time.perf_counter()
    predictor = estimator.train(dataset)
    seconds = time.perf_counter() - begin
    write_forecasts(options.out, {str(one.item_id): one.quantile(0.5) for one in predictor.predict(dataset)})
    epochs = estimator.trainer_kwargs["max_epochs"]
    say(["gluonts", "lightning", "torch"], seconds, training=f"{epochs} epochs of 50 batches")


if __name__ == "__main__":
    main()
