"""Secrets, ServiceAccounts, bounds of namespaces, priorities and roles: what is refused."""

import base64

import pytest

from course_lib.objects.validation.json_text import object_problem
from course_lib.objects.validation.pem import key_pair_problem
from tests.objects.validation.refusals import new, refusals, refusals_of_change, warnings

RBAC = "rbac.authorization.k8s.io/v1"


def coded(text):
    return base64.b64encode(text.encode()).decode()


def test_a_secret_of_a_type_has_what_its_type_asks_for():
    assert refusals(new("Secret", type="kubernetes.io/tls", data={"tls.crt": ""})) == [
        "data[tls.key]: Required value"
    ]
    for half in ("username", "password"):
        assert refusals(new("Secret", type="kubernetes.io/basic-auth", data={half: ""})) == []
    login = new("Secret", type="kubernetes.io/dockercfg", data={".dockercfg": coded("[]")})
    assert refusals(login) == [
        'data[.dockercfg]: Invalid value: "<secret contents redacted>": json: cannot unmarshal '
        "array into Go value of type map[string]interface {}"
    ]


@pytest.mark.parametrize(
    ("size", "said"),
    [(1048576, []), (1048577, ["data: Too long: may not be more than 1048576 bytes"])],
)
def test_a_secret_has_at_most_a_mebibyte(size, said):
    assert refusals(new("Secret", stringData={"a": "x" * size})) == said


def test_a_secret_that_is_immutable_stays_and_so_does_its_type():
    before = new("Secret", immutable=True, stringData={"a": "1"})
    after = new("Secret", stringData={"a": "2"}, type="example.com/own")
    assert refusals_of_change(before, after) == [
        'type: Invalid value: "example.com/own": field is immutable',
        "immutable: Forbidden: field is immutable when `immutable` is set",
        "data: Forbidden: field is immutable when `immutable` is set",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", ""),
        (" null ", ""),
        ('{"a": [1, -2.5e3, true, "\\u00e9"]}', ""),
        ("", "unexpected end of JSON input"),
        ("{", "unexpected end of JSON input"),
        ("no", "invalid character 'o' in literal null (expecting 'u')"),
        ("{a: 1}", "invalid character 'a' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a": 1 "b"}', "invalid character '\"' after object key:value pair"),
        ("{} x", "invalid character 'x' after top-level value"),
        ("[1 2]", "invalid character '2' after array element"),
        ("'a'", r"invalid character '\'' looking for beginning of value"),
        ("-x", "invalid character 'x' in numeric literal"),
        ("1.x", "invalid character 'x' after decimal point in numeric literal"),
        ("1ex", "invalid character 'x' in exponent of numeric literal"),
        ('"\\x"', "invalid character 'x' in string escape code"),
        ('"a\n"', r"invalid character '\n' in string literal"),
        ("7", "json: cannot unmarshal number into Go value of type map[string]interface {}"),
    ],
)
def test_a_text_that_is_no_json_object_is_told_where(text, said):
    assert object_problem(text) == said


def block(kind):
    return f"-----BEGIN {kind}-----\nMTIz\n-----END {kind}-----\n"


@pytest.mark.parametrize(
    ("certificate", "key", "said"),
    [
        ("x", "y", "tls: failed to find any PEM data in certificate input"),
        (block("CERTIFICATE"), "y", "tls: failed to find any PEM data in key input"),
        (
            block("CERTIFICATE"),
            block("CERTIFICATE"),
            "tls: found a certificate rather than a key in the PEM for the private key",
        ),
        (
            block("EC PRIVATE KEY"),
            "",
            "tls: failed to find certificate PEM data in certificate input, "
            "but did find a private key; PEM inputs may have been switched",
        ),
        (block("CERTIFICATE"), block("RSA PRIVATE KEY"), ""),
    ],
)
def test_a_certificate_without_its_key_gets_a_warning(certificate, key, said):
    assert key_pair_problem(certificate, key) == said
    secret = new(
        "Secret",
        type="kubernetes.io/tls",
        data={"tls.crt": coded(certificate), "tls.key": coded(key)},
    )
    assert warnings(secret) == ([said] if said else [])


def test_the_annotation_of_old_service_accounts_is_warned_of_once():
    account = new("ServiceAccount")
    account["metadata"]["annotations"] = {"kubernetes.io/enforce-mountable-secrets": "true"}
    assert warnings(account) == [
        "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; "
        "prefer separate namespaces to isolate access to mounted secrets"
    ]
    assert warnings(account, account) == []


def limits(**item):
    return new("LimitRange", spec={"limits": [{"type": "Container"} | item]})


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"min": {"cpu": "1"}, "max": {"cpu": "1"}}, []),
        (
            {"type": "Pod", "default": {"cpu": "1"}},
            ["default: Forbidden: may not be specified when `type` is 'Pod'"],
        ),
        (
            {"type": "Pod", "min": {"cpu": "2"}, "max": {"cpu": "1"}},
            ['min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'],
        ),
        (
            {"type": "PersistentVolumeClaim", "max": {"cpu": "1"}},
            [
                "limits: Required value: either minimum or maximum storage value is required, "
                "but neither "
                "was provided"
            ],
        ),
        (
            {"type": "Node"},
            ['type: Invalid value: "Node": must be a standard limit type or fully qualified'],
        ),
        (
            {"type": "Pod", "max": {"pods": "1"}},
            ['max[pods]: Invalid value: "pods": must be a standard resource for containers'],
        ),
        ({"maxLimitRequestRatio": {"cpu": "1"}}, []),
        (
            {"maxLimitRequestRatio": {"cpu": "999m"}},
            ['maxLimitRequestRatio[cpu]: Invalid value: "999m": ratio 999m is less than 1'],
        ),
        (
            {
                "type": "Pod",
                "maxLimitRequestRatio": {"cpu": "2"},
                "min": {"cpu": "1"},
                "max": {"cpu": "2"},
            },
            [],
        ),
        (
            {
                "type": "Pod",
                "maxLimitRequestRatio": {"cpu": "3"},
                "min": {"cpu": "1"},
                "max": {"cpu": "2"},
            },
            [
                'maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min '
                "= 2.000000"
            ],
        ),
        (
            {"default": {"example.com/gpu": "2"}, "defaultRequest": {"example.com/gpu": "1"}},
            [
                'defaultRequest[example.com/gpu]: Invalid value: "1": default value 2 must equal '
                "to "
                "defaultRequest value 1 in example.com/gpu"
            ],
        ),
    ],
)
def test_the_bounds_of_a_limit_range_go_together(item, said):
    told = [text.removeprefix("spec.limits[0].") for text in refusals(limits(**item))]
    assert told == said


def quota(**spec):
    return new("ResourceQuota", spec=spec)


def test_a_quota_for_some_pods_counts_what_pods_have():
    unfit = "unsupported scope applied to resource"
    assert refusals(quota(hard={"pods": "1"}, scopes=["BestEffort"])) == []
    assert refusals(quota(hard={"cpu": "1"}, scopes=["BestEffort"])) == [
        f'spec.scopes: Invalid value: ["BestEffort"]: {unfit}'
    ]
    assert refusals(quota(hard={"cpu": "1"}, scopes=["Terminating"])) == []
    claims = {"persistentvolumeclaims": "1", "requests.storage": "1Gi"}
    assert refusals(quota(hard=claims, scopes=["VolumeAttributesClass"])) == []
    assert refusals(quota(hard=claims, scopes=["PriorityClass"])) == [
        f'spec.scopes: Invalid value: ["PriorityClass"]: {unfit}'
    ]
    # What is not standard goes with any scope.
    assert refusals(quota(hard={"example.com/gpu": "1"}, scopes=["BestEffort"])) == []


def test_a_scope_selector_is_judged_term_by_term():
    term = {"scopeName": "Terminating", "operator": "In"}
    path = "spec.scopeSelector.matchExpressions"
    assert refusals(quota(scopeSelector={"matchExpressions": [term]})) == [
        f"{path}.operator: Invalid value: \"In\": must be 'Exists' when scope is any of "
        "ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
        "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or "
        "ResourceQuotaScopeCrossNamespacePodAffinity",
        f"{path}.values: Required value: must be at least one value when `operator` is 'In' or "
        "'NotIn' for scope selector",
    ]


def test_a_quota_keeps_its_scopes_in_any_order():
    hard = {"pods": "1"}
    before = quota(hard=hard, scopes=["NotBestEffort", "Terminating"])
    after = quota(hard=hard, scopes=["Terminating", "NotBestEffort"])
    assert refusals_of_change(before, after) == []
    assert refusals_of_change(before, quota(hard=hard)) == [
        "spec.scopes: Invalid value: null: field is immutable"
    ]


def test_a_quota_with_requests_above_limits_gets_a_warning():
    assert warnings(quota(hard={"cpu": "2", "limits.cpu": "1"})) == [
        "ResourceQuota cpu (2) should be less than limits.cpu (1)"
    ]
    assert warnings(quota(hard={"cpu": "1", "limits.cpu": "1"})) == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("x", 1000000000, []),
        (
            "x",
            1000000001,
            ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"],
        ),
        ("system-node-critical", 2000001000, []),
        (
            "system-node-critical",
            1,
            [
                "metadata.name: Forbidden: priority class names with 'system-' "
                "prefix are reserved for system use only. error: value of system-node-critical "
                "PriorityClass "
                "must be 2000001000"
            ],
        ),
    ],
)
def test_names_and_values_of_the_system_are_its_own(name, value, said):
    document = new("PriorityClass", "scheduling.k8s.io/v1", name, value=value)
    assert refusals(document) == said


def test_a_priority_class_keeps_its_value():
    before, after = (new("PriorityClass", "scheduling.k8s.io/v1", value=v) for v in (1, 2))
    assert refusals_of_change(before, after) == [
        "value: Forbidden: may not be changed in an update."
    ]


def test_a_rule_has_verbs_on_resources_or_on_paths():
    rules = [{"verbs": ["get"]}, {"apiGroups": [""], "resources": ["pods"]}]
    assert refusals(new("Role", RBAC, rules=rules)) == [
        "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
        "rules[0].resources: Required value: resource rules must supply at least one resource",
        "rules[1].verbs: Required value",
    ]
    paths = [{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}]
    assert refusals(new("ClusterRole", RBAC, rules=paths)) == []
    assert refusals(new("Role", RBAC, rules=paths)) == [
        'rules[0].nonResourceURLs: Invalid value: ["/metrics"]: namespaced rules cannot apply to '
        "non-resource URLs"
    ]


def test_a_cluster_role_gathers_others_by_their_labels():
    assert refusals(new("ClusterRole", RBAC, aggregationRule={})) == [
        "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector "
        "required if aggregationRule is non-nil"
    ]
    selectors = [{"matchExpressions": [{"key": "a", "operator": "In"}]}]
    rule = {"clusterRoleSelectors": selectors}
    assert refusals(new("ClusterRole", RBAC, aggregationRule=rule))[1] == (
        "aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector."
    )


def binding(of="RoleBinding", role="Role", **subject):
    return new(of, RBAC, roleRef={"kind": role, "name": "r"}, subjects=[subject])


def test_a_binding_gives_a_role_of_its_reach_to_somebody_with_a_name():
    assert refusals(binding("ClusterRoleBinding", "Role", kind="User")) == [
        'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
        "subjects[0].name: Required value",
    ]
    account = {"kind": "ServiceAccount", "name": "robot"}
    assert refusals(binding(**account)) == []
    assert refusals(binding("ClusterRoleBinding", "ClusterRole", **account)) == [
        "subjects[0].namespace: Required value"
    ]


def test_a_binding_keeps_its_role():
    before, after = binding(kind="User", name="a"), binding(kind="User", name="a")
    after["roleRef"]["name"] = "s"
    assert refusals_of_change(before, after) == [
        'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"s"}'
        ": field is immutable"
    ]
