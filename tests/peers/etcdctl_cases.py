"""What is typed to etcdctl and etcdutl, real and simulated, one after the other in one story.

`{all}` are all endpoints, `{dead}` is one where nobody listens, `{ID:etcd-2}` is a member's ID in
hex; `{lease}` is the lease that was granted last, `{file}` a file of the test's, `{dir}` a folder,
`{new}` the peer URL of a member that nobody has started, `{added}` its ID.
Lines without `--endpoints` go to the leader. `<<` begins what is typed to standard input.
"""

KEYS = """
put a 1
put a 2
put a 3 --prev-kv
put b 1 -w json
put b 2 -w fields
put b 3 --prev-kv -w json
put b 4 --prev-kv -w fields
put course/x one
put course/y two
put course/z three --hex
put course/z --ignore-value
put nothing --ignore-value
put a
put
put a b --ignore-value
put e << from a file
put a 1 --lease zz
put a 1 --lease 12ab
put a 1 -w table
get a
get a -w json
get a -w fields
get a -w table
get a -w yaml
get a --hex
get a --hex -w fields
get a --print-value-only
get a --print-value-only -w json
get nothing
get nothing -w json
get
get course/ --prefix
get course/ --prefix --keys-only
get course/ --prefix --keys-only --limit 1
get course/ --prefix --limit=2 -w json
get course/ --prefix --limit=-1
get course/ --prefix --count-only
get course/ --prefix --count-only -w fields
get course/ --prefix --order DESCEND
get course/ --prefix --order descend --limit 1 -w json
get --prefix "" --sort-by MODIFY --keys-only
get --prefix "" --sort-by VERSION --order DESCEND --keys-only
get --prefix "" --sort-by VALUE --print-value-only
get --prefix "" --sort-by CREATE --order ASCEND -w json
get a --order upwards
get a --sort-by size
get a b
get a c --keys-only
get b --from-key --keys-only
get a --prefix --from-key
get a b --prefix
get a --keys-only --count-only
get a --consistency s
get a --consistency x
get a --rev 2
get a --rev 3 -w json
get a --rev 1
get a --rev 99
get --prefix "" --min-create-rev 6 --keys-only
get --prefix "" --max-mod-rev 5 --keys-only -w json
get a --min-mod-rev 9 --max-mod-rev 5
get a --stream
del b -w json
del b
del course/x --prev-kv
del course/y --prev-kv -w json
del course/ --prefix
del a c --range --prev-kv -w fields
del a c
del
del a b c
del a --prefix --from-key
get --prefix ""
get e --command-timeout=3s
get e --command-timeout=3
get e --hex=maybe
"""
USAGE = """

--help
help
help get
help frob
get --help
get -h
brew coffee
e status
m list
ver
version
version -w json
member
member frob
member --help
member list --help
me list
alarm
endpoint --help
endpoint hashkv --help
lease --help
options
get a --x
get a -q
get a --limit
get a --limit few
get a --limit 99999999999999999999
put --prevkv a b
member list --consistency
endpoint status --frob
member add x --learner=perhaps
--bogus get a
--write-out=json get e
compact --help
watch --help
txn --help
move-leader --help
defrag --help
"""
WATCH = """
watch a --rev 1
watch a --rev 3 -w json
watch course/ --prefix --rev 1
watch b --rev 1 --prev-kv
watch a c --rev 5 -w fields
watch a b --prefix
watch
watch a --rev x
"""
TXN = """
txn << mod("t") > "0"\\n\\nput t overwritten\\n\\nput t created\\nput u 2\\n\\n
txn << mod("t") > "0"\\n\\nput t overwritten\\nget t\\n\\nput t created\\n\\n
txn -w json << value("t") = "overwritten"\\n\\nget t\\ndel u\\n\\n\\n
txn -w fields << ver("t") = "2"\\nc("t") < "99"\\n\\nget t\\nput t "a b"\\n\\ndel t\\n\\n
txn -i << \\n\\n\\n
txn
txn << frob("t") = "1"\\n\\n\\n\\n
txn << mod t = 1\\n\\n\\n\\n
txn << mod("t") > "x"\\n\\n\\n\\n
txn << \\nfrob t\\n\\n\\n
txn << \\nput\\n\\n\\n
txn x
"""
LEASES = """
lease grant 100
lease timetolive {lease}
lease list
put leased 1 --lease {lease}
get leased -w fields
lease timetolive {lease} --keys
lease timetolive {lease} --keys -w json
lease keep-alive {lease} --once
lease revoke {lease}
get leased
lease revoke {lease}
lease revoke zz
lease revoke
lease timetolive {lease}
lease timetolive {lease} -w json
lease timetolive
lease grant
lease grant x
lease grant 100 -w json
lease revoke {lease} -w json
lease list -w json
lease keep-alive 12ab --once
"""
MEMBERS = """
member list
member list -w table
member list -w json
member list -w fields
member list --hex -w json
member list --hex -w fields
member list --consistency s
member list x
member remove 12ab
member remove zz
member remove
member promote 12ab
member promote {ID:etcd-2}
member promote
member update {ID:etcd-2}
member update 12ab --peer-urls=http://127.0.0.1:1
member update {ID:etcd-2} --peer-urls={peer:etcd-2}
member update {ID:etcd-2} --peer-urls={peer:etcd-3}
member update {ID:etcd-2} --peer-urls=nowhere
member add
member add etcd-4
member add etcd-4 http://127.0.0.1:1
member add etcd-4 --peer-urls={peer:etcd-2}
member add etcd-4 --peer-urls=nowhere
move-leader
move-leader zz
move-leader 12ab
move-leader {ID:etcd-2} --endpoints={all}
move-leader {ID:etcd-3} --endpoints={all} -w json
move-leader {ID:etcd-1} --endpoints={url:etcd-2}
move-leader {ID:etcd-1} -w table --endpoints={all}
move-leader {ID:etcd-1} --endpoints={all}
"""
UPKEEP = """
endpoint status --endpoints={all}
endpoint status --endpoints={all} -w table
endpoint status --endpoints={all} -w json
endpoint status --endpoints={all} -w fields
endpoint status --cluster
endpoint status --cluster -w table
endpoint health --endpoints={all}
endpoint health --cluster -w table
endpoint health --cluster -w json
endpoint health -w fields
endpoint hashkv --endpoints={all}
endpoint hashkv -w table
endpoint hashkv -w json
endpoint hashkv -w fields
endpoint hashkv --rev 999
endpoint status --endpoints={dead} --command-timeout=200ms
endpoint health --endpoints={dead} --command-timeout=200ms
endpoint health --endpoints={dead} --command-timeout=200ms -w json
get e --endpoints={dead} --command-timeout=200ms
defrag --endpoints={all}
defrag --cluster
defrag --endpoints={dead} --command-timeout=200ms
compaction 999
compaction x
compaction
compaction 10
compaction 10
compaction 12 --physical
get e --rev 5
watch a --rev 3
alarm list
alarm list -w json
alarm list x
alarm disarm
alarm disarm x
snapshot
snapshot save
snapshot save {file} --endpoints={all}
snapshot save {file}
snapshot status {file}
snapshot save --help
etcdutl snapshot status {file}
etcdutl snapshot status {file} -w table
etcdutl snapshot status {file} -w json
etcdutl snapshot status {file} -w fields
etcdutl snapshot status {file} -w yaml
etcdutl snapshot status {file}.none
etcdutl snapshot status
etcdutl hashkv {file}.none
etcdutl hashkv
etcdutl snapshot restore
etcdutl snapshot restore {file}.none --data-dir {dir}
etcdutl snapshot restore {file} --data-dir {dir}
etcdutl snapshot restore {file} --data-dir {dir}
etcdutl snapshot restore {file} --data-dir {dir}2 --name other
etcdutl snapshot restore {file} --data-dir {dir}3 --bump-revision 5
etcdutl hashkv {file}
etcdutl hashkv {file} -w json
etcdutl hashkv {file} -w fields
etcdutl defrag
etcdutl defrag --data-dir {dir}
etcdutl defrag --data-dir {dir}9
etcdutl version
etcdutl
etcdutl frob
etcdutl snapshot
etcdutl snapshot status --x
etcdutl snapshot restore --help
etcdutl hash --help
"""
CHANGES = """
member add etcd-4 --peer-urls={new}
member remove {added}
member remove {added}
member add etcd-4 --peer-urls={new}3 --learner
member promote {added}
member promote {ID:etcd-1}
member remove {added}
"""
# Then the third member is gone.
ONE_DOWN = """
member remove {ID:etcd-2}
member add etcd-4 --peer-urls={new}5
member add etcd-4 --peer-urls={new}5 --learner
endpoint health --endpoints={all} --command-timeout=500ms
endpoint status --endpoints={all} --command-timeout=500ms
get e
"""
# Then the second, too: two of three are gone.
LOST = """
get e --command-timeout=500ms
get e --consistency s
put e 2 --command-timeout=500ms
del e --command-timeout=500ms
member list --consistency s
member list --command-timeout=500ms
alarm list --command-timeout=500ms
member remove {ID:etcd-2} --command-timeout=500ms
endpoint health --endpoints={all} --command-timeout=500ms
endpoint health --command-timeout=500ms -w json
alarm disarm --command-timeout=500ms
compaction 20 --command-timeout=500ms
lease grant 10 --command-timeout=500ms
"""
STORY = [
    line
    for group in (KEYS, USAGE, WATCH, TXN, LEASES, MEMBERS, UPKEEP, CHANGES)
    for line in group[1:].splitlines()
]
WITHOUT_ONE = ONE_DOWN[1:].splitlines()
WITHOUT_QUORUM = LOST[1:].splitlines()
