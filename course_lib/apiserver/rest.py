"""The API server's HTTP face: a method and a path become one call, and its answer a document.

GET    /apis/apps/v1/namespaces/default/deployments/web    -> get
PATCH  /apis/apps/v1/namespaces/default/deployments/web/scale
POST   /api/v1/namespaces/default/pods/web-1/eviction

Source: kubernetes.io "Kubernetes API Concepts". Not here: pages of lists
(`limit`; all comes at once).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from course_lib.apiserver import aggregated, discovery, openapi
from course_lib.apiserver.applying.tracking import manager_of
from course_lib.apiserver.bodies import (
    ListOptions,
    Request,
    asks_for_dry_run,
    list_options,
    not_older_than,
    read_body,
    revision_of,
)
from course_lib.apiserver.dry_run import dry
from course_lib.apiserver.errors import BadRequest, ListTooOld, NotAllowed, PageTooOld
from course_lib.apiserver.field_validation import field_validation
from course_lib.apiserver.kubelets import Kubelets
from course_lib.apiserver.made import MadeResource
from course_lib.apiserver.made_answers import made_answer, made_target
from course_lib.apiserver.pages import VERSION, ContinueToken
from course_lib.apiserver.patch_bodies import APPLY, read_patch
from course_lib.apiserver.pod_logs import container_of, log_options
from course_lib.apiserver.pod_streams import (
    STREAMED,
    Opening,
    PortsOfPod,
    check_streams,
    stream_options,
)
from course_lib.apiserver.reviews import REVIEWS
from course_lib.apiserver.scales import scale_of
from course_lib.apiserver.server import APIServer
from course_lib.apiserver.statuses import HTTPResponse, refused
from course_lib.apiserver.tables import included, table_of
from course_lib.apiserver.targets import Target, nobody_serves, steps_of, target_of
from course_lib.apiserver.writes import Writer, used
from course_lib.errors import CourseError, WrongType
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.pod.spec import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.selectors import parse_selector

HEALTH = ("/healthz", "/livez", "/readyz")  # kubernetes.io "Kubernetes API health endpoints"


class Face:
    """An API server's HTTP face, without the sockets.

    `reach` returns the API server that answers a request, `kubelets` is its way to the nodes.
    """

    def __init__(self, reach: Callable[[], APIServer], kubelets: Kubelets | None = None) -> None:
        self._reach, self._kubelets = reach, kubelets

    @property
    def _made(self) -> tuple[MadeResource, ...]:
        return REVIEWS + (self._kubelets.made if self._kubelets is not None else ())

    @property
    def api(self) -> APIServer:
        """The API server that answers now."""
        return self._reach()

    def answer(self, request: Request) -> HTTPResponse:
        """Do what is asked; a refusal is an answer too."""
        about: Document = {}
        if request.path in HEALTH and request.method == "GET":
            return HTTPResponse(200, {}, text="ok")
        try:
            document = self._discovered(request)
            if document:
                return HTTPResponse(200, document)
            made = made_target(request.path, self._made)
            if made is not None:
                body = read_body(request, made.resource.kind) if request.body else {}
                return made_answer(made, request, body, self.api.sim.now)
            target = target_of(request.path, self.api.kinds)
            about = target.details
            return self._call(target, request)
        except CourseError as refusal:
            return refused(refusal, about)

    def _discovered(self, request: Request) -> Document | None:
        parts, kinds, extra = steps_of(request.path), self.api.kinds, self._made
        fixed: dict[str, Callable[[], Document]] = {
            "version": discovery.version,
            "apis": lambda: discovery.groups(kinds, extra),
            "api": lambda: {"kind": "APIVersions", "versions": ["v1"]},
            "openapi/v3": lambda: openapi.index(discovery.group_versions(kinds)),
        }
        if aggregated.ASKED in request.headers.get("accept", ""):
            fixed["api"] = lambda: aggregated.groups(kinds, True, extra)
            fixed["apis"] = lambda: aggregated.groups(kinds, False, extra)
        made = fixed.get("/".join(parts))
        is_openapi = parts[:2] == ["openapi", "v3"]
        named = parts[2:] if is_openapi else parts
        group_version = "/".join(named[1:])
        root = ["apis"] if "/" in group_version else ["api"]
        if named[:1] == root and group_version in discovery.group_versions(kinds, extra):
            made = partial(discovery.resources, kinds, group_version, extra)
            if is_openapi:
                made = partial(openapi.document, kinds, group_version, self._schema_of)
        if made and request.method != "GET":
            raise NotAllowed
        if made or parts[:1] in (["api"], ["apis"]):
            return made() if made else None
        raise nobody_serves(request.path)

    def _schema_of(self, kind: Kind) -> Document | None:
        """The schema of a custom kind, as its definition has it."""
        name = f"{kind.plural}.{kind.group}"
        definition = self.api.document("CustomResourceDefinition", name)
        for version in definition["spec"]["versions"]:
            if f"{kind.group}/{version['name']}" == kind.api_version:
                found: Document | None = (version.get("schema") or {}).get("openAPIV3Schema")
                return found
        return None

    def _call(self, target: Target, request: Request) -> HTTPResponse:
        if request.method not in target.methods:
            raise NotAllowed
        if target.part in STREAMED:
            raise BadRequest("Upgrade request required")
        if request.method == "GET":
            answer = self._get(target, request)
            answer.warnings = used(target.kind)
            return answer
        fields = field_validation(request)
        patch = read_patch(request, target.kind) if request.method == "PATCH" else None
        with_body = request.method in ("POST", "PUT") or (request.body and patch is None)
        wanted = "DeleteOptions" if request.method == "DELETE" else target.written_kind
        body = read_body(request, wanted) if with_body else None
        api = self.api
        if request.method == "DELETE" or target.part == "eviction":
            nested = (body or {}).get("deleteOptions")
            api = dry(api) if asks_for_dry_run(request, body, nested) else api
        elif asks_for_dry_run(request):
            api = dry(api)
        writer = Writer(api, target, fields, manager_of(request))
        try:
            return self._write(writer, request, patch, body)
        except CourseError as refusal:  # with the warnings that are known already
            answer = refused(refusal, target.details)
            answer.warnings = writer.warnings
            if isinstance(refusal, WrongType):  # nothing is said of fields that do not exist
                answer.warnings = [
                    each for each in writer.warnings if each == target.kind.deprecation
                ]
            return answer

    def _write(
        self, writer: Writer, request: Request, patch: Any, body: Document | None
    ) -> HTTPResponse:
        target = writer.target
        if request.method == "PATCH" and request.media_type == APPLY:
            return writer.apply(patch, bool(request.flag("force")))
        if request.method == "PATCH":
            return writer.patch(request.media_type, patch)
        if request.method == "DELETE":
            if not target.name:
                options = list_options(request)
                found = self._from_token(target, request, options)[: options.limit or None]
                answer = self._listed(target, found)
                answer.warnings = writer.delete_all(request, body, found)
                return answer
            return writer.delete(request, body)
        assert body is not None
        return writer.put(body) if request.method == "PUT" else writer.post(request, body)

    # Reading

    def _get(self, target: Target, request: Request) -> HTTPResponse:
        if not target.name:
            options = list_options(request)
            not_older_than(options.since, self.api.store.revision)
            if options.as_of is None:
                return self._list(target, request, options)
            try:
                return self._as_of(target, options.as_of)._list(target, request, options)
            except ListTooOld:
                if options.token is None:
                    raise
                raise PageTooOld(options.token.to_latest.text) from None
        if target.part == "log":
            return self._log(target, request)
        not_older_than(revision_of(request.text("resourceVersion")), self.api.store.revision)
        document = self.api.document(target.kind, target.name, target.namespace)
        if target.part == "scale":
            return HTTPResponse(200, scale_of(target.kind, document))
        if request.as_table:
            found = [self.api.get(target.kind, target.name, target.namespace)]
            revision = document["metadata"]["resourceVersion"]
            include = included(request)
            table = self.table(target.kind, found, revision, include, listed=False)
            return HTTPResponse(200, table)
        return HTTPResponse(200, document)

    def _as_of(self, target: Target, revision: int) -> Face:
        """A face that shows what there was at a revision; raises `ListTooOld`."""
        api = self.api
        then = api.store.at(api.prefix(target.kind, target.namespace), revision)
        return Face(lambda: APIServer(api.sim, then, api.kinds))

    def _from_token(self, target: Target, request: Request, options: ListOptions) -> list[Object]:
        """What a request's selectors choose, from where its list goes on."""
        found = self._chosen(target, request)
        if options.token is None:
            return found
        start = options.token.start.removeprefix("/")
        return [each for each in found if _key(target, each) >= f"/{start}"]

    def _list(self, target: Target, request: Request, options: ListOptions) -> HTTPResponse:
        found, revision = self._from_token(target, request, options), self.api.store.revision
        left, more = len(found) - options.limit, Document()
        if options.limit and left > 0:
            found = found[: options.limit]
            token = ContinueToken(VERSION, revision, _key(target, found[-1]) + "\0")
            more["continue"] = token.text
            if not request.text("labelSelector") and not request.text("fieldSelector"):
                more["remainingItemCount"] = left
        if request.as_table:
            table = self.table(target.kind, found, str(revision), included(request))
            answer = HTTPResponse(200, table)
        else:
            answer = self._listed(target, found)
        answer.document["metadata"] |= more
        return answer

    def _log(self, target: Target, request: Request) -> HTTPResponse:
        """What a container of a Pod has said, as its kubelet tells."""
        options = log_options(request, target.name, self.api.sim.now)
        pod = self.api.get(Pod, target.name, target.namespace)
        container = container_of(pod, request.text("container"))
        if self._kubelets is None or not pod.spec.node_name:
            return HTTPResponse(204, {}, text="")
        return HTTPResponse(200, {}, text=self._kubelets.log(pod, container, options))

    # Streams

    def stream(self, request: Request) -> Opening:
        """How to open the streams that a request asks for: `exec` or `attach` of a Pod.

        Raises `CourseError` for a request that is refused.
        """
        pod, target, kubelets = self._streamed(request)
        container, options = container_of(pod, request.text("container")), stream_options(request)
        check_streams(pod, target.part, options)
        begin = kubelets.exec if target.part == "exec" else kubelets.attach
        return begin(pod, container, options)

    def ports(self, request: Request) -> PortsOfPod:
        """The ports of the Pod of a request for `portforward`.

        Raises `CourseError` for a request that is refused.
        """
        pod, target, kubelets = self._streamed(request)
        check_streams(pod, target.part, stream_options(request))
        return kubelets.ports(pod)

    def _streamed(self, request: Request) -> tuple[Pod, Target, Kubelets]:
        target = target_of(request.path, self.api.kinds)
        if request.method not in target.methods or self._kubelets is None:
            raise NotAllowed
        if "dryRun" in request.query:
            raise BadRequest("a command cannot be run dry")
        return self.api.get(Pod, target.name, target.namespace), target, self._kubelets

    def _chosen(self, target: Target, request: Request) -> list[Object]:
        """The objects of a collection that the request's selectors choose."""
        return self.api.list(
            target.kind,
            target.namespace,
            parse_selector(request.text("labelSelector")),
            target.kind.field_selector(request.text("fieldSelector")),
        )

    def _listed(self, target: Target, found: list[Object]) -> HTTPResponse:
        head = {"kind": f"{target.kind.kind}List", "apiVersion": target.kind.api_version}
        meta = {"metadata": {"resourceVersion": str(self.api.store.revision)}}
        items = [self.document(target.kind, each) for each in found]
        return HTTPResponse(200, head | meta | {"items": items})

    def document(self, kind: Kind, of: Object) -> Document:
        """The whole document of an object, in the version that is asked for."""
        return self.api.document(kind, of.name, of.namespace)

    def table(
        self,
        kind: Kind,
        found: list[Any],
        revision: str,
        include: str,
        document: Document | None = None,
        listed: bool = True,
    ) -> Document:
        """Objects as rows, in the columns of `kubectl get`.

        `kind` has the columns, `found` are its objects, `revision` is that of the list, `include`
        says what of its object a row has. `document` is the one object where it is not as stored
        (any more); `listed` is False where the one object is asked for.
        """
        return table_of(
            kind,
            found,
            self.api.sim.now,
            revision,
            lambda each: document or self.document(kind, each),
            include,
            listed,
        )


def _key(target: Target, found: Object) -> str:
    """The key of an object below those that a list looks at."""
    if target.namespace or not target.kind.namespaced:
        return f"/{found.name}"
    return f"/{found.namespace}/{found.name}"
