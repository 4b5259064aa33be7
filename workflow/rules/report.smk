# The files of tables and figures, and their place in the report.

# Names of tables and figures in the report, by category.
with open(workflow_folder() / "report" / "titles.yaml") as titles:
    REPORT = yaml.safe_load(titles)


def reported(kind, name, suffix, form):
    """A file of a table or figure in the report; ``form`` describes its use."""
    titles = REPORT[kind]
    category = next(category for category in titles if name in titles[category])
    return report(
        f"<results>/{kind}s/{name}{suffix}",
        caption=f"../report/{kind}s/{name}.rst",
        category=category,
        labels={"result": f"{kind}: {titles[category][name]}", "form": form},
    )


def figure_files(name):
    """The files of a figure."""
    return [
        reported("figure", name, ".pdf", "to save"),
        reported("figure", name, ".png", "on screen"),
    ]


def table_files(*names):
    """The files of tables, starting with the CSV file of the first."""
    files = []
    for name in names:
        files += [
            reported("table", name, ".csv", "to save"),
            reported("table", name, ".html", "on screen"),
        ]
        files += [
            f"<results>/tables/{name}{suffix}"
            for suffix in (".md", ".tex", ".provenance.json", ".timing.json")
        ]
    return files
