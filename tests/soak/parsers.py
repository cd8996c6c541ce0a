"""Every parser of ours behind one signature: a file goes in, and only a SeqkitError may come out."""

import functools
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import seqkit_timeseries.reading as series
from seqkit import CheckpointError, Domain, SourceFile, plugins
from seqkit.recipes import read_config
from seqkit.training.checkpoint import reopen_data
from seqkit.training.manifest import require_blueprint
from seqkit_audio.clips import LabelRules
from seqkit_audio.manifest import manifest_clips
from seqkit_audio.mp3_frames import count_samples
from seqkit_audio.wav_header import read_wav_header
from seqkit_dna.bed import read_bed
from seqkit_dna.fasta import read_fasta
from seqkit_dna.fastq import read_fastq
from seqkit_dna.gff import read_gff
from seqkit_text.conll import Columns, read_sentences
from seqkit_text.reader import TextReader
from seqkit_timeseries.layout import TableOptions


@dataclass(frozen=True)
class Parser:
    """One parser.

    Attributes:
        suffix: Of the files it reads.
        parse: Reads a file to its end.
        seeds: Contents that it accepts.
        words: What its format knows; mutations put them in.
        beside: Names of empty files that lie beside the one that is parsed.
    """

    suffix: str
    parse: Callable[[Path], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    beside: tuple[str, ...] = ()


def exhaust(values: Iterable[Any]) -> None:
    """Take everything."""
    for _ in values:
        pass


def _series(path: Path, **options: Any) -> None:
    exhaust(series.read_series(str(path), TableOptions(**options)))


def _sound(path: Path, read: Callable[..., Any]) -> None:
    with path.open("rb") as stream:
        read(stream, path.name)


def _blueprint(path: Path) -> None:
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise CheckpointError("no JSON") from error
    if not isinstance(content, dict):
        raise CheckpointError("no blueprint")
    reopen_data(_text(), require_blueprint({"seqkit": content}), {})


@functools.cache
def _text() -> Domain:
    """To look for it again takes longer than to read a blueprint."""
    return plugins.load("text")


def _wav(rate_hz: int = 8000, num_samples: int = 20, form: int = 1, bits: int = 16) -> bytes:
    data = bytes(range(num_samples * bits // 8))
    block = bits // 8
    head = b"".join(n.to_bytes(size, "little") for n, size in (
        (form, 2), (1, 2), (rate_hz, 4), (rate_hz * block, 4), (block, 2), (bits, 2)))  # fmt: skip
    body = b"WAVEfmt " + len(head).to_bytes(4, "little") + head + b"data" + len(data).to_bytes(4, "little") + data
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _mp3(num_frames: int = 2) -> bytes:
    """Layer III, 128 kbit/s, 44,100 Hz: frames of 417 bytes."""
    return b"ID3\x04\x00\x00\x00\x00\x00\x05hello" + (b"\xff\xfb\x90\x00" + bytes(413)) * num_frames


def _text_blueprint() -> bytes:
    data = _text().datamodule(task="next_step")
    data.setup("fit")
    content = {"domain": "text", "task": "next_step", "data": {"task": "next_step", "batch_size": 4}, "model": {}}
    content |= {"encoder": {}, "codec": data.codec.state(), "target_codec": data.target_codec.state()}
    return json.dumps(content).encode()


_NUMBERS = (b"0", b"-1", b"1e999", b"nan", b"inf", b"9" * 30, b"0x10", b"1_000", b"\xd9\xa3", b"1,5", b"+", b"-0.0")
_ODD = (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n\n", b"\x1a", b"\xe2\x80\xa8", b"\t\t", b'"', b"\\")
_SIZES = (b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\x01\x00", b"\xff\xff")

PARSERS: dict[str, Callable[[], Parser]] = {
    "FASTA": lambda: Parser(
        ".fa",
        lambda path: exhaust(read_fasta(SourceFile(path))),
        (b">chr1 one\nACGTNACGT\nACGT\n>chr2\nTTTT\n", b">a\nacgu\n\n>b\nRYKM\n", b"; old\n>x\nACGT"),
        (b">", b">\n", b"*", b"-", b"N" * 200, b"@", b"+"),
    ),
    "FASTQ": lambda: Parser(
        ".fq",
        lambda path: exhaust(read_fastq(SourceFile(path), min_quality=2)),
        (b"@r1\nACGT\n+\nIIII\n@r2 x\nAC\n+r2 x\nI@\n", b"@r\nAC\nGT\n+\nII\nII\n", b"@e\n\n+\n\n"),
        (b"@", b"+", b"\n+\n", b"@+@+", b"~", b"!"),
    ),
    "GFF": lambda: Parser(
        ".gff",
        lambda path: exhaust(read_gff(SourceFile(path))),
        (b"##gff-version 3\nchr1\tx\tCDS\t1\t9\t.\t+\t0\tID=a;Parent=b\nchr1\tx\tgene\t2\t5\t0.5\t-\t.\t.\n",
         b"##sequence-region chr1 1 100\nchr1\tx\tCDS\t3\t4\t.\t?\t2\tgene_id \"a\"; x\n##FASTA\n>chr1\nACGT\n"),
        (b"\t", b"##", b"##FASTA", b"%09", b"%", b"ID=", b";", b"."),
    ),
    "BED": lambda: Parser(
        ".bed",
        lambda path: exhaust(read_bed(SourceFile(path))),
        (b"track name=x\nchr1\t0\t10\tpeak\t5\t+\nchr2\t3\t4\n",
         b"chr1\t0\t100\ta\t0\t-\t0\t100\t0,0,0\t2\t10,20,\t0,80,\n"),
        (b"\t", b"browser", b"track", b",", b",,", b"#"),
    ),
    "CSV, long": lambda: Parser(
        ".csv",
        lambda path: _series(path),
        (b"unique_id,ds,y\na,2020-01-01,1\na,2020-01-02,2.5\nb,2020-01-01,3\nb,2020-01-02,4\n",
         b"unique_id,ds,y\na,1,1\na,2,\na,3,3\n"),
        (b",", b'"', b'""', b"2020-02-30", b"2020-01-01T25:00", b"\na,", b"unique_id"),
    ),
    "CSV, wide": lambda: Parser(
        ".csv",
        lambda path: _series(path, layout="wide"),
        (b"date,x,z\n2020-01-01 00:00,1,2\n2020-01-01 01:00,3,4\n2020-01-01 02:00,5,6\n", b"x,z\n1,2\n3,4\n5,6\n"),
        (b",", b";", b"date", b"1970-01-01", b"9999-12-31", b"\n", b'"'),
    ),
    "JSON lines": lambda: Parser(
        ".jsonl",
        lambda path: exhaust(TextReader(classify=True, labelled=True).read(str(path))),
        (b'{"text": "good", "label": "a"}\n{"text": "bad \\u00e9", "label": "b"}\n', b'{"text": "x", "label": 1}\n'),
        (b"{", b"}", b"[", b'"text"', b"null", b"\\ud800", b"1e400", b"NaN", b'"label": {"a": 1}', b"true"),
    ),
    "ts": lambda: Parser(
        ".ts",
        lambda path: _series(path, labelled=True),
        (b"# c\n@problemName x\n@timeStamps false\n@univariate true\n@equalLength true\n@seriesLength 3\n"
         b"@classLabel true a b\n@data\n1,2,3:a\n4,5,6:b\n",
         b"@univariate false\n@dimensions 2\n@classLabel true 1 2\n@data\n1,2:3,4:1\n5,6:7,8:2\n"),
        (b":", b"@data", b"@classLabel", b"@missing true", b"?", b",,", b"true", b"(0,1)"),
    ),
    "CoNLL": lambda: Parser(
        ".conll",
        lambda path: exhaust(read_sentences(SourceFile(path), Columns(), "utf-8", path.name)),
        (b"EU B-ORG\nrejects O\n\nPeter B-PER\n", b"# text = a b\n1\ta\t_\tNOUN\n2-3\tx\t_\t_\n2\tb\t_\tVERB\n\n",
         b"# global.columns = ID FORM UPOS\n1\ta\tX\n\n"),
        (b"\t", b" ", b"-DOCSTART-", b"# global.columns =", b"1.1", b"2-3", b"\n\n"),
    ),
    "WAV header": lambda: Parser(
        ".wav",
        lambda path: _sound(path, read_wav_header),
        (_wav(), _wav(form=3, bits=32), _wav(bits=8), _wav(bits=24)),
        (b"RIFF", b"RF64", b"RIFX", b"WAVE", b"fmt ", b"data", b"ds64", b"fact", b"LIST", *_SIZES),
    ),
    "MP3 frames": lambda: Parser(
        ".mp3",
        lambda path: _sound(path, count_samples),
        (_mp3(), _mp3(4), _mp3(1) + b"TAG" + bytes(125),
         _mp3().replace(bytes(413), b"\0" * 32 + b"Xing" + bytes(377), 1)),
        (b"ID3", b"TAG", b"APETAGEX", b"Xing", b"Info", b"\xff\xfb\x90\x00", b"\xff\xe3", *_SIZES),
    ),
    "YAML configuration": lambda: Parser(
        ".yaml",
        lambda path: exhaust(read_config(path)),
        (b"domain: text\ndata: {path: a.txt, batch_size: 8}\nmodel:\n  cell: lstm\n  learning_rate: 1e-3\n",
         b"a: &a {x: 1}\ndata:\n  <<: *a\n  y: [1, .inf, ~, 'q', \"\\u00e9\"]\n# c\n", b"trainer: |\n  text\n"),
        (b"!!python/object/apply:os.system", b"!!int", b"!!float ''", b"!!bool x", b"&a", b"*a", b"<<: *a", b"? ",
         b"---", b"%YAML 1.1", b"{", b"[", b": ", b"- ", b"|2", b"!!timestamp x",
         b"0b", b"0x", b"1:60", b"!!null x", b"<<: 3"),
    ),
    "audio manifest": lambda: Parser(
        ".csv",
        lambda path: exhaust(manifest_clips(SourceFile(path), "", LabelRules(start_column="start", end_column="end"))),
        (b"file,label,start,end\na.wav,x,0,1.5\nb.wav,y,,\n", b"file,label,start,end\na.wav,x,0.5,1\na.wav,z,1,2\n"),
        (b"../", b"/etc/passwd", b",", b'"', b"a.wav", b"\\", b"file:///", b".", b"-1"),
        ("a.wav", "b.wav"),
    ),
    "checkpoint blueprint": lambda: Parser(
        ".json",
        _blueprint,
        (_text_blueprint(),),
        (b"null", b"{}", b"[]", b'"codec": {}', b'"symbols": 3', b"1e999", b"NaN", b"[" * 50, b'"batch_size"', b"true"),
    ),
}  # fmt: skip
"""Parsers by name, made when they are needed."""


def planted(name: str = "FASTA") -> Parser:
    """The negative control: a parser that fails, and not by a SeqkitError, on few of the inputs."""
    sound = PARSERS[name]()

    def parse(path: Path) -> None:
        if b"chr1" in (content := path.read_bytes()) and b"\x00" in io.BytesIO(content).readline():
            raise IndexError("planted")
        sound.parse(path)

    return replace(sound, parse=parse)


GENERAL = (*_NUMBERS, *_ODD)
"""Words for every format."""
