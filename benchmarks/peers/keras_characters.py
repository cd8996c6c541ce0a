"""Characters a second of `keras.Model.fit` on a character LSTM, torch backend.

    .peers/bin/python benchmarks/peers/keras_characters.py --text input.txt

Embedding, LSTM, Dense over logits, sparse cross-entropy, Adam; `compile` and `fit` as they come, arrays of numpy.
"""

from __future__ import annotations

import os
import time

os.environ["KERAS_BACKEND"] = "torch"

import keras
from worker import character_options, read_characters, say_speed, windows


def main() -> None:
    """Train and say."""
    options = character_options(__doc__).parse_args()
    keras.utils.set_random_seed(0)
    ids, num_symbols = read_characters(options.text)
    inputs, targets = windows(ids, options)
    model = keras.Sequential(
        [
            keras.layers.Embedding(num_symbols, options.hidden_size),
            keras.layers.LSTM(options.hidden_size, return_sequences=True),
            keras.layers.Dense(num_symbols),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(2e-3), loss=loss)
    cut = options.warmup * options.batch_size
    training = {"batch_size": options.batch_size, "shuffle": False, "verbose": 0}
    model.fit(inputs[:cut], targets[:cut], **training)
    begin = time.perf_counter()
    history = model.fit(inputs[cut:], targets[cut:], **training)
    seconds = time.perf_counter() - begin
    say_speed(["keras", "torch"], seconds, options, loss=history.history["loss"][-1])


if __name__ == "__main__":
    main()
