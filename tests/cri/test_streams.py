"""Streams over a WebSocket: what is typed goes in, what is said comes out, and how it ended."""

from __future__ import annotations

import asyncio
import json

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from course_lib.cri import connect
from course_lib.cri.grpc_server import Server
from course_lib.cri.simulated import alone

BUSYBOX = {"image": "busybox:1.36"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(alone("containerd"), tmp_path_factory.mktemp("s") / "c.sock", speed=20.0) as made:
        yield made


@pytest.fixture(scope="module")
def client(server):
    made = connect(str(server.path))
    made.call("PullImage", image=BUSYBOX)
    yield made
    made.close()


def container(client, name: str, command: list[str], **more: object) -> str:
    pod = {"metadata": {"name": name, "uid": name, "namespace": "default"}, "hostname": name}
    sandbox = client.call("RunPodSandbox", config=pod).pod_sandbox_id
    box = {"metadata": {"name": name}, "image": BUSYBOX, "command": command} | more
    made = client.call("CreateContainer", pod_sandbox_id=sandbox, config=box)
    client.call("StartContainer", container_id=made.container_id)
    return made.container_id


def talk(url: str, typed: list[bytes] = (), pause: float = 0.0) -> tuple[dict[int, bytes], dict]:
    """Connect, type, and listen until the other side says how it ended."""

    async def run() -> tuple[dict[int, bytes], dict]:
        request = HTTPRequest(url.replace("http:", "ws:"))
        line = await websocket_connect(request, subprotocols=["v5.channel.k8s.io"])
        assert line.selected_subprotocol == "v5.channel.k8s.io"
        for message in typed:
            await asyncio.sleep(pause)
            await line.write_message(message, binary=True)
        heard: dict[int, bytes] = {}
        while True:
            message = await asyncio.wait_for(line.read_message(), 20)
            if message[0] == 3:
                line.close()
                await asyncio.sleep(0.05)
                return heard, json.loads(message[1:])
            heard[message[0]] = heard.get(message[0], b"") + message[1:]

    return asyncio.run(run())


def test_a_commands_output_comes_on_its_channels_and_its_exit_code_at_the_end(client):
    id = container(client, "one", ["sleep", "infinity"])
    script = "hostname; cat /nosuch; exit 7"
    ask = {"cmd": ["sh", "-c", script], "stdout": True, "stderr": True}
    heard, status = talk(client.call("Exec", container_id=id, **ask).url)
    assert heard[1] == b"one\n" and b"No such file" in heard[2]
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "7"}]
    _, status = talk(client.call("Exec", container_id=id, cmd=["true"], stdout=True).url)
    assert status["status"] == "Success"


def test_a_shell_does_what_is_typed_until_its_input_ends(client):
    id = container(client, "typed", ["sleep", "infinity"])
    typed = [b"\x00echo a; X=4\n", b"\x00echo $X; fi\nexit", b"\x00 5\n"]
    ask = {"cmd": ["sh"], "stdin": True, "stdout": True, "stderr": True}
    heard, status = talk(client.call("Exec", container_id=id, **ask).url, typed)
    assert heard[1] == b"a\n", "a line that is not understood is not done at all"
    assert heard[2] == b'sh: syntax error: unexpected "fi"\n'
    assert status["details"]["causes"][0]["message"] == "5"
    heard, status = talk(
        client.call("Exec", container_id=id, **ask).url, [b"\x00echo b\n", b"\xff\x00"]
    )
    assert heard[1] == b"b\n" and status["status"] == "Success"


def test_a_terminal_echoes_prompts_and_ends_lines_as_terminals_do(client):
    id = container(client, "tty", ["sleep", "infinity"])
    ask = {"cmd": ["sh"], "stdin": True, "stdout": True, "tty": True}
    url = client.call("Exec", container_id=id, **ask).url
    heard, _ = talk(url, [b"\x00hostname\r", b"\x00exit\r"])
    assert b"/ # " in heard[1] and 2 not in heard, "a terminal has one output"
    assert b"hostname\r\n" in heard[1] and b"tty\r\n" in heard[1]


def test_attached_to_a_container_one_hears_its_program_and_may_type(client):
    id = container(client, "shell", ["sh"], stdin=True)
    url = client.call("Attach", container_id=id, stdin=True, stdout=True, stderr=True).url
    heard, status = talk(url, [b"\x00echo hello\n", b"\xff\x00"], pause=0.3)
    assert heard[1] == b"hello\n" and status["status"] == "Success"
    # It was not meant for one client only, and goes on; the next one ends it.
    assert client.call("ContainerStatus", container_id=id).status.state == 1
    url = client.call("Attach", container_id=id, stdin=True, stdout=True).url
    _, status = talk(url, [b"\x00exit 0\n"], pause=0.3)
    assert status["status"] == "Success"
    assert client.call("ContainerStatus", container_id=id).status.state == 2


def test_a_token_that_is_not_good_is_told_and_so_is_an_old_protocol(client, server):
    url = server.shim.runtime_service.streams.address
    _, status = talk(f"{url}/exec/nosuch")
    assert status["status"] == "Failure" and "used, or too old" in status["message"]
    sandbox = client.call("ListPodSandbox").items[0].id
    forward = client.call("PortForward", pod_sandbox_id=sandbox, port=[80]).url
    assert "no streams for portforward" in talk(forward)[1]["message"]

    async def post() -> None:
        from tornado.httpclient import AsyncHTTPClient

        await AsyncHTTPClient().fetch(f"{url}/exec/x", method="POST", body="")

    with pytest.raises(HTTPClientError) as refusal:
        asyncio.run(post())
    assert b"--transport websocket" in refusal.value.response.body


def test_a_client_that_goes_away_leaves_nothing(client, server):
    id = container(client, "gone", ["sh"], stdin=True)
    url = client.call("Attach", container_id=id, stdin=True, stdout=True).url

    async def leave() -> None:
        request = HTTPRequest(url.replace("http:", "ws:"))
        line = await websocket_connect(request, subprotocols=["v5.channel.k8s.io"])
        await asyncio.sleep(0.3)
        line.close()
        await asyncio.sleep(0.3)

    asyncio.run(leave())
    made = server.shim.runtime.containers.by_id(id)
    assert made.running and made.attached == [] and made.left == []
