"""torchaudio, also where its compiled part does not fit the installed torch.

torchaudio from the package index is linked to CUDA. Beside a CPU build of torch its import fails while loading that
library, although everything used here (spectrograms, mu-law, resampling, masking) is plain torch.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

_LOADER = "torchaudio._extension.utils"


def import_torchaudio() -> ModuleType:
    """Import torchaudio; without its compiled part when exactly that part cannot be loaded.

    Raises:
        ImportError: If torchaudio is not installed.
        OSError: If something else than the compiled part cannot be loaded.
    """
    try:
        return importlib.import_module("torchaudio")
    except OSError:
        # A failed import removes `torchaudio` from sys.modules but leaves the helper that loads its library, if it
        # came that far. The second attempt uses the same helper, told that there is no library.
        loader = sys.modules.get(_LOADER)
        if loader is None:
            raise
        setattr(loader, "_load_lib", lambda lib: False)  # noqa: B010 - a module has no declared attributes
        return importlib.import_module("torchaudio")


torchaudio = import_torchaudio()
