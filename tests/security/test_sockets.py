"""Everything but a hub id is done on this machine: no verb opens a connection or asks for an address."""

import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import seqkit
from seqkit import DataError, find_files
from seqkit.cli.main import main

DOMAINS = ("text", "audio", "dna", "timeseries")
SMALL: dict[str, Any] = {
    "max_steps": 2, "max_epochs": None, "hidden_size": 8, "limit_val_batches": 1, "limit_test_batches": 1,
    "batch_size": 4,
}  # fmt: skip

FEWER = {
    "seqkit_text.demo_stories.NUM_STORIES": 60, "seqkit_audio.demo.NUM_CLIPS": 60,
    "seqkit_dna.demo._CONTIG_BASES": 8_000, "seqkit_timeseries.demo._NUM_SERIES": 8,
}  # fmt: skip
"""Of the demo data: where a verb connects to does not hang on how much it reads."""


class Reached(BaseException):
    """Somebody tried to reach another machine; nothing catches it on its way out."""


def block(patch: pytest.MonkeyPatch) -> list[str]:
    """What is tried from now on; each attempt ends what is done at its place."""
    tried: list[str] = []

    def refuse(name: str) -> Any:
        def blocked(*given: object, **named: object) -> None:
            tried.append(f"{name}{given}")
            raise Reached(tried[-1])

        return blocked

    for name in ("connect", "connect_ex", "sendto", "bind"):
        patch.setattr(socket.socket, name, refuse(name))
    for name in ("create_connection", "getaddrinfo", "gethostbyname", "create_server"):
        patch.setattr(socket, name, refuse(name))
    return tried


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was tried: nothing, at the end."""
    tried = block(monkeypatch)
    yield tried
    assert tried == []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("domain", DOMAINS)
def test_training_and_asking_stay_on_this_machine(
    domain: str, folder: Path, attempts: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, count in FEWER.items():
        monkeypatch.setattr(name, count)
    run = seqkit.fit(domain, run="run", quiet=True, probe=False, **SMALL)
    assert run.path == Path("run")
    verbs = [["predict", "run", "--out", "answers.csv"], ["validate", "run"]]
    verbs += [["check", "--domain", domain]] if domain in ("dna", "timeseries") else []
    verbs += [["score", "run"], ["generate", "run", "--steps", "3", "--out", "made.fa"]] if domain == "dna" else []
    for words in verbs:
        code = main(words)
        said = capsys.readouterr().err
        assert code == 0 and "unexpected" not in said, (words, said)
    assert not attempts


def test_the_block_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: an attempt is noted and ends what is done."""
    tried = block(monkeypatch)
    with pytest.raises(Reached):
        urllib.request.urlopen("http://example.org/", timeout=1)
    with pytest.raises(Reached), socket.socket() as one:
        one.connect(("127.0.0.1", 9))
    assert len(tried) == 2


@pytest.mark.parametrize("address", ["https://example.org/a.txt", "s3://bucket/a.txt", "ftp://example.org/a"])
def test_an_address_is_not_fetched(address: str, folder: Path, attempts: list[str]) -> None:
    with pytest.raises(DataError, match="nothing is fetched"):
        find_files(address, [".txt"])
    assert main(["fit", "--domain", "text", "--data.path", address]) == 2
    assert not attempts


def test_a_hub_id_is_what_asks_for_another_machine(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And where there is no network, that is one message."""

    def unreachable(*given: object, **named: object) -> None:
        raise OSError("no network in a test")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, unreachable)
    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert main(["fit", "--domain", "text", "--data.path", "hf://nobody/nothing-at-all"]) == 2
    said = capsys.readouterr().err
    assert said.count("seqkit: error:") == 1 and "cannot read the hub data set" in said and "the network" in said
