"""`kubectl create`: objects of files, and generators of the usual kinds.

Source: kubectl `pkg/cmd/create`.
"""

from course_lib.kubectl.changes import OUTPUT_FLAGS
from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.create import (
    access,
    configs,
    from_files,
    policies,
    roles,
    services,
    sources,
    token,
    workloads,
)
from course_lib.kubectl.commands.create.ingress import ingress
from course_lib.kubectl.commands.create.making import making

_SUBJECTS = ("clusterrole", "group", "serviceaccount", "user")
_SECRET = "failed to create secret "

COMMANDS = {
    "create": from_files.FROM_FILES,
    "create clusterrole": making(
        roles.cluster_role,
        "aggregation-rule", "non-resource-url", "resource", "resource-name", "verb",
    ),
    "create clusterrolebinding": making(
        access.cluster_role_binding,
        *_SUBJECTS,
        failed="failed to create clusterrolebinding: ",
        required=("clusterrole",),
    ),
    "create configmap": making(
        configs.config_map, *sources.FLAGS, failed="failed to create configmap: "
    ),
    "create cronjob": making(
        workloads.cron_job,
        "image", "restart", "schedule",
        failed="failed to create cronjob: ",
        required=("image", "schedule"),
    ),
    "create deployment": making(
        workloads.deployment,
        "image", "port", "replicas",
        failed="failed to create deployment: ",
        required=("image",),
    ),
    "create ingress": making(
        ingress, "annotation", "class", "default-backend", "rule",
        failed="failed to create ingress: ",
    ),
    "create job": making(
        workloads.job, "from", "image", failed="failed to create job: "
    ),
    "create namespace": making(policies.namespace),
    "create poddisruptionbudget": making(
        policies.budget, "max-unavailable", "min-available", "selector",
        failed="failed to create poddisruptionbudgets: ",
    ),
    "create priorityclass": making(
        policies.priority_class,
        "description", "global-default", "preemption-policy", "value",
        failed="failed to create priorityclass: ",
    ),
    "create quota": making(
        policies.quota, "hard", "scopes", failed="failed to create quota: "
    ),
    "create role": making(roles.role, "resource", "resource-name", "verb"),
    "create rolebinding": making(
        access.role_binding, "role", *_SUBJECTS, failed="failed to create rolebinding: "
    ),
    "create secret docker-registry": making(
        configs.docker_secret,
        "append-hash", "docker-email", "docker-password", "docker-server", "docker-username",
        "from-file",
        failed=_SECRET,
    ),
    "create secret generic": making(
        configs.generic_secret, "type", *sources.FLAGS, failed=_SECRET
    ),
    "create secret tls": making(
        configs.tls_secret, "append-hash", "cert", "key", failed=_SECRET
    ),
    "create service clusterip": making(
        services.of_type("ClusterIP"), "clusterip", "tcp",
        failed="failed to create ClusterIP service: ",
    ),
    "create service externalname": making(
        services.of_type("ExternalName"), "external-name", "tcp",
        failed="failed to create ExternalName service: ",
        required=("external-name",),
    ),
    "create service loadbalancer": making(
        services.of_type("LoadBalancer"), "tcp",
        failed="failed to create LoadBalancer service: ",
    ),
    "create service nodeport": making(
        services.of_type("NodePort"), "node-port", "tcp",
        failed="failed to create NodePort service: ",
    ),
    "create serviceaccount": making(
        access.service_account, failed="failed to create serviceaccount: "
    ),
    "create token": Command(token.run, OUTPUT_FLAGS | token.FLAGS),
}  # fmt: skip
