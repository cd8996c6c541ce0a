"""Darts' RNN on M4 hourly, as its documentation has it.

    .peers/bin/python benchmarks/peers/darts_rnn.py --data FOLDER --out forecasts.csv

Its defaults: one layer of 25 plain tanh units, squared error, Adam at 1e-3, 100 epochs in batches of 32; each series
scaled to 0..1, as its guide asks. Three things have no usable default and are our choice. The input is as long as the
horizon, and windows of training as long as input and horizon together, since the documentation wants the network to run
as many steps in training as in use. Windows begin every 48 hours (`stride`), so that each hour is read twice an epoch:
a window from every hour would make 100 epochs of about 10,000 batches, which take hours.
"""

from __future__ import annotations

import time

import numpy as np
from darts import TimeSeries
from darts.dataprocessing.transformers import Scaler
from darts.models import RNNModel
from worker import HORIZON, forecasting_options, read_series, say, write_forecasts


def main() -> None:
    """Train, forecast, say."""
    own = forecasting_options(__doc__)
    own.add_argument("--model", default="RNN", help="RNN (the library's), LSTM or GRU")
    own.add_argument("--epochs", type=int, default=None, help="the library's 100")
    own.add_argument("--stride", type=int, default=HORIZON, help="hours between the begins of two windows")
    options = own.parse_args()
    series = read_series(options.data)
    scaler = Scaler()
    scaled = scaler.fit_transform([TimeSeries.from_values(v.astype(np.float32)) for v in series.values()])
    quiet = {"enable_progress_bar": False, "enable_model_summary": False}
    model = RNNModel(
        input_chunk_length=options.horizon,
        training_length=2 * options.horizon,
        model=options.model,
        random_state=0,
        pl_trainer_kwargs=quiet,
        **({} if options.epochs is None else {"n_epochs": options.epochs}),
    )
    begin = time.perf_counter()
    model.fit(scaled, stride=options.stride)
    seconds = time.perf_counter() - begin
    answers = scaler.inverse_transform(model.predict(options.horizon, series=scaled))
    write_forecasts(options.out, {name: one.values()[:, 0] for name, one in zip(series, answers, strict=True)})
    training = f"{model.n_epochs} epochs, a window every {options.stride} hours, {options.model}"
    say(["darts", "pytorch-lightning", "torch"], seconds, training=training)


if __name__ == "__main__":
    main()
