"""Download an encoder from the Hugging Face hub."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from ..corpora.hub_datasets import one_line
from ..encoders.families import family_of, units_of
from ..records.record import write_record
from ..runtime.errors import InputError
from ..runtime.files import read_json, replacing

log = logging.getLogger(__name__)

REQUIRED = ("config.json", "tokenizer.json", "model.safetensors")
OPTIONAL = ("tokenizer_config.json", "special_tokens_map.json")


def fetch_encoder(
    hub: str,
    revision: str,
    directory: Path,
    endpoint: str | None = None,
    causal: bool = False,
) -> None:
    """Download an encoder's files at one revision into a directory.

    The configuration is downloaded first, so that weights of unsupported encoders are not.
    Encoders of characters and bytes have no ``tokenizer.json`` on the hub, so it is created.

    The hub's own client resumes, retries, verifies sizes and uses ``HF_ENDPOINT`` (a mirror),
    ``HF_TOKEN`` and ``HF_HUB_OFFLINE``.

    Args:
        hub: repository, e.g. ``google-bert/bert-base-multilingual-cased``.
        revision: full commit hash.
        directory: output folder.
        endpoint: address of a hub other than the default.
        causal: whether a decoder is expected, in which each word sees only the words before it.

    Raises:
        InputError: the repository, the revision or a required file is unavailable, or the encoder
            is not supported.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError

    directory.mkdir(parents=True, exist_ok=True)
    staging, place = directory / ".fetching", f"{hub}@{revision[:12]}"
    for name in (*REQUIRED[:1], *OPTIONAL, *REQUIRED[1:]):
        try:
            path = hf_hub_download(
                hub, name, revision=revision, local_dir=staging, endpoint=endpoint
            )
        except LocalEntryNotFoundError as error:
            raise InputError(f"{place}: the hub cannot be reached: {one_line(error)}") from None
        except EntryNotFoundError:
            if name in OPTIONAL:
                continue
            if name == "tokenizer.json" and _write_tokenizer(directory):
                _record(directory / name, hub, revision)
                continue
            raise InputError(
                f"{place} has no {name}; choose a revision that has it, "
                "or convert the model and give its directory as `path`"
            ) from None
        except (HfHubHTTPError, OSError) as error:
            raise InputError(f"{place}: {name}: {one_line(error)}") from None
        if name == "config.json":
            _check_family(Path(path), f"{place}: {name}", causal)
        with replacing(directory / name) as temporary:
            shutil.copyfile(path, temporary)
        _record(directory / name, hub, revision)
        log.info("%s: fetched from %s@%s", directory / name, hub, revision[:12])
    shutil.rmtree(staging)


def _record(path: Path, hub: str, revision: str) -> None:
    write_record(path, "fetch_encoder", {}, config={"hub": hub, "revision": revision})


def _check_family(path: Path, place: str, causal: bool) -> None:
    """Reject unsupported encoders; other errors of the file are reported when it is opened.

    Args:
        path: downloaded ``config.json``, not yet in its final directory.
        place: name of the file in the message.
        causal: expectation as for ``fetch_encoder``.
    """
    content = read_json(path)
    if isinstance(content, dict) and isinstance(content.get("model_type"), str):
        family_of(content, place, causal)


def _write_tokenizer(directory: Path) -> bool:
    """Write the tokenizer of an encoder of characters or bytes; ``False`` for other encoders."""
    content = read_json(directory / "config.json")
    if not isinstance(content, dict) or not units_of(content):
        return False
    from ..encoders.unit_tokenizers import write_unit_tokenizer

    write_unit_tokenizer(directory)
    return True
