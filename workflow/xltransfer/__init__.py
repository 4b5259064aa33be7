"""How multilingual language models transfer to other languages, and in which layers.

The public functions are ``open_study``, ``open_model``, ``score``, ``cka`` and ``reinitialise``.
"""

import signal
import sys
from importlib import import_module

# A stage takes seconds to import what it computes with, and listens to signals only then
# (`runtime/interruption.py`). Until then Ctrl-C ends it as SIGTERM does: at once, without Python's
# traceback. While Python looks for the module of `python -m`, the first argument is "-m".
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

PUBLIC = ("cka", "open_model", "open_study", "reinitialise", "score")
"""Functions that the package offers; `public/functions.py` documents them."""
__all__ = list(PUBLIC)


def __getattr__(name: str) -> object:
    # Stages import the package without these functions, whose modules take time to import. The
    # statement `import` would make them a part of the digest of every stage.
    if name in PUBLIC:
        return getattr(import_module(f"{__name__}.public.functions"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *PUBLIC])
