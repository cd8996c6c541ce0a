"""Values made ahead by threads, handed over in order: a loader's position is where it would be without them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Made = TypeVar("_Made")


def ahead(make: Callable[[int], _Made], positions: Iterable[int], num_workers: int) -> Generator[_Made, None, None]:
    """Values in order, made by threads before they are asked for.

    numpy, torch and pyarrow let others run while they copy and parse.

    Args:
        make: A value of its position.
        positions: In order.
        num_workers: Threads; each is one batch ahead, and one more waits.
    """
    with ThreadPoolExecutor(num_workers, thread_name_prefix="ahead") as pool:
        waiting: deque[Future[_Made]] = deque()
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
