"""Uploading a directory to a model repository of the Hugging Face hub."""

from __future__ import annotations

import os
from pathlib import Path

from ..corpora.hub_datasets import one_line
from ..runtime.errors import InputError


def hub_token() -> str:
    """The user's token for the hub: ``HF_TOKEN``, or what ``hf auth login`` has stored.

    Raises:
        InputError: there is none.
    """
    from huggingface_hub import get_token

    token = os.environ.get("HF_TOKEN") or get_token()
    if not token:
        raise InputError(
            "--push-to-hub: no token of the hub; set HF_TOKEN to one with write access, or run "
            "`hf auth login`"
        )
    return token


def upload(
    folder: Path, repository: str, token: str, message: str, endpoint: str | None = None
) -> str:
    """Upload the files of a directory in one commit. A repository that is new is private.

    Args:
        folder: directory.
        repository: name such as ``owner/name``.
        token: token with write access; no message contains it.
        message: message of the commit.
        endpoint: address of a hub other than the default, or that of ``HF_ENDPOINT``.

    Returns:
        The URL of the commit.

    Raises:
        InputError: the hub cannot be reached, or refuses.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    api = HfApi(endpoint=endpoint, token=token)
    try:
        api.create_repo(repository, private=True, exist_ok=True)
        done = api.upload_folder(repo_id=repository, folder_path=folder, commit_message=message)
    except Exception as error:
        # The client raises errors of several libraries, and not only for networks.
        reason = one_line(error).replace(token, "…")
        raise InputError(
            f"{repository}: not uploaded ({reason}); {folder} is complete, so `hf upload "
            f"{repository} {folder}` can try again"
        ) from None
    return str(done.commit_url)
