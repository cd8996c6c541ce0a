"""FASTA that is none, or hardly, and the archives that it comes in."""

from __future__ import annotations

import codecs
import gzip

from tests.plugins.dna.bad_making import (
    ENTRIES,
    READS,
    RECORDS,
    exact,
    fifo_inside,
    file,
    folder_of,
    link,
    loop_inside,
    unreadable,
    zipped,
)
from tests.plugins.dna.bad_making import fifo as pipe
from tests.plugins.malformed import Case
from tests.plugins.spoiled import declared, encrypted, flipped, raw

LONG = "ACGTTGCA" * 150_000
PACKED = gzip.compress(raw(RECORDS), mtime=0)
STORED = gzip.compress(raw(RECORDS), compresslevel=0, mtime=0)
NONE = "holds no record"
NO_HEADER = "does not begin with a '>' header"
NO_SEQUENCE = "has a header and no sequence"


def fa(content: bytes | str, says: str = "", at: str = "", **options: object) -> Case:
    """A file `a.fa`."""
    return Case(file("a.fa", content), says, at and f"a.fa, {at}", options)


def after(line: bytes | str, says: str, at: str, **options: object) -> Case:
    """Good records, and one more with this in line 50."""
    return fa(raw(RECORDS) + b">bad one\n" + raw(line) + b"\n>last\nACGT\n", says, at, **options)


FASTA = {
    "empty": fa("", NONE),
    "blank lines": fa("\n \n\r\n", NONE),
    "a byte order mark alone": fa(codecs.BOM_UTF8, NONE),
    "a header alone": fa(">x\n", NO_SEQUENCE, "line 1"),
    "headers alone": fa(">x\n>y\n>z\n", NO_SEQUENCE, "line 1"),
    "the sign alone": fa(">", NO_SEQUENCE, "line 1"),
    "no header": fa("ACGT\nACGT\n", NO_HEADER, "line 1"),
    "text before the first header": fa(f"\nhello\n{RECORDS}", NO_HEADER, "line 1"),
    "an empty record in the middle": after("", NO_SEQUENCE, "line 49"),
    "an empty record at the end": fa(f"{RECORDS}>cut\n", NO_SEQUENCE, "line 49"),
    "white space for a sequence": after(" \t ", NO_SEQUENCE, "line 49"),
    "an exclamation mark": after("AC!T", "'!' is no nucleotide", "record 'bad', line 50, base 3"),
    "a stop": after("ACG*", "'*' is no nucleotide", "record 'bad', line 50, base 4"),
    "gaps of an alignment": after("AC\n--GT", "'-' is no nucleotide", "record 'bad', line 51, base 3"),
    "digits": after("1 ACGT", "'1' is no nucleotide", "record 'bad', line 50, base 1"),
    "NUL in a sequence": after(b"AC\0GT", "byte 0x00 is no nucleotide", "line 50, base 3"),
    "NUL in a header": fa(b">x\0y\nACGT\n", "a NUL byte in a header", "line 1"),
    "letters beyond ASCII": after("AC\u00c5T", "byte 0xc3 is no nucleotide", "line 50, base 3"),
    "bytes that are no text": after(b"AC\xff\xfeT", "byte 0xff is no nucleotide", "line 50, base 3"),
    "a look-alike letter": after("AC\u0410T", "byte 0xd0 is no nucleotide", "line 50, base 3"),
    "protein": fa(">p\nMKVLAAGLLALLAACS\n", "'L' is no nucleotide", "record 'p', line 2, base 4"),
    "a comment of old": after(";note\nACGT", "';' is no nucleotide", "line 50, base 1"),
    "HTML": fa("<!DOCTYPE html>\n<html>404</html>\n", "is a web page (HTML)"),
    "CR alone": fa(RECORDS.replace("\n", "\r"), "lines end in CR alone", "line 1"),
    "CR alone, long": fa(f">x\r{LONG}\r>y\r{LONG}", "lines end in CR alone", "line 1"),
    "CR alone in the middle": after("ACGT\r>lost\rGGTT", "'>' is no nucleotide", "line 50, base 5"),
    "a header of megabytes": fa(f"{RECORDS}>{LONG}\nACGT\n", "a header is longer than 1 MiB", "line 49"),
    "UTF-16": fa(RECORDS.encode("utf-16"), "is UTF-16"),
    "UTF-16 without a mark": fa(RECORDS.encode("utf-16-le"), "a NUL byte in a header", "line 1"),
    "FASTQ by another name": fa(READS, NO_HEADER, "line 1"),
    "GenBank by another name": fa(ENTRIES, NO_HEADER, "line 1"),
    "letters for several bases": after("ACRT", "stands for more than one base", "line 50, base 3", ambiguous="error"),
    "N": after("ACGN", "stands for more than one base", "line 50, base 4", ambiguous="error"),
    "a bad letter after a million": fa(f">x\n{LONG}\nACGJ\n", "'J' is no nucleotide", "line 3, base 1200004"),
    "a bad letter in one line of a million": fa(f">x\n{LONG}J{LONG}", "'J' is no nucleotide", "line 2, base 1200001"),
    "one base a record": fa("".join(f">x{n}\n{'ACGT'[n % 4]}\n" for n in range(600)), "the train split is empty"),
    "one base": fa(">x\nA\n", "the train split is empty"),
    "N alone, left out": fa(f">x\n{'N' * 500}\n", "the train split is empty", ambiguous="skip"),
    "all too short": fa(RECORDS, "the train split is empty", min_length=100),
    "shorter than a k-mer": fa(">a\nACG\n>b\nAC\n", "the train split is empty", k=6),
    # What is no mistake:
    "a byte order mark": fa(codecs.BOM_UTF8 + raw(RECORDS)),
    "mixed cases": fa(RECORDS.replace("G", "g").replace("TT", "tT")),
    "RNA": fa(RECORDS.replace("T", "U")),
    "IUPAC letters": fa(RECORDS.replace("CGG", "RYN")),
    "N alone": fa(f">x\n{'N' * 900}\n"),
    "one letter": fa(f">x\n{'A' * 900}\n"),
    "ids twice": fa(RECORDS + RECORDS),
    "records without a name": fa(RECORDS.replace("r", "").replace(" made", "")),
    "CR LF": fa(RECORDS.replace("\n", "\r\n")),
    "CR LF here and there": fa(RECORDS.replace("made\n", "made\r\n")),
    "no line feed at the end": fa(RECORDS.rstrip()),
    "blank lines between": fa(RECORDS.replace("\n", "\n\n")),
    "blanks in sequences": fa(RECORDS.replace("ACGG", "AC GG\t")),
    "one line of megabytes": fa(f">x\n{LONG}"),
    "a window longer than the contig": fa(RECORDS, window=4096, batch_size=64),
    "headers beyond ASCII": fa(RECORDS.replace("made", "\u00e9\u4e2d").encode("latin-1", "replace")),
}


def packed(content: bytes, says: str = "", at: str = "", name: str = "a.fa.gz") -> Case:
    """Just these bytes."""
    return Case(exact(name, content), says, at)


LAST = "a.fa.gz, the last record read is 'r"
FIRST = "a.fa.gz, before the first record"
ARCHIVES = {
    "gzip, cut": packed(PACKED[:-20], "damaged or cut short", "a.fa.gz, "),
    "gzip, cut to its header": packed(PACKED[:10], "damaged or cut short", FIRST),
    "gzip of no bytes": packed(b"", NONE, "a.fa.gz"),
    "gzip, a bit flipped": packed(
        flipped(STORED, STORED.index(b"ACGG", 999), mask=0x10), "'Q' is no nucleotide", "a.fa.gz, line"
    ),
    "gzip, its sum flipped": packed(flipped(PACKED, len(PACKED) - 6), "damaged or cut short", LAST),
    "gzip, garbage behind": packed(PACKED + b"garbage", "damaged or cut short", LAST),
    "gzip that is none": packed(raw(RECORDS), "damaged or cut short", FIRST),
    "gzip twice": packed(gzip.compress(PACKED), "is packed twice", "a.fa.gz"),
    "gzip without the ending": packed(PACKED, "is gzip", "a.fa", name="a.fa"),
    "zip with another ending": Case(zipped({"a.fa": RECORDS})),
    "zip, cut": Case(zipped({"a.fa": RECORDS}, lambda data: data[:-30]), "begins like one and is cut", "a.zip"),
    "zip, a bit flipped": Case(zipped({"a.fa": RECORDS}, lambda d: flipped(d, 60)), "cannot be read", "a.zip:a.fa"),
    "zip, encrypted": Case(zipped({"a.fa": RECORDS}, encrypted), "encrypted", "a.zip:a.fa"),
    "zip, a bomb": Case(zipped({"a.fa": RECORDS}, declared(3 << 30)), "unpacks to 3,221,225,472 bytes", "a.zip"),
    "zip, empty": Case(zipped({}), "holds no file to read", "a.zip"),
    "zip, no sequences": Case(zipped({"a.png": "x"}), "holds no file to read", "a.zip"),
    "zip, leading outside": Case(zipped({"../a.fa": RECORDS}), "leads outside", "a.zip"),
    "zip, a bad letter": Case(zipped({"d/a.fa": ">x\nAC!\n"}), "'!' is no", "a.zip:d/a.fa, record 'x', line 2, base 3"),
    "gzip in parts": packed(PACKED + PACKED),
    "a pipe": Case(pipe, "a pipe, a socket or a device", "pipe.fa"),
    "a pipe in a folder": Case(fifo_inside, "a pipe, a socket or a device", "pipe.fa"),
    "a device": Case(lambda folder: "/dev/zero", "a pipe, a socket or a device", "/dev/zero"),
    "a link to nothing": Case(link("a.fa", "gone.fa"), "link to nothing", "a.fa"),
    "a link to itself": Case(link("a.fa", "a.fa"), "link to nothing", "a.fa"),
    "a folder in itself": Case(loop_inside),
    "no permission": Case(unreadable, "cannot be read", "x.fa", not_as_root=True),
    "an empty folder": Case(folder_of({}), "holds no file to read"),
    "a folder of something else": Case(folder_of({"a.png": "x", "notes.md": "x"}), "holds no file to read"),
    "a folder of several formats": Case(
        folder_of({"a.fa": RECORDS, "b.fq": READS, "c.gb": ENTRIES, "d.csv": "sequence\nACGT\nGGTT\n", "e.txt": "x"})
    ),
    "one bad file among good ones": Case(
        folder_of({"a.fa": RECORDS, "b/c.fa": RECORDS + ">bad\nAC?\n"}), "'?' is no", "b/c.fa, record 'bad', line 50"
    ),
    "no such file": Case(lambda folder: str(folder / "gone.fa"), "no such file"),
    "an unknown ending": Case(file("a.seq", "hello"), "is no sequence file", "a.seq"),
    "an unknown ending, FASTA": Case(file("a.seq", RECORDS)),
    "an unknown ending, empty": Case(file("a.seq", ""), NONE, "a.seq"),
    "an unknown ending, a picture": Case(exact("a.seq", b"\x89PNG\r\n\x1a\n"), "is no sequence file", "a.seq"),
}
