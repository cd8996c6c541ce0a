"""Texts without the labels and tags that a task needs."""

from tests.plugins.malformed import Case, file, files
from tests.plugins.text.bad_making import CLASSIFY, SENTENCES, TAG, TEXT, labelled, lines

LABELS = {
    "file-without-label": Case(file("x.txt", TEXT), ("no label",), "x.txt", CLASSIFY),
    "loose-file-beside-classes": Case(
        files({"a/1.txt": TEXT, "b/1.txt": TEXT, "c.txt": TEXT}), ("no label",), ":c.txt", CLASSIFY
    ),
    "one-class": Case(labelled({"a.txt": TEXT}), ("at least two labels",), "", CLASSIFY),
    "two-classes": Case(labelled({"a.txt": TEXT, "b.txt": TEXT}), options=CLASSIFY),
    "class-without-text": Case(labelled({"a.txt": TEXT, "b.txt": b"\n"}), ("holds no text",), "b.txt", CLASSIFY),
    "class-that-is-not-there": Case(lambda folder: [f"a={folder}/a.txt"], ("no such file",), "", CLASSIFY),
    "hub-id-with-a-label": Case(lambda _: ["a=hf://owner/name"], ("must be the only path",), "hf://", CLASSIFY),
}


TAGGED = {
    "conll-empty": Case(file("t.conll", b""), ("holds no text",), "t.conll", TAG),
    "conll-comments-only": Case(file("t.conllu", "# a\n\n# b\n"), ("holds no sentence",), "t.conllu", TAG),
    "conll-documents-only": Case(
        file("t.conll", "-DOCSTART- O\n\n-DOCSTART- O\n"), ("holds no sentence",), "t.conll", TAG
    ),
    "conll-short-line": Case(
        file("t.conll", SENTENCES + "the\tD\ncat\n\n" + SENTENCES), ("1 column",), "t.conll, line 242", TAG
    ),
    "conll-long-line": Case(
        file("t.conll", SENTENCES + "a\tb\tc\n\n" + SENTENCES), ("3 columns",), "t.conll, line 241", TAG
    ),
    "conll-empty-tag": Case(
        file("t.conll", SENTENCES + "the\t\ncat\tN\n\n" + SENTENCES), ("tag is empty",), "t.conll, line 241", TAG
    ),
    "conll-empty-token": Case(file("t.conll", SENTENCES + "\tD\n"), ("token is empty",), "t.conll, line 241", TAG),
    "conll-one-column": Case(file("t.conll", "the\ncat\n\n" * 9), ("same column",), "t.conll, line 1", TAG),
    "conll-no-such-column": Case(
        file("t.conll", SENTENCES), ("no column 7",), "t.conll, line 1", TAG | {"tag_column": "7"}
    ),
    "conll-one-tag": Case(file("t.conll", "the\tD\ncat\tD\n\n" * 40), ("at least two tags",), "", TAG),
    "conll-nul": Case(
        file("t.conll", SENTENCES + "a\0\tD\n\n" + SENTENCES), ("holds a NUL",), "t.conll, line 241", TAG
    ),
    "conll-latin1": Case(
        file("t.conll", SENTENCES.encode() + b"caf\xe9\tN\n\n"), ("byte 0xe9 is not valid",), "t.conll, line 241", TAG
    ),
    "conll-crlf": Case(file("t.conll", SENTENCES.replace("\n", "\r\n")), options=TAG),
    "conll-no-blank-line": Case(file("t.conll", SENTENCES.replace("\n\n", "\n")), ("split is empty",), "", TAG),
    "conllu-nine-columns": Case(
        file("t.conllu", "\t".join("123456789") + "\n"), ("9 columns, not 10",), "t.conllu, line 1", TAG
    ),
    "rows-of-text": Case(
        file("t.jsonl", lines({"tokens": "a b", "tags": "X Y"})), ("holds 'a b', no list",), "t.jsonl:1", TAG
    ),
    "rows-of-other-lengths": Case(
        file("t.jsonl", lines({"tokens": ["a", "b"], "tags": ["X"]})), ("1 tag for 2 tokens",), "t.jsonl:1", TAG
    ),
    "rows-with-null": Case(
        file("t.jsonl", lines({"tokens": ["a", None], "tags": ["X", "Y"]})), ("entry 2",), "t.jsonl:1", TAG
    ),
    "rows-of-nothing": Case(file("t.jsonl", lines({"tokens": [], "tags": []})), ("no token",), "t.jsonl:1", TAG),
    "tags-of-bytes": Case(file("t.conll", SENTENCES), ("not to bytes",), "tokens", TAG | {"tokens": "bytes"}),
}
