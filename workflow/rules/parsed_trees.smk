# Trees of relations and roles that a model of the study predicts (`trees` of a task).


rule parse_relations:
    input:
        parser=model_of_trees("parser"),
        tagger=model_of_trees("tagger"),
        corpus="<results>/{annotation}/{corpus}/{split}.jsonl",
        vectors=lambda wildcards: vector_files(
            study,
            "<results>",
            study.config[wildcards.task]["trees"]["encoder"],
            study.language(wildcards.task, wildcards.corpus),
        ),
    output:
        corpus="<results>/{annotation}/{corpus}/{split}-parsed-for-{task}.jsonl",
        report="<results>/{annotation}/{corpus}/{split}-parsed-for-{task}-report.json",
    log:
        "<logs>/parse_relations/{annotation}/{corpus}-{split}-{task}.log",
    wildcard_constraints:
        annotation="relations|roles",
        task=one_of(PARSED),
    threads: config["training_threads"]
    resources:
        gpu=1,
        mem_mb=growing(8000),
        runtime=growing(60),
    params:
        parser=lambda wildcards: models_of_trees(study, study.results, wildcards.task)["parser"],
        tagger=lambda wildcards, input: [
            *(["--tagger", os.path.dirname(input.tagger[0])] if input.tagger else [])
        ],
        language=language_of("corpus"),
        code=stage_digest("parse_relations"),
        # Not passed to the command, used to detect changes: see study/parsed_trees.py.
        identity=lambda wildcards: parsed_identity(
            study, wildcards.task, wildcards.corpus, wildcards.split
        ),
        vectors=option("vectors"),
    shell:
        "python -m xltransfer parse_relations --parser {params.parser:q} {params.tagger:q}"
        " --corpus {input.corpus:q} --output {output.corpus:q} --report {output.report:q}"
        " --task {wildcards.task:q} --language {params.language:q} {params.vectors:q}"
        " --threads {threads:q} > {log:q} 2>&1"
