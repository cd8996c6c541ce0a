"""The text domain: language models and text classification over characters, bytes, words or byte pairs."""

from seqkit import Domain
from seqkit_text.data import TextData
from seqkit_text.encoder import text_encoder

DOMAIN = Domain("text", TextData, text_encoder, tasks=("next_step", "classify"))
