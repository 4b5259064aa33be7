"""Fetching one file of a dataset from the Hugging Face hub."""

from __future__ import annotations

import logging
import shutil
from functools import partial
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.files import replacing
from ..runtime.safe_values import printable, without_credentials
from .catalogue import LARGEST_RAW
from .checksums import too_large, verify_checksum

log = logging.getLogger(__name__)


def fetch_dataset_file(
    output: Path,
    repository: str,
    revision: str,
    path: str,
    checksum: str,
    largest: int = LARGEST_RAW,
    endpoint: str | None = None,
) -> None:
    """Fetch a file of a dataset at one revision.

    The hub's own client does the work: it resumes, retries, verifies sizes and honours
    ``HF_ENDPOINT`` (a mirror), ``HF_TOKEN`` (which gated datasets ask for) and ``HF_HUB_OFFLINE``.

    Args:
        output: where to put it; it appears only when it is whole and right.
        repository: ``wikimedia/wikipedia``.
        revision: a commit hash, or a branch or tag.
        path: of the file in the repository.
        checksum: ``sha256:<hex>``, ``git-sha1:<hex>`` or ``unchecked``.
        largest: bytes that the hub may say the file has.
        endpoint: address of a hub other than the usual one.

    Raises:
        InputError: the repository, the revision or the file cannot be had, or it is another file or
            too large.
    """
    staging = output.parent / f".fetching-{output.name}"
    # What was fetched in part stays for the next attempt; what is whole does not, right or wrong.
    fetched = _from_hub(staging, repository, revision, path, largest, endpoint)
    try:
        with replacing(output) as temporary:
            shutil.copyfile(fetched, temporary)
            verify_checksum(temporary, checksum, name=f"{repository}@{revision[:12]}: {path}")
    finally:
        shutil.rmtree(staging)
    log.info("%s: fetched from %s@%s", output, repository, revision[:12])


def _from_hub(
    staging: Path, repository: str, revision: str, path: str, largest: int, endpoint: str | None
) -> str:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
    )

    name = f"{repository}@{revision[:12]}"
    try:
        download = partial(
            hf_hub_download,
            repository,
            path,
            repo_type="dataset",
            revision=revision,
            local_dir=staging,
            endpoint=endpoint,
        )
        if (download(dry_run=True).file_size or 0) > largest:
            raise too_large(f"{name}: {path}", largest)
        return download()
    except GatedRepoError:
        raise InputError(
            f"{name}: {path}: the dataset is gated; accept its terms on the hub and set HF_TOKEN, "
            "or put the file there by hand"
        ) from None
    except LocalEntryNotFoundError as error:
        reason = one_line(error)
        raise InputError(f"{name}: the hub cannot be reached: {reason}") from None
    except EntryNotFoundError:
        raise InputError(
            f"{name} has no {path}; choose a revision that has it, or correct the path"
        ) from None
    except (HfHubHTTPError, OSError) as error:
        reason = one_line(error)
        raise InputError(f"{name}: {path}: {reason}") from None


def one_line(error: Exception) -> str:
    """What the hub's client says; ``HF_ENDPOINT`` and proxies may carry a password."""
    return printable(without_credentials(" ".join(str(error).split())))
