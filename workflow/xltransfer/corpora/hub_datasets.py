"""Download of one file of a dataset on the Hugging Face hub."""

from __future__ import annotations

import logging
import re
import shutil
from functools import partial
from pathlib import Path

from ..runtime.errors import InputError
from ..runtime.files import replacing
from ..runtime.safe_values import printable, without_credentials
from .catalogue import LARGEST_RAW
from .checksums import too_large, verify_checksum

log = logging.getLogger(__name__)

_COMMIT = re.compile("[0-9a-f]{40}")


def fetch_dataset_file(
    output: Path,
    repository: str,
    revision: str,
    path: str,
    checksum: str,
    largest: int = LARGEST_RAW,
    endpoint: str | None = None,
) -> None:
    """Download a file of a dataset at one revision.

    The hub's client resumes, retries, verifies sizes and honours ``HF_ENDPOINT`` (a mirror),
    ``HF_TOKEN`` (for gated datasets) and ``HF_HUB_OFFLINE``.

    Args:
        output: path of the file, which is written atomically after verification.
        repository: name such as ``wikimedia/wikipedia``.
        revision: commit hash, branch or tag.
        path: path of the file in the repository.
        checksum: checksum ``sha256:<hex>``, ``git-sha1:<hex>`` or ``unchecked``.
        largest: maximum size in bytes, as reported by the hub.
        endpoint: URL of another hub.

    Raises:
        InputError: the repository, the revision or the file is not available, or the file is too
            large or has another checksum.
    """
    staging = output.parent / f".fetching-{output.name}"
    # Partial downloads stay for the next attempt; complete ones are removed, valid or not.
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
        raise InputError(f"{name}: the hub cannot be reached: {one_line(error)}") from None
    except EntryNotFoundError:
        raise InputError(
            f"{name} has no {path}; choose a revision that has it, or correct the path"
        ) from None
    except (HfHubHTTPError, OSError) as error:
        raise InputError(f"{name}: {path}: {one_line(error)}") from None


def present_dataset_commit(
    repository: str, revision: str | None = None, endpoint: str | None = None
) -> str:
    """The commit hash of a dataset's branch or tag, by which a catalogue can name it for good.

    Args:
        repository: name such as ``wikimedia/wikipedia``.
        revision: branch or tag; ``None`` for the main branch.
        endpoint: URL of another hub.

    Raises:
        InputError: the hub cannot be reached, or has no such dataset or revision.
    """
    from huggingface_hub import HfApi

    try:
        hub = HfApi(endpoint=endpoint)
        commit = hub.dataset_info(repository, revision=revision, timeout=30).sha
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            raise ValueError("the hub names none")
    except Exception as error:
        # The client raises errors of several libraries, and not only for networks.
        name = f"{repository}@{revision}" if revision else repository
        raise InputError(
            f"{name}: its commit is not known ({one_line(error)}); give it as "
            f"hf://datasets/{repository}@<40 hexadecimal digits>/<path>"
        ) from None
    return commit


def one_line(error: Exception) -> str:
    """The message of the hub's client without credentials of ``HF_ENDPOINT`` and proxies."""
    return printable(without_credentials(" ".join(str(error).split())))
