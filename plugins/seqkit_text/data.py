"""TextData: the data module of the text domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from seqkit import (
    Codec,
    ConfigError,
    Generation,
    Inspector,
    Known,
    LabelCodec,
    PathOption,
    Record,
    SequenceDataModule,
    Split,
    SymbolCodec,
    TagCodec,
)
from seqkit_text.blocks import WholeWords
from seqkit_text.bpe_codec import BytePairCodec
from seqkit_text.byte_codec import ByteCodec
from seqkit_text.characters import count_characters
from seqkit_text.check import TextInspector
from seqkit_text.conll import write_conll
from seqkit_text.demo_news import demo_news
from seqkit_text.demo_reviews import demo_reviews
from seqkit_text.demo_stories import demo_stories
from seqkit_text.encodings import require_encoding
from seqkit_text.made import MADE
from seqkit_text.reader import Documents, TextReader
from seqkit_text.spans import are_spans, span_figures
from seqkit_text.stream import after_space, before_space, everywhere, read_text, read_text_lines
from seqkit_text.tagged import TaggedReader
from seqkit_text.token_codec import TokenCodec
from seqkit_text.word_codec import WordCodec

Tokens = Literal["characters", "bytes", "words", "bpe"]

UNKNOWN_CHARACTER = "\ufffd"


class TextData(SequenceDataModule):
    """Text: files, folders, archives, tables and hub data sets, as characters, bytes, words or byte pairs.

    Args:
        path: A file, a folder (read with all below it), a `.zip`, `hf://owner/name`, or LABEL=PATH once for each
            class. Plain text, `.jsonl`, `.csv`, `.tsv` and `.parquet`; `.gz` is understood. tag: CoNLL columns, one
            token a line, or rows with lists. `made:NAME` makes data with a known optimum, None demo data.
        task: next_step (a language model), classify (a label for each record) or tag (one for each token).
        tokens: What a step is. characters: those of the training text; bytes: of UTF-8; words: split at white
            space; bpe: byte-level byte pairs, learned from the training text. tag: always the tokens as given.
        vocabulary_size: At most so many different tokens are known. words, tag: the most frequent ones, `<unk>`
            and `<eos>` counted (None: all); bpe: None means 4096.
        min_count: words, tag: rarer words become `<unk>`; under tag, classes of what they look like. None: 2 for
            classify and tag, so that these are trained, else 1.
        lowercase: Read everything in lower case, prompts too.
        text_column: Column of a table's texts.
        label_column: Column of a table's labels; None means `label`. LABEL=PATH goes before it.
        token_column: tag: column of the tokens: a number from 0, or -1 for the last; or a name. None: the first;
            `FORM` in CoNLL-U; `tokens` in rows.
        tag_column: tag: column of the tags. None: the last; `UPOS` in CoNLL-U; `tags` in rows.
        end_of_line: words: each line end is one `<eos>` (the WikiText convention); False: plain white space.
        encoding: Of text files, as Python names it. Tables are UTF-8.
        documents: Whether a text file is one record (files) or each of its lines that is not blank (lines).
            None: files; for classify lines where a file is named itself, files for those found in a folder. tag:
            lines means sentences without tags, for prediction.
        options: Those of every data module.
    """

    made = MADE
    output_suffixes = (".txt", ".text", ".md", ".jsonl")

    def __init__(
        self,
        path: PathOption = None,
        task: Literal["next_step", "classify", "tag"] = "next_step",
        tokens: Tokens = "characters",
        vocabulary_size: int | None = None,
        min_count: int | None = None,
        lowercase: bool = False,
        text_column: str = "text",
        label_column: str | None = None,
        token_column: str | None = None,
        tag_column: str | None = None,
        end_of_line: bool = True,
        encoding: str = "utf-8",
        documents: Documents | None = None,
        **options: Any,
    ) -> None:
        super().__init__(path=path, task=task, **options)
        require_encoding(encoding)
        self.tokens, self.lowercase = tokens, lowercase
        self.text_column, self.label_column = text_column, label_column or "label"
        self.encoding, self.documents = encoding, documents
        self.token_column, self.tag_column = token_column, tag_column
        self.codec = _codec(tokens, vocabulary_size, min_count, end_of_line, task)
        self.target_codec = {"next_step": self.codec, "classify": LabelCodec(), "tag": TagCodec()}[task]
        self.shows_steps = task == "tag"

    def records(self, split: Split) -> Iterator[Record]:
        """Records of a split: for next_step the end of the text is held out, else whole records."""
        reader = (
            self._tagged_reader(split)
            if self.task == "tag"
            else TextReader(
                classify=not self.streams,
                labelled=not self.streams and split != "predict",
                documents=self.documents,
                text_column=self.text_column,
                label_column=self.label_column,
                encoding=self.encoding,
                whole_words=self.tokens in ("words", "bpe") or self.lowercase,
            )
        )

        def read(path: PathOption) -> Iterator[Record]:
            records = self._demo() if path is None else reader.read(path)
            if not self.lowercase and (self.task == "tag" or self.tokens in ("characters", "bytes")):
                return records  # as they are: a copy of each would take as long as the reading
            return (replace(record, sequence=self._form(record.sequence)) for record in records)

        return self.divide(read, split)

    def inspector(self) -> Inspector:
        """Characters, lines and words; nothing of tokens that are given."""
        return Inspector() if self.task == "tag" else TextInspector()

    def figures(self, truth: list[Any], guess: list[Any]) -> dict[str, float]:
        """Precision, recall and F1 of whole spans, if tags are of the form BIO."""
        if self.task != "tag" or not are_spans(self.target_codec.state()["labels"]):
            return {}
        return span_figures(truth, guess)

    def units(self, split: Split) -> dict[str, float] | None:
        """Characters of the predicted steps, so that models over other tokens can be compared; none for characters."""
        if self.tokens == "characters" or not self.streams:
            return None
        store = self.store(split)
        return {"character": count_characters(self.codec, store.steps, store.offsets)}

    def known(self, split: Split) -> Known | None:
        """Of made data; under next_step it is of letters, which words and byte pairs are not."""
        return None if self.streams and self.tokens in ("words", "bpe") else super().known(split)

    def describe_span(self, num_steps: float) -> str:
        """So many characters, bytes, words or tokens."""
        unit = "tokens" if self.task == "tag" or self.tokens == "bpe" else self.tokens
        return f"{num_steps:,.0f} {unit.removesuffix('s') if round(num_steps) == 1 else unit}"

    def row_writers(self) -> dict[str, Callable[[Iterator[dict[str, Any]], Path], None]]:
        """Under tag also CoNLL: a token and its tag a line."""
        return {".conll": write_conll} if self.task == "tag" else {}

    def prompt(self, value: str) -> Record:
        """The words as they are, in lower case if the training text was."""
        return replace(super().prompt(value), sequence=self._form(value))

    def write(self, path: Path, generations: Iterable[Generation]) -> list[Path]:
        """Each sample as the prompt and its continuation, a line between samples; `.jsonl` as in every domain."""
        if path.suffix == ".jsonl":
            return super().write(path, generations)
        first = True
        with path.open("w", encoding="utf-8", newline="") as file:
            for generation in generations:
                for number, value in enumerate(generation.values, start=1):
                    if not first:
                        file.write(f"\n===== {generation.prompt.origin}, sample {number} =====\n\n")
                    text = self._joined(generation.prompt.sequence, value)
                    file.write(text if text.endswith("\n") else text + "\n")
                    first = False
        return [path]

    def parts(self, blocks: Iterator[bytes]) -> Iterator[Record]:
        """One text; or where lines are records, a record a line that is not blank; under tag, of its words."""
        if self.task == "tag":
            lines = read_text_lines(blocks, self.encoding, ending="")
            return (replace(record, sequence=self._form(record.sequence.split())) for record in lines)
        if self.documents == "lines" or (self.documents is None and not self.streams):
            records = read_text_lines(blocks, self.encoding, ending="\n" if self.streams else "")
        else:
            # The lower case of a letter may depend on its neighbours in the word.
            by_letters = before_space if self.lowercase else everywhere
            cut = {"words": after_space, "bpe": before_space}.get(self.tokens, by_letters)
            records = read_text(blocks, self.encoding, cut)
        if not self.lowercase:
            return records
        return (replace(record, sequence=record.sequence.lower()) for record in records)

    def _form(self, text: Any) -> Any:
        """Lower case if wanted; words and byte pairs must not be divided where a split begins."""
        if isinstance(text, list):
            return [token.lower() for token in text] if self.lowercase else text
        text = text.lower() if self.lowercase else text
        return WholeWords(text) if self.tokens in ("words", "bpe") else text

    def _joined(self, prompt: str, continuation: str) -> str:
        """A prompt and what follows it; between two words goes the space that words are decoded without."""
        apart = self.tokens == "words" and prompt and not prompt[-1].isspace() and not continuation[:1].isspace()
        return f"{prompt} {continuation}" if apart else prompt + continuation

    def _demo(self) -> Iterator[Record]:
        return {"next_step": demo_stories, "classify": demo_reviews, "tag": demo_news}[self.task]()

    def _tagged_reader(self, split: Split) -> TaggedReader:
        known = () if split == "predict" else self.target_codec.state()["labels"]
        plain = self.documents == "lines"
        if plain and split != "predict":
            raise ConfigError("lines of text have no tags", at="--data.documents", fix="leave it out")
        return TaggedReader(self.token_column, self.tag_column, split != "predict", plain, known, self.encoding)


def _codec(tokens: Tokens, vocabulary_size: int | None, min_count: int | None, end_of_line: bool, task: str) -> Codec:
    """The codec of the chosen tokens.

    Raises:
        ConfigError: For an option that these tokens do not have.
    """
    if task == "tag":
        if tokens in ("bytes", "bpe"):
            raise ConfigError(
                f"tags belong to the tokens that are given, not to {tokens}", at="--data.tokens", fix="leave it out"
            )
        tokens = "words"
    allowed = {"words": ("vocabulary_size", "min_count"), "bpe": ("vocabulary_size",)}.get(tokens, ())
    for name, value in (("vocabulary_size", vocabulary_size), ("min_count", min_count)):
        if value is None:
            continue
        if name not in allowed:
            fix = "leave it out, or choose --data.tokens words" + (" or bpe" if name == "vocabulary_size" else "")
            raise ConfigError(f"{name} means nothing for {tokens}", at=f"--data.{name}", fix=fix)
        if value < 1:
            raise ConfigError(f"{name} is {value}", at=f"--data.{name}", fix="give a positive number")
    if task == "tag":
        return TokenCodec(vocabulary_size, min_count or 2)
    if tokens == "bytes":
        return ByteCodec()
    if tokens == "words":
        return WordCodec(vocabulary_size, min_count or (2 if task == "classify" else 1), end_of_line)
    if tokens == "bpe":
        return BytePairCodec() if vocabulary_size is None else BytePairCodec(vocabulary_size)
    return SymbolCodec(unknown=UNKNOWN_CHARACTER)
