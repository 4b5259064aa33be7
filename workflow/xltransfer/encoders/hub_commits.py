"""The present commit of a repository on the Hugging Face hub."""

from __future__ import annotations

import re

from ..corpora.hub_datasets import one_line
from ..runtime.errors import InputError


def present_commit(repository: str, endpoint: str | None = None) -> str:
    """The commit hash of a repository's main branch, by which a study can name it for good.

    Args:
        repository: model repository, e.g. ``FacebookAI/xlm-roberta-base``.
        endpoint: address of a hub other than the default, or that of ``HF_ENDPOINT``.

    Raises:
        InputError: the hub cannot be reached, or has no such repository.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    remedy = "correct the name, or give the commit: owner/name@<40 hexadecimal digits>"
    try:
        commit = HfApi(endpoint=endpoint).model_info(repository, timeout=30).sha
    except RepositoryNotFoundError:
        raise InputError(f"{repository}: no such repository on the hub; {remedy}") from None
    except Exception as error:
        # The client raises errors of several libraries, and not only for networks.
        raise InputError(f"{repository}: not found out ({one_line(error)}); {remedy}") from None
    if not re.fullmatch("[0-9a-f]{40}", commit or ""):
        raise InputError(f"{repository}: the hub gives no commit; {remedy}")
    return commit
