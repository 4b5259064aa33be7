# All commands run in one environment, so the rules do not name it. Rules in other folders are those
# of a workflow that uses this one as a module, which may give rules of this one another environment.

for own in workflow.rules:
    if str(own.basedir) == str(workflow.current_basedir) and own.conda_env is None:
        own.conda_env = "../../envs/xltransfer.yaml"
