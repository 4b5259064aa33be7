# xltransfer: how multilingual language models transfer to other languages, and in which layers.
#
# A study is a configuration: config.yaml, or `--configfile resources/studies/<name>.yaml`. Rules
# define jobs and their order; the computations are in workflow/xltransfer.

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


report: "workflow/report/study.rst"


pathvars:
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


include: "workflow/rules/common.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/embedded_relations.smk"
include: "workflow/rules/relation_inputs.smk"
include: "workflow/rules/relations.smk"
include: "workflow/rules/encoders.smk"
include: "workflow/rules/finetune_inputs.smk"
include: "workflow/rules/finetune.smk"
include: "workflow/rules/parsed_tree_inputs.smk"
include: "workflow/rules/parsed_trees.smk"
include: "workflow/rules/predict.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/comparisons.smk"


# Rules that some studies need, and what a study has if it needs them.
OPTIONAL = {
    "questions": "questions" in FOLDERS,
    "classification": "classification" in FOLDERS,
    "made_encoders": study.made_encoders.recipes or study.raw_texts.codes,
    "source_sets": all_sets(study),
    "parallel_text": study.parallel_texts.codes,
    "dictionaries": dictionaries_of(study),
    "word_vectors": study.mapped.maps,
    "adversarial": discriminations(study),
    "vector_encoders": vector_encoders(study),
    "varieties": unseen.varieties,
    "unseen": unseen.varieties,
}
for name, needed in OPTIONAL.items():
    if needed:

        include: f"workflow/rules/{name}.smk"


rule all:
    default_target: True
    input:
        everything(study),
        study.kept.markers("<results>"),
        everything(study.unseen),
    localrule: True


# Targets about transfer to other languages, and the layers involved.
rule transfer:
    input:
        everything(study),
        study.kept.markers("<results>"),
    localrule: True


# Targets about word vectors that are mapped from one language to another.
rule alignment:
    input:
        files_of("word_translation"),
    localrule: True


# Targets about relations and roles carried by trees.
rule structure:
    input:
        files_of("structure"),
    localrule: True


# Targets about methods for languages without training data.
rule adaptation:
    input:
        files_of("adaptation_methods"),
        files_of("dictionary_text"),
    localrule: True


# Targets about languages that the encoder has not seen.
rule unseen:
    input:
        everything(study.unseen),
    localrule: True


include: "workflow/rules/gpu.smk"
include: "workflow/rules/environment.smk"


wildcard_constraints:
    encoder="|".join(dict.fromkeys([*study.declared_encoders, *study.unseen.arms.names])),
    task="|".join(study.tasks),
    source=CORPUS_OR_SET,
    corpus=CORPUS_OR_SET,
    split="train|dev|test",
    ablation="|".join(dict.fromkeys([NONE, *study.config["ablations"]])),
    seed=r"\d+",
