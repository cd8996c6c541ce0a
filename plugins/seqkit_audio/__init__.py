"""seqkit's audio domain: recordings to name (classify) or to continue (next_step)."""

from seqkit import Domain
from seqkit_audio.data import AudioData
from seqkit_audio.encoder import audio_encoder

DOMAIN = Domain(
    name="audio",
    datamodule=AudioData,
    encoder=audio_encoder,
    tasks=("classify", "next_step"),
    defaults={},
)
