"""Plans: every step once, rows that continue, equal epochs."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqkit.data.batching import StreamPlan, padding_share, plan_buckets, plan_streams

LENGTHS = st.lists(st.integers(0, 60), min_size=0, max_size=12)


def offsets_of(lengths: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def plan_of(lengths: list[int], context: list[int], batch_size: int, window: int, epoch: int | None) -> StreamPlan:
    order = None if epoch is None else np.random.default_rng([1, epoch])
    return plan_streams(offsets_of(lengths), np.array(context, np.int64), batch_size, window, order)


@settings(max_examples=150, deadline=None)
@given(LENGTHS, st.integers(1, 5), st.integers(1, 9), st.sampled_from([None, 0, 7]))
def test_every_predicted_step_comes_exactly_once(
    lengths: list[int], batch_size: int, window: int, epoch: int | None
) -> None:
    plan = plan_of(lengths, [0] * len(lengths), batch_size, window, epoch)
    seen: list[int] = []
    for start, count in zip(plan.starts.ravel(), plan.counts.ravel(), strict=True):
        assert count <= window
        seen += range(start + 1, start + count + 1)  # the targets' places
    offsets = offsets_of(lengths)
    expected = [i for a, b in pairwise(offsets) for i in range(a + 1, b)]
    assert sorted(seen) == expected


@settings(max_examples=150, deadline=None)
@given(LENGTHS, st.integers(1, 5), st.integers(1, 9), st.sampled_from([None, 3]))
def test_a_row_continues_where_it_stopped_unless_it_is_reset(
    lengths: list[int], batch_size: int, window: int, epoch: int | None
) -> None:
    plan, offsets = plan_of(lengths, [0] * len(lengths), batch_size, window, epoch), offsets_of(lengths)
    for row in range(batch_size):
        active = plan.counts[:, row] > 0
        assert (np.diff(active.astype(int)) <= 0).all()  # nothing follows an idle batch
        for k in np.flatnonzero(active):
            start, record = plan.starts[k, row], plan.records[k, row]
            assert offsets[record] <= start and start + plan.counts[k, row] < offsets[record + 1]
            if not plan.reset[k, row]:
                assert start == plan.starts[k - 1, row] + plan.counts[k - 1, row]
                assert record == plan.records[k - 1, row]
        assert not plan.counts[:1, row].any() or plan.reset[0, row]


@settings(max_examples=100, deadline=None)
@given(LENGTHS, st.integers(1, 5), st.integers(1, 9), st.data())
def test_each_epoch_has_as_many_batches(lengths: list[int], batch_size: int, window: int, data: st.DataObject) -> None:
    context = data.draw(st.lists(st.integers(0, 9), min_size=len(lengths), max_size=len(lengths)))
    counts = {len(plan_of(lengths, context, batch_size, window, epoch).starts) for epoch in (None, 0, 1, 2, 3)}
    assert len(counts) == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=9), st.integers(1, 5), st.integers(1, 9), st.data())
def test_records_with_context_are_never_cut_and_their_context_is_skipped(
    lengths: list[int], batch_size: int, window: int, data: st.DataObject
) -> None:
    context = [data.draw(st.integers(1, length)) for length in lengths]
    plan = plan_of(lengths, context, batch_size, window, 0)
    offsets = offsets_of(lengths)
    scored: dict[int, list[int]] = defaultdict(list)
    resets: dict[int, int] = defaultdict(int)
    for k, row in zip(*np.nonzero(plan.counts), strict=True):
        record, start = int(plan.records[k, row]), int(plan.starts[k, row])
        resets[record] += int(plan.reset[k, row])
        first = start + 1 + int(plan.skipped[k, row])
        scored[record] += range(first, start + 1 + int(plan.counts[k, row]))
    for record, length in enumerate(lengths):
        assert resets[record] == (length > 1)
        assert scored[record] == list(range(int(offsets[record]) + context[record], int(offsets[record + 1])))


def test_one_long_record_gives_every_row_work() -> None:
    plan = plan_of([1001], [0], batch_size=4, window=10, epoch=None)
    assert len(plan.starts) == 25 and plan.counts.sum() == 1000
    assert plan.counts.sum(0).tolist() == [250] * 4
    assert plan.reset[0].all() and not plan.reset[1:].any()


def test_idle_time_stays_small_with_one_record_far_longer_than_the_others() -> None:
    plan = plan_of([5000, 70, 300, 15, 900], [0] * 5, batch_size=8, window=16, epoch=0)
    assert (plan.counts > 0).mean() > 0.9


def test_the_order_changes_from_epoch_to_epoch_and_repeats_with_the_seed() -> None:
    one, same, other = (plan_of([20] * 12, [0] * 12, 3, 5, epoch) for epoch in (0, 0, 1))
    assert np.array_equal(one.starts, same.starts) and not np.array_equal(one.starts, other.starts)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 200), max_size=30), st.integers(1, 6), st.integers(1, 400))
def test_buckets_hold_each_record_once_within_the_budget(lengths: list[int], batch_size: int, budget: int) -> None:
    sizes = np.array(lengths, np.int64)
    plans = [
        plan_buckets(sizes, batch_size, budget, None if e is None else np.random.default_rng(e)) for e in (None, 0, 1)
    ]
    assert len({len(plan) for plan in plans}) == 1
    for plan in plans:
        assert sorted(i for batch in plan for i in batch.tolist()) == list(range(len(lengths)))
        for batch in plan:
            assert 1 <= len(batch) <= batch_size
            assert len(batch) == 1 or len(batch) * sizes[batch].max() <= budget


def test_buckets_pad_little_and_are_shuffled() -> None:
    sizes = np.random.default_rng(0).integers(10, 2000, 500)
    one, other = (plan_buckets(sizes, 16, 1 << 20, np.random.default_rng(e)) for e in (0, 1))
    assert padding_share(one, sizes) < 0.1
    assert [b.tolist() for b in one] != [b.tolist() for b in other]


def test_padding_share_by_hand() -> None:
    # Two batches: 2 x 4 and 1 x 5 steps for 4 + 1 + 5 real ones.
    assert padding_share([np.array([0, 1]), np.array([2])], np.array([4, 1, 5])) == 1 - 10 / 13
    assert padding_share([], np.zeros(0, np.int64)) == 0.0


@pytest.mark.parametrize("sizes", [[9], [8, 7, 3], [40], [17, 5, 33, 1, 9]])
def test_no_record_is_cut_into_pieces_much_shorter_than_a_window(sizes: list[int]) -> None:
    lengths = [size + 1 for size in sizes]  # one step more than is predicted
    plan = plan_of(lengths, [0] * len(sizes), batch_size=32, window=8, epoch=None)
    pieces = np.bincount(plan.records[plan.reset], minlength=len(sizes))
    assert pieces.tolist() == [max(size // 8, 1) for size in sizes]
    assert plan.counts.sum() == sum(sizes)
