"""Batches prepared ahead by threads, handed over in order: a loader's position is where it would be without them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from seqkit.steps import Batch


def ahead(make: Callable[[int], Batch], positions: Iterable[int], num_workers: int) -> Iterator[Batch]:
    """Batches in order, made by threads before they are asked for; numpy and torch let others run while they copy.

    Args:
        make: A batch of its position.
        positions: In order.
        num_workers: Threads; each is one batch ahead, and one more waits.
    """
    with ThreadPoolExecutor(num_workers, thread_name_prefix="batches") as pool:
        waiting: deque[Future[Batch]] = deque()
        try:
            for position in positions:
                waiting.append(pool.submit(make, position))
                if len(waiting) > num_workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
