"""What a real control plane answers, stored as facts, and the course held against it.

`tests/oracles/cases/plane` has the questions with the real answers, as lines of JSON; the first
line of a file names the release that answered. `python -m tests.peers.plane` asks again.

- `creates`: a document, sent with `dryRun=All`. Accepted: the fields that the server added,
  changed or dropped, and the warnings. Refused: code, reason, message, causes.
- `updates`: an object, a patch of it, and the same answer.
- `columns`: an object, and the columns and cells in which the server shows it (`as=Table`).
- `stories`: steps on a cluster of three nodes; after each wait the objects of the namespace, and
  the events of each object in their order.
- `kubelet`: stories of one Pod.

Each story was played twice. What was not the same twice is no fact: `unsteady` names these kinds of
objects, and they are not compared.

`differences.yaml` lists the cases in which the course answers otherwise, by reason. Its part
`exchanged` names each program that a test replaces, and the result.
"""
