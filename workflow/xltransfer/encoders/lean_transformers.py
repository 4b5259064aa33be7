"""The used parts of transformers, imported without unused dependencies.

Every model of transformers imports its losses for object detection, which need scipy, and its
sharding of a model over processes, which needs torch.distributed.tensor: a fifth of the time from
the start of Python to the first model. To avoid both, import transformers from this module.
"""

from __future__ import annotations

from transformers import utils
from transformers.utils import import_utils

LEFT_OUT = ("is_scipy_available", "is_torch_distributed_available")
"""Availability checks of transformers to disable; versions without them import everything."""


def _no() -> bool:
    return False


for _question in LEFT_OUT:
    for _module in (utils, import_utils):
        setattr(_module, _question, _no)

# These imports must follow the replacements above.
from transformers import (  # noqa: E402
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForTextEncoding,
    PretrainedConfig,
    PreTrainedModel,
)
from transformers.initialization import no_init_weights  # noqa: E402
from transformers.models.auto.modeling_auto import (  # noqa: E402
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES,
    MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
)
from transformers.utils import logging as transformers_logging  # noqa: E402

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
