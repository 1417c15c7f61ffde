"""Chapter 04: reference solutions, and wrong answers."""

PACKER = """
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
  - schedulerName: default-scheduler
    plugins:
      score:
        disabled: [%s]
        enabled: [{name: NodeResourcesFit, weight: 5}]
    pluginConfig:
      - name: NodeResourcesFit
        args: {scoringStrategy: {type: %s}}
"""
OFF = "{name: NodeResourcesBalancedAllocation}, {name: PodTopologySpread}, {name: NodeResourcesFit}"
ZONES = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 6
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "nginx:1.27"}]
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: DoNotSchedule
          labelSelector: {matchLabels: {app: web}}
"""
TRAIN = """
apiVersion: v1
kind: Pod
metadata: {name: train}
spec:
  %s
  %s
  containers: [{name: train, image: "busybox:1.36", command: [sleep, 1h]}]
"""
TOLERATES = "tolerations: [{key: gpu, operator: Exists}]"
SELECTS = 'nodeSelector: {gpu: "yes"}'


def fullest(host, task):
    return -min(host.free_cpu / host.machine.cpu, host.free_memory / host.machine.memory)


def fullest_by_cpu(host, task):
    return -(host.free_cpu // 2000)


def emptiest(host, task):
    return host.free_cpu


def zone_a(host, task):
    return host.free_cpu + 10000 * (host.machine.labels["zone"] == "a")


def constant(host, task):
    return "much"


def fails(host, task):
    return host.free_gpu


ANSWERS = {
    "04-policy-pack": (
        fullest,
        {
            emptiest: "should win",
            constant: "the highest wins",
            fails: "call it yourself",
        },
    ),
    "04-policy-zones": (
        emptiest,
        {fullest: "has to fall", zone_a: "one host at a"},
    ),
    "04-configuration": (
        PACKER % (OFF, "MostAllocated"),
        {
            PACKER % (OFF, "LeastAllocated"): "likes full",
            (PACKER % (OFF, "MostAllocated")).replace(
                "{name: NodeResourcesFit, weight: 5}", ""
            ): "weigh anything",
        },
    ),
    "04-who-fits": (1, {4: "not what it uses", 3: "cordoned", 2: "1400m", 0: "empty node"}),
    "04-zones": (
        ZONES,
        {
            ZONES.replace("topology.kubernetes.io/zone", "kubernetes.io/hostname"): "by node",
            ZONES.replace("DoNotSchedule", "ScheduleAnyway"): "wish",
            ZONES[: ZONES.index("      topologySpread")]: "template's spec",
            ZONES.replace("          labelSelector: {matchLabels: {app: web}}\n", ""): "counts no",
            ZONES.replace("maxSkew: 1", "maxSkew: 3"): "maxSkew: 1",
        },
    ),
    "04-gpu": (
        TRAIN % (TOLERATES, SELECTS),
        {
            TRAIN % (TOLERATES, ""): "does not attract",
            TRAIN % ("", SELECTS): "keeps it away",
            TRAIN % ("nodeName: node-gpu", ""): "for good",
        },
    ),
    "04-engine": ("HashiCorp Nomad", {"Docker Swarm": "spreads", "Nomad": "whole name"}),
}
