"""Music for seqkit: chorales in four voices, from MIDI files, to go on with or to name."""

from seqkit import Domain
from seqkit_music.data import MusicData

DOMAIN = Domain(
    "music",
    MusicData,
    tasks=("next_step", "classify"),
    defaults={
        "next_step": {
            "data.batch_size": 16,
            "data.window": 96,
            "model.hidden_size": 160,
            "model.learning_rate": 1e-2,
            "trainer.max_epochs": 12,
        },
        # A mode shows at its cadences: the strongest sign of each feature counts.
        "classify": {
            "model.hidden_size": 64,
            "model.bidirectional": True,
            "model.pooling": "max",
            "trainer.max_epochs": 12,
        },
    },
)
