"""The exact sets of jobs for sources that are trained on together."""

from __future__ import annotations

from pathlib import Path

from planning import AGGREGATES, COMPARED, SMALL, change, counts, finish, planned

STUDY = "--configfile", "small.yaml"
SET = "qaa_embedded+qca_embedded"


def test_a_set_of_sources_trains_only_its_models(finished: Path) -> None:
    """The joined parts, two models (seeds share a job) and what is made of them."""
    change(finished, parsing__sources=[*SMALL["parsing"]["sources"], SET])
    jobs = planned(finished, *STUDY)
    own = {n: c for n, c in counts(jobs).items() if n not in AGGREGATES | COMPARED}
    # With and without ablation; the list of pieces of its training part.
    assert own == {"join_treebanks": 2, "finetune": 2, "predict": 3, "score": 3, "pieces": 1}
    assert COMPARED.isdisjoint(jobs), "CKA compares the models of one language"
    assert jobs["join_treebanks"] == {
        f"results/treebanks/{SET}/{part}.conllu" for part in ("train", "dev")
    }
    models = {o for name, some in jobs.items() if name.startswith("finetune") for o in some}
    assert all(f"/{SET}/" in output for output in models)
    finish(finished, *STUDY)
    assert planned(finished, *STUDY) == {}
    change(finished, embedded_world={"seed": 2})
    jobs = planned(finished, *STUDY)
    assert len(jobs["join_treebanks"]) == 2, "the corpora of the set are others"
