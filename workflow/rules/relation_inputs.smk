# Inputs of the jobs that check corpora of relations and of roles.


def relation_downloads(annotation):
    """A function of wildcards: the downloaded files of a part of a corpus."""

    def of(wildcards):
        part = annotation, wildcards.corpus, wildcards.split
        checksums = relation_parts.part_checksums(study, *part)
        return [
            settled(
                f"<resources>/downloads/{file}",
                checksum != UNCHECKED and study.downloads.config(file),
            )
            for file, checksum in zip(study.downloads.paths(*part), checksums)
        ]

    return of


def treebank_of_relations(annotation):
    """A function of wildcards: the part of a treebank with the words of a part; none or one."""

    def of(wildcards):
        part = annotation, wildcards.corpus, wildcards.split
        treebank = relation_parts.corpus_of(study, *part[:2]).treebank
        return [
            settled(
                f"<results>/{file}",
                study.contents.corpus("treebanks", treebank, wildcards.split),
            )
            for file in relation_parts.treebank_file(study, *part)
        ]

    return of
