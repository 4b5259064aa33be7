"""Environment variables in paths of the configuration."""

from __future__ import annotations

import pytest
from xltransfer.runtime.errors import InputError
from xltransfer.study.parts import expand


def test_a_variable_contains_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTER", "$INNER/ud")
    monkeypatch.setenv("INNER", "/data")
    assert expand("$INNER/ud", "mirrors.0") == "/data/ud"
    with pytest.raises(InputError, match=r"^config: mirrors.0: '\$OUTER' is expanded to a text"):
        expand("$OUTER", "mirrors.0")
