"""Which models share a fine-tuning job, by `job_size.finetune`."""

from __future__ import annotations

from conftest import ROOT
from test_study import change, config  # noqa: F401
from xltransfer.study.study import Study


def test_ablations_that_share_a_job(config: dict) -> None:  # noqa: F811
    """After the control, groups from the lowest layers to the highest, for the sources that have
    these ablations."""
    change(
        tasks=["parsing", "pos"],
        ablations=["random-init-all", "random-init-3-4", "none", "random-init-1-2"],
        job_size__finetune={"seeds": 1, "ablations": 3},
        parsing__ablated_sources="all",
        pos__ablated_sources=["qaa_embedded"],
    )(config)
    rest, *groups = Study(config, ROOT).finetuning_batches()
    shared = ("none", "random-init-all", "random-init-1-2")
    assert [(group.task, group.sources, group.together) for group in groups] == [
        ("parsing", ("qaa_embedded", "qca_embedded", "qda_embedded"), shared),
        ("pos", ("qaa_embedded",), shared),
    ]
    assert all(group.seeds == rest.seeds == ["{seed}"] for group in groups)
    assert rest.together == () and set(rest.ablations) == {*shared, "random-init-3-4"}
    assert "pos/qaa_embedded/none" in rest.elsewhere
    assert not {"pos/qca_embedded/none", "pos/qaa_embedded/random-init-3-4"} & {*rest.elsewhere}
    added = ["random-init-5-6", "random-init-all", "random-init-3-4", "none", "random-init-1-2"]
    change(ablations=added)(config)
    assert Study(config, ROOT).finetuning_batches()[1].together == shared
    change(job_size__finetune={"seeds": 1})(config)
    assert [batch.elsewhere for batch in Study(config, ROOT).finetuning_batches()] == [()]
