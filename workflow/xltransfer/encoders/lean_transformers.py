"""The used parts of transformers, imported without unused dependencies.

Every model of transformers imports its losses for object detection, which need scipy, and its
sharding of a model over processes, which needs torch.distributed.tensor. Others are compiled on
GPUs, for which they import the compiler of torch (`lean_torch.py`). Nothing of this is used here.
To avoid it, import transformers from this module.
"""

from __future__ import annotations

from transformers import utils
from transformers.utils import import_utils

from .lean_torch import compiler_left_out

LEFT_OUT = ("is_scipy_available", "is_torch_distributed_available")
"""Availability checks of transformers to disable; versions without them import everything."""


def _no() -> bool:
    return False


for _question in LEFT_OUT:
    for _module in (utils, import_utils):
        setattr(_module, _question, _no)

# These imports must follow the replacements above.
with compiler_left_out():
    # Modules of models import this one when they are needed.
    import transformers.masking_utils  # noqa: F401
    from transformers import (
        AutoConfig,
        AutoModel,
        AutoModelForMaskedLM,
        AutoModelForTextEncoding,
        PretrainedConfig,
        PreTrainedModel,
    )
    from transformers.initialization import no_init_weights
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
        MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES,
        MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    )
    from transformers.utils import logging as transformers_logging

__all__ = [
    "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
    "MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES",
    "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES",
    "AutoConfig",
    "AutoModel",
    "AutoModelForMaskedLM",
    "AutoModelForTextEncoding",
    "PreTrainedModel",
    "PretrainedConfig",
    "no_init_weights",
    "transformers_logging",
]
