"""The used parts of transformers, imported without unused dependencies.

Every model of transformers imports its losses for object detection, which need scipy, and its
sharding of a model over processes, which needs torch.distributed.tensor. Others are compiled on
GPUs, for which they import the compiler of torch (`lean_torch.py`). The package itself lists the
names in the files of all models. Nothing of this is used here. To avoid it, import transformers
from this module.
"""

from __future__ import annotations

import sys
from types import ModuleType

from .lean_torch import compiler_left_out
from .postponed_packages import postpone

postpone("transformers", "transformers.models")

# Imports of transformers must follow.
from transformers import utils  # noqa: E402
from transformers.utils import import_utils  # noqa: E402


def _no() -> bool:
    return False


def _package(*_: object) -> ModuleType:
    return sys.modules["transformers"]


REPLACED = {
    "is_scipy_available": _no,
    "is_torch_distributed_available": _no,
    # Would run the file of the package once more.
    "direct_transformers_import": _package,
}
"""Functions of transformers, and those in their place; versions without them import everything."""

for _name, _function in REPLACED.items():
    for _module in (utils, import_utils):
        setattr(_module, _name, _function)

# These imports must follow the replacements above.
with compiler_left_out():
    # Modules of models import this one when they are needed.
    import transformers.masking_utils  # noqa: F401
    from transformers.configuration_utils import PretrainedConfig
    from transformers.initialization import no_init_weights
    from transformers.modeling_utils import PreTrainedModel
    from transformers.models.auto.configuration_auto import AutoConfig
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
        MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES,
        MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
        AutoModel,
        AutoModelForMaskedLM,
        AutoModelForTextEncoding,
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
