"""Sound files and manifests that are damaged or degenerate, each with what must be said of it."""

from __future__ import annotations

from tests.plugins.audio.bad_compressed import COMPRESSED, NO_SOUND, PACKED
from tests.plugins.audio.bad_manifests import MANIFESTS, TRANSCRIPTS
from tests.plugins.audio.bad_places import PLACES
from tests.plugins.audio.bad_wav import WAVS
from tests.plugins.malformed import Case

CASES: dict[str, Case] = {**WAVS, **NO_SOUND, **COMPRESSED, **PACKED, **MANIFESTS, **TRANSCRIPTS, **PLACES}
"""All of them, by name."""
