"""One solution of each exercise, as it is written into the notebook; the tests give it to `check`.

A value, a manifest, a function, or, for repairs, the lines that are run on `task`.
"""

from __future__ import annotations

from course_lib.apiserver import discovery

SOLUTIONS: dict[str, str] = {
    "00-deleted-pod": "3",
    "00-dead-node": "350",
    "00-scale": 'task.cluster.kubectl("scale deployment/web --replicas=5")',
    "00-misspelled": """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 4
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
        - {name: shop, image: "nginx:1.27"}
""",
    "00-first-pod": """
apiVersion: v1
kind: Pod
metadata:
  name: hello
spec:
  containers:
    - name: main
      image: redis:7
""",
    "01-exit-code": "137",
    "01-deaf": "20",
    "01-back-off": "5",
    "01-memory-limit": """
apiVersion: v1
kind: Pod
metadata: {name: cache}
spec:
  containers:
    - name: cache
      image: course/cache
      resources:
        requests: {memory: 64Mi}
        limits: {memory: 256Mi}
""",
    "01-once": """
apiVersion: v1
kind: Pod
metadata: {name: hello}
spec:
  restartPolicy: Never
  containers:
    - name: main
      image: busybox:1.36
      command: ["echo", "hello"]
""",
    "02-full-name": '"docker.io/library/redis:latest"',
    "02-push-again": "1",
    "02-cache": """
FROM scratch
COPY runtime /usr/lib
COPY app /srv
ENTRYPOINT ["/usr/lib/python", "/srv/main.py"]
""",
    "02-registry-away": """
apiVersion: v1
kind: Pod
metadata: {name: tool}
spec:
  containers:
    - {name: tool, image: "course/tool:v1", imagePullPolicy: IfNotPresent}
""",
    "02-typo": 'task.cluster.kubectl("set image deployment/web web=course/web:v2")',
    "03-most-pods": "13",
    "03-autoscaler": "8",
    "03-ready": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: course/slow:v1
          ports: [{containerPort: 80}]
          readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}
""",
    "03-budget": """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  minAvailable: 2
  selector: {matchLabels: {app: web}}
""",
    "03-service": """
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports:
    - {port: 80, targetPort: 8080}
""",
    "03-wasted": """
task.cluster.kubectl("set resources deployment/web --requests=cpu=100m")
""",
    "04-policy-pack": """
def score(host, task):
    return -min(host.free_cpu / host.machine.cpu, host.free_memory / host.machine.memory)
""",
    "04-policy-zones": """
def score(host, task):
    return host.free_cpu
""",
    "04-configuration": """
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
  - schedulerName: default-scheduler
    plugins:
      score:
        disabled:
          - {name: NodeResourcesBalancedAllocation}
          - {name: PodTopologySpread}
          - {name: NodeResourcesFit}
        enabled:
          - {name: NodeResourcesFit, weight: 5}
    pluginConfig:
      - name: NodeResourcesFit
        args: {scoringStrategy: {type: MostAllocated}}
""",
    "04-who-fits": "1",
    "04-zones": """
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
""",
    "04-gpu": """
apiVersion: v1
kind: Pod
metadata: {name: train}
spec:
  nodeSelector: {gpu: "yes"}
  tolerations: [{key: gpu, value: only, effect: NoSchedule}]
  containers: [{name: train, image: "busybox:1.36", command: [sleep, 1h]}]
""",
    "04-engine": '"HashiCorp Nomad"',
    "05-calls": "7",
    "05-by-hand": """
def start(client):
    client.call("PullImage", image={"image": "nginx:1.27"})
    config = {"metadata": {"name": "p", "namespace": "default", "uid": "1"}}
    sandbox = client.call("RunPodSandbox", config=config).pod_sandbox_id
    box = {"metadata": {"name": "main"}, "image": {"image": "nginx:1.27"}}
    made = client.call("CreateContainer", pod_sandbox_id=sandbox, config=box)
    client.call("StartContainer", container_id=made.container_id)
""",
    "05-image-service": '["PullImage", "ListImages", "ImageStatus", "RemoveImage", "ImageFsInfo"]',
    "05-daemon": '"docker"',
    "05-swap": """
task.cluster.kubectl("drain node-1")
task.cluster.run(60)
task.cluster.swap_runtime("node-1", "containerd")
task.cluster.kubectl("uncordon node-1")
""",
    "06-silent-node": "50",
    "06-static": '''
manifest = """
apiVersion: v1
kind: Pod
metadata: {name: agent}
spec:
  containers: [{name: agent, image: "nginx:1.27"}]
"""
task.cluster.kubelets["node-1"].static.write(manifest)
''',
    "06-guaranteed": """
apiVersion: v1
kind: Pod
metadata: {name: bank}
spec:
  containers:
    - name: bank
      image: nginx:1.27
      resources:
        requests: {cpu: 100m, memory: 64Mi}
        limits: {cpu: 100m, memory: 64Mi}
""",
    "06-slow-start": """
apiVersion: v1
kind: Pod
metadata: {name: slow}
spec:
  containers:
    - name: slow
      image: course/slow
      startupProbe: {tcpSocket: {port: 80}, periodSeconds: 5, failureThreshold: 20}
      livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 5, failureThreshold: 2}
      ports: [{containerPort: 80}]
""",
    "06-evicted": '"a"',
    "06-restart-policy": """
apiVersion: v1
kind: Pod
metadata: {name: work}
spec:
  restartPolicy: OnFailure
  containers:
    - name: work
      image: busybox:1.36
      command: ["sh", "-c", "sleep 5; exit 0"]
""",
    "07-probability": "1 / 3",
    "07-dns-questions": "2",
    "07-refused": """
ports = [{"port": 80, "targetPort": 80}]
task.cluster.api.patch("Service", "web", "default", {"spec": {"ports": ports}})
""",
    "07-source": """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{port: 80}]
""",
    "07-headless": """
apiVersion: v1
kind: Service
metadata: {name: peers}
spec:
  clusterIP: None
  selector: {app: web}
  ports: [{port: 80}]
""",
    "07-no-endpoints": '"rejected"',
    "08-nodes": "64",
    "08-full-node": "13",
    "08-host-port": "1",
    "08-only-front": """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api}
spec:
  podSelector: {matchLabels: {app: api}}
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: front}}}]
      ports: [{port: 8080}]
""",
    "08-deny": """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec:
  podSelector: {}
  policyTypes: [Ingress]
""",
    "08-bridge": '"pod-1"',
    "09-mtu": "1450",
    "09-ipip": "20",
    "09-routes": "11",
    "09-two-subnets": '{"plugin": "calico", "ipip": "CrossSubnet"}',
    "09-firewall": "task.broken.underlay.blocked.clear()",
    "10-quorum": "2",
    "10-even": "1",
    "10-build": """
def build():
    return Cluster.ha_etcd()
""",
    "10-silent": """
for machine in list(task.cluster.etcd.members)[:2]:
    task.cluster.restore_node(machine)
""",
    "10-no-space": """
import json

answer = json.loads(task.cluster.etcdctl("get /registry -w json").stdout)
task.cluster.etcdctl(f"compact {answer['header']['revision']}")
task.cluster.etcdctl("defrag")
task.cluster.etcdctl("alarm disarm")
""",
    "10-master-gone": '"restarted"',
    "11-order": """
["deployment-controller", "replicaset-controller", "default-scheduler", "kubelet"]
""",
    "11-path": '"/apis/apps/v1/namespaces/shop/deployments/web"',
    "11-conflict": "409",
    "11-merge-patch": """
{"spec": {"replicas": 5}, "metadata": {"annotations": {"note": None}}}
""",
    "11-application": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.27
          ports: [{containerPort: 80}]
          resources: {requests: {cpu: 100m, memory: 64Mi}}
          readinessProbe: {httpGet: {path: /, port: 80}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: web}}
""",
    "11-two-faults": """
task.cluster.kubectl("create secret generic db --from-literal=password=open-sesame")
ports = '{"spec": {"ports": [{"port": 80, "targetPort": "http"}]}}'
task.cluster.kubectl(f"patch service api -p '{ports}'")
""",
    "11-version": str(int(discovery.version()["minor"]) + 1),
}
