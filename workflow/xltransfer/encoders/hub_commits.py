"""The present commit of a model on the Hugging Face hub, and its configuration."""

from __future__ import annotations

import re
import tempfile
from typing import Any

from ..corpora.hub_datasets import one_line
from ..runtime.errors import InputError
from ..runtime.files import json_object
from .families import units_of


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


def configuration(repository: str, revision: str) -> dict[str, Any]:
    """The ``config.json`` of a model repository that a study can use.

    Args:
        repository: model repository.
        revision: commit hash.

    Raises:
        InputError: the hub cannot be reached, the repository has no such commit, or it lacks a file
            that a study needs: configuration, weights in safetensors, or a fast tokenizer.
    """
    from huggingface_hub import HfApi, hf_hub_download

    name = f"{repository}@{revision[:12]}"
    try:
        found = HfApi().model_info(repository, revision=revision, timeout=30)
        files = {file.rfilename for file in found.siblings or ()}
        if "config.json" not in files:
            raise InputError(f"{name}: has no config.json; choose a model of transformers")
        with tempfile.TemporaryDirectory() as folder:
            content = json_object(
                hf_hub_download(repository, "config.json", revision=revision, local_dir=folder)
            )
    except InputError:
        raise
    except Exception as error:
        # The client raises errors of several libraries, and not only for networks.
        raise InputError(
            f"{name}: cannot be read ({one_line(error)}); correct the name or the commit"
        ) from None
    if not isinstance(content.get("model_type"), str):
        raise InputError(f"{name}: config.json: no model_type; choose a model of transformers")
    needed = {"model.safetensors"} | (set() if units_of(content) else {"tokenizer.json"})
    if missing := sorted(needed - files):
        raise InputError(
            f"{name}: has no {' and no '.join(missing)}; choose a revision that has it, or convert "
            "the model and give its directory as `path`"
        )
    return content
