"""seqkit's audio domain: recordings to name (classify), to write down (ctc) or to continue (next_step)."""

from seqkit import Domain
from seqkit_audio.data import AudioData
from seqkit_audio.encoder import audio_encoder

DOMAIN = Domain(
    name="audio",
    datamodule=AudioData,
    encoder=audio_encoder,
    tasks=("classify", "ctc", "next_step"),
    defaults={
        "classify": {
            "model.hidden_size": 96,
            "model.bidirectional": True,
            "model.dropout": 0.2,
            "model.learning_rate": 3e-3,
            "trainer.max_epochs": 20,
        },
        # Small batches and short masks: it takes some hundred updates until anything but the blank is predicted.
        "ctc": {
            "data.batch_size": 16,
            "model.hidden_size": 96,
            "model.bidirectional": True,
            "model.dropout": 0.1,
            "model.learning_rate": 5e-3,
            "encoder.time_mask": 4,
            "trainer.max_epochs": 20,
        },
        # A period of a low tone is a hundred samples: gradients must flow further back than that.
        "next_step": {"data.window": 256, "model.hidden_size": 192, "model.learning_rate": 4e-3},
    },
)
