# Parallel text that encoders are trained on.


rule clean_parallel_text:
    input:
        files=parallel_files,
        first_evaluation=lambda wildcards: parallel_evaluation_files(wildcards, 0),
        second_evaluation=lambda wildcards: parallel_evaluation_files(wildcards, 1),
    output:
        training=paths.parallel_text("<results>", "{text}", "training"),
        held_out=paths.parallel_text("<results>", "{text}", "held_out"),
        test=paths.parallel_text("<results>", "{text}", "test"),
        report="<results>/parallel_text/{text}/report.json",
    log:
        "<logs>/clean_parallel_text/{text}.log",
    wildcard_constraints:
        text=one_of(study.parallel_texts.codes),
    resources:
        mem_mb=growing(2000),
        runtime=growing(240),
    params:
        cfg=lambda wildcards: study.parallel_texts.config(wildcards.text),
        code=stage_digest("clean_parallel_text"),
        # Not passed to the command, used to detect changes: see study/identities.py.
        identity=lambda wildcards: study.identities.parallel_text(wildcards.text),
    shell:
        "python -m xltransfer clean_parallel_text --files {input.files:q} --config {params.cfg:q}"
        " --first-evaluation {input.first_evaluation:q} --second-evaluation {input.second_evaluation:q}"
        " --training {output.training:q} --held-out {output.held_out:q} --test {output.test:q}"
        " --report {output.report:q} > {log:q} 2>&1"
