"""NeuralForecast's LSTM on M4 hourly, as its documentation has it: nothing given but the horizon.

    .peers/bin/python benchmarks/peers/neuralforecast_lstm.py --data FOLDER --out forecasts.csv

Its defaults: two layers of 128 units over the last 3 x 48 hours, robust scaling of each window, an MLP that answers all
hours at once, absolute error, Adam at 1e-3, 1,000 steps of 128 windows. Files and bars are off.
"""

from __future__ import annotations

import time

import pandas as pd
from neuralforecast import NeuralForecast
from neuralforecast.models import LSTM
from worker import forecasting_options, read_series, say, write_forecasts


def main() -> None:
    """Train, forecast, say."""
    own = forecasting_options(__doc__)
    own.add_argument("--steps", type=int, default=None, help="training steps (the library's 1,000)")
    options = own.parse_args()
    series = read_series(options.data)
    frame = pd.concat(
        [pd.DataFrame({"unique_id": name, "ds": range(len(values)), "y": values}) for name, values in series.items()]
    )
    given = {} if options.steps is None else {"max_steps": options.steps}
    model = LSTM(h=options.horizon, logger=False, enable_checkpointing=False, enable_progress_bar=False, **given)
    forecaster = NeuralForecast(models=[model], freq=1)
    begin = time.perf_counter()
    forecaster.fit(frame)
    seconds = time.perf_counter() - begin
    answers = forecaster.predict().groupby("unique_id")["LSTM"]
    write_forecasts(options.out, {str(name): values.to_numpy() for name, values in answers})
    say(["neuralforecast", "pytorch-lightning", "torch"], seconds, training=f"{model.max_steps:,} steps")


if __name__ == "__main__":
    main()
