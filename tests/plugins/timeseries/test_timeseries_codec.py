import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seqkit import ConfigError, DataError
from seqkit_timeseries.codec import RecordScaleCodec

records = arrays(
    np.float64,
    st.tuples(st.integers(1, 30), st.just(3)),
    elements=st.one_of(st.floats(-1e6, 1e6, width=32), st.just(float("nan"))),
)


def fitted(num_features: int) -> RecordScaleCodec:
    codec = RecordScaleCodec()
    codec.fit([np.zeros((2, num_features))])
    return codec


@given(records)
def test_encoding_is_stable(values: np.ndarray) -> None:
    codec = fitted(3)
    steps = codec.encode(values)
    assert torch.equal(codec.encode(codec.decode(steps)).nan_to_num(9), steps.nan_to_num(9))
    assert np.array_equal(steps.isnan().numpy(), np.isnan(values))


@given(records, st.floats(0.5, 50), st.floats(-100, 100))
def test_level_and_size_of_a_record_do_not_matter(values: np.ndarray, scale: float, shift: float) -> None:
    values = np.round(values / 1e6, 3)
    torch.testing.assert_close(
        fitted(3).encode(values * scale + shift), fitted(3).encode(values), rtol=0, atol=1e-3, equal_nan=True
    )


def test_each_feature_has_mean_0_and_deviation_1() -> None:
    # 1, 2, 3, 4: mean 2.5, deviation sqrt(1.25); 10, 30 beside two missing values: mean 20, deviation 10.
    steps = fitted(2).encode(np.array([[1, 10], [2, np.nan], [3, np.nan], [4, 30]]))
    root = 1.25**0.5
    torch.testing.assert_close(steps[:, 0], torch.tensor([-1.5, -0.5, 0.5, 1.5]) / root)
    assert steps[:, 1].nan_to_num(9).tolist() == [-1, 9, 9, 1]


def test_a_constant_becomes_0_whatever_its_size() -> None:
    assert fitted(1).encode(np.full(7, 123456789.1)).abs().max() == 0


def test_a_feature_that_is_all_missing_stays_missing_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fitted(1).encode(np.full(3, np.nan)).isnan().all()


def test_the_state_restores_the_spec() -> None:
    codec = RecordScaleCodec()
    with pytest.raises(ConfigError, match="before it was fitted"):
        _ = codec.spec
    codec.restore(fitted(5).state())
    assert codec.spec.num_features == 5


def test_another_number_of_features_is_refused() -> None:
    with pytest.raises(DataError, match="2 features a step where 3 were trained on"):
        fitted(3).encode(np.zeros((4, 2)))
