"""Silence for Lightning's notes about devices, loggers and workers, while our own output says what matters."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = ("pytorch_lightning", "lightning.pytorch", "lightning.fabric", "lightning_fabric")
_WARNINGS = (
    ".*does not have many workers.*",  # our loaders do no work a second process could take over
    ".*exists and is not empty.*",  # the run folder holds config.yaml before the logger starts
    ".*isinstance.treespec, LeafSpec.*",  # Lightning calling torch in a way torch is about to drop
    ".*The number of training batches.*",  # short epochs: we set the logging pace ourselves
)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Only errors of Lightning are shown inside."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    loggers += [logging.getLogger(name) for name in list(logging.root.manager.loggerDict) if name.startswith(_LOGGERS)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pytorch_lightning")
            warnings.filterwarnings("ignore", module="lightning_fabric")
            warnings.filterwarnings("ignore", module="torchmetrics")
            for message in _WARNINGS:
                warnings.filterwarnings("ignore", message=message)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
