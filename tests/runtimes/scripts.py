"""Scripts whose answers are known: each is run by a real busybox and a real dash (Debian)."""

from __future__ import annotations

# What lies in the folder where a script runs.
FILES = {
    "fruit": "banana\napple\ncherry\napple\n",
    "table": "root:x:0:0\nann:x:1000:1000\nbob:x:1001:1001\n",
    "run.sh": "echo file $0 $1 $#\nnosuch\nexit 4\n",
    "lib.sh": "greet() { echo hello $1; }\nNAME=lib\n",
    "sub/one.txt": "1\n",
    "sub/two.txt": "2\n",
    "sub/.hidden": "h\n",
}

# The language: said alike by every shell, but for the words of errors.
LANGUAGE = r"""
echo hello world
echo 'a  b'  "c  d" e\ f
X=5; echo "$X" '$X' ${X}y "${X}z"
true && echo yes || echo no
false && echo yes || echo no
false; echo $?
exit 300
exit 3
nosuchcommand
/no/such
./fruit
./sub
echo one; echo two # and a comment
echo out; cat /nosuch
echo $(echo inner) "$(echo 'in  quotes')" $(true)end
X=$(echo a; echo b); echo "$X"; echo $X
echo `echo back` "`echo quoted`"
test -e /nosuch; echo $?; [ -n text ]; echo $?; [ -z text ]; echo $?
[ a = b ] || echo differ; [ a != b ] && echo differ
[ 3 -gt 2 ] && [ 2 -le 2 ] && [ 1 -lt 2 ] && echo ordered
[ ! -e /nosuch ] && echo none
[ -f fruit -a -d sub ] && echo both; [ -s fruit ] && echo full; [ -x run.sh ] || echo plain
test a b c; echo $?
[ 1 -eq x ]; echo $?
[ a; echo $?
printf '%s-%s\n' a b
printf '%d %05d %x %5s|%-5s|%c\n' 5 42 255 a b cd
printf '%s\n' a b c
printf 'a\tb\\n\n'
printf '%d\n' abc
cd sub; pwd | grep -c sub; cd ..; ls sub
cd /nosuch; echo $?
true; false
X=1; sh -c 'echo [$X]'; export X; sh -c 'echo [$X]'
A=1 sh -c 'echo $A'; echo "[$A]"
exec echo replaced
exec nosuch
echo a > /dev/null; echo b
echo a > f; echo b >> f; cat f; cat < f; wc -l < f
echo a > /nosuch/x; echo $?
echo a > sub; echo $?
cat < /nosuch; echo $?
cat /nosuch 2>/dev/null; echo $?
echo err >&2
(echo out; echo err >&2) 2>&1 | sort
ls /nosuch fruit > both 2>&1; wc -l < both
echo a && echo b && false && echo c; echo d
false || false || echo third
! true; echo $?; ! false; echo $?
until true; do echo never; done; echo once
i=0; while [ $i -lt 3 ]; do i=$((i+1)); echo $i; done
while true; do break; done; echo out
for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done
for i in a b; do for j in 1 2; do [ $j = 2 ] && continue 2; echo $i$j; done; done
for f in sub/*.txt; do echo $f; done
for f in nosuch/*; do echo $f; done
echo *.sh "*.sh" sub/?ne.txt [ft]*
if [ -e fruit ]; then echo there; elif true; then echo other; else echo not; fi
if false; then echo a; else echo b; fi
if nosuch 2>/dev/null; then echo a; fi; echo $?
case abc in a*) echo starts;; *) echo other;; esac
case x in a|x) echo either;; esac; case y in z) ;; esac; echo $?
f() { echo "f $1 $#"; return 4; }; f a b; echo $?
f() { local x=1; x=2; echo $x; }; x=0; f; echo $x
{ echo a; echo b; } | wc -l
(exit 4); echo $?
(X=2; cd sub); echo "[$X]"; [ -e fruit ] && echo same
echo $((1 + 2 * 3)) $((7 / 2)) $((7 % 3)) $((1 < 2)) $((2 > 1 && 0)) $(( (1+1) * 4 ))
x=5; echo $((x + 1)) $((x += 2)) $x $((-x))
echo $((1/0)); echo not reached
echo ${A:-none} ${A-none} "${A:+set}"; A=; echo "${A:-empty}" "[${A-unset}]"; A=v; echo ${A:+set}
echo ${A:=given}; echo $A; echo ${#A}
echo ${X:?no X}; echo not reached
F=dir/file.tar.gz; echo ${F##*/} ${F%.gz} ${F%%.*} ${F#*/}
set -- a 'b c' d; echo $# $2; shift; echo $1 $#; for x in "$@"; do echo "[$x]"; done
set -- a 'b c'; for x in $@; do echo "[$x]"; done; for x in "$*"; do echo "[$x]"; done
set -e; false; echo never
set -e; false || true; if false; then :; fi; echo reached; ! true; echo also
set -e; (exit 3); echo never
set -u; echo $NOSUCH; echo never
set -x; echo traced
set -o pipefail 2>/dev/null; true
true | false; echo $?; false | true; echo $?
echo a b c | cut -d' ' -f2
seq 5 | head -n 2
yes | head -n 3
echo b c a | tr ' ' '\n' | sort | tr '\n' ' '
cat fruit | sort | uniq -c | sort -rn | head -1
grep apple fruit | wc -l
grep -q apple fruit; echo $?; grep nothing fruit; echo $?; grep x /nosuch; echo $?
grep -n an fruit; grep -v an fruit; grep -c app fruit; grep -i BANANA fruit
grep -E '^(a|b)' fruit; grep '^a.*e$' fruit
sleep 0.1 & wait; echo $?; sleep 0.1 & wait $!; echo $?
(exit 3) & wait $!; echo $?
sleep 5 & kill $!; wait $!; echo $?
wait 99; echo $?
kill 99999; echo $?
kill abc; echo $?
kill -X 1; echo $?
sh -c 'kill $$'; echo $?
sh -c 'kill -9 $$'; echo $?
trap 'echo bye' EXIT; echo hi
trap 'echo bye' EXIT; exit 3
trap 'echo got' USR1; kill -USR1 $$; echo after
trap 'echo got; exit 5' TERM; kill $$; echo never
trap '' TERM; kill $$; echo ignored
trap 'echo int' TERM; (sleep 0.2; kill $$) & wait; echo woken
read x < fruit; echo $x
while read a; do echo "<$a>"; done < fruit
echo 'a b c' | { read x y; echo "$x-$y"; }
IFS=:; while read n p u g; do echo $n $u; done < table
read x < /dev/null; echo $?
cat <<EOF && echo after¶line $((1+1))¶EOF
cat <<'EOF'¶line $X¶EOF
sh run.sh arg; echo $?
sh ./nosuch.sh; echo $?
. ./lib.sh; greet you; echo $NAME
. ./nosuch.sh; echo $?
eval 'X=1; echo $X'
command -v nosuch; echo $?
type nosuch; echo $?
type cd
unset X; X=1; unset X; echo "[$X]"
readonly R=1; R=2; echo never
shift 3; echo $?
export 1=2
local x=1
getopts ab: o -a; echo $o; getopts ab: o -b v; echo $o $OPTARG
X="a  b"; echo $X; echo "$X"
X='*'; echo "$X"
echo "a\"b" 'c"d' "it's" \$HOME "\$HOME" "a\\b"
echo ~ | grep -c /
echo "$(echo "nested $(echo deep)")"
echo $(cat fruit | wc -l)
echo a;echo b&&echo c
echo long \¶line¶nosuch
umask
exit abc
for
if true
fi
echo )
echo ;; x
echo "open
while true; do echo x; done | head -2
seq 3 | while read n; do echo $((n*n)); done
seq 2 | sed 's/^/n=/'
date +%Y > y; [ -s y ] && echo dated
x=$(nosuch 2>&1); echo $?
false; echo "${?}"
echo $0
A=1; B=$A$A; echo $B
echo a >f 2>&1; cat f
exec 2>/dev/null; nosuch; echo quiet
"""

# Programs with the same words in both worlds, or each with its own.
PROGRAMS = r"""
cat fruit nosuch
cat -n fruit
cat sub
echo x | cat - fruit
ls
ls -a sub
ls -1 sub nosuch
ls nosuch; echo $?
ls -d sub fruit
ls fruit sub
touch a b && ls a b
touch /nosuch/x; echo $?
mkdir d; mkdir d; echo $?
mkdir -p d/e/f && ls -d d/e/f
mkdir /nosuch/a/b; echo $?
rm nosuch; echo $?
rm -f nosuch; echo $?
rm sub; echo $?
rm -r sub; ls
rmdir sub; echo $?
cp fruit copy && cat copy | wc -l
cp nosuch x; echo $?
cp sub x; echo $?
cp -r sub x && ls x
mv fruit moved && ls moved fruit; echo $?
mv nosuch x; echo $?
ln -s fruit link && cat link && readlink link
chmod +x run.sh; [ -x run.sh ] && echo can
chmod 600 nosuch; echo $?
head -n 1 fruit
head -2 fruit
head -c 3 fruit
head nosuch; echo $?
tail -n 1 fruit
tail -n +3 fruit
tail nosuch; echo $?
head -n 1 fruit table
wc fruit
wc -l fruit table
wc -w < fruit
wc nosuch; echo $?
cat fruit | wc
sort fruit
sort -r fruit
sort -u fruit
printf '10\n9\n2\n' | sort; printf '10\n9\n2\n' | sort -n
sort -t: -k3 -n table
cut -d: -f1 table
cut -d: -f1,3 table
cut -c1-3 fruit
uniq fruit
sort fruit | uniq -d
tr a-z A-Z < fruit
tr -d a < fruit
echo aabb | tr -s a
echo hello | sed s/l/L/
echo hello | sed 's/l/L/g'
sed -n 2p fruit
sed 1d fruit
sed '/apple/d' fruit
sed -n '/banana/,/cherry/p' fruit
echo a/b | sed 's|/|-|'
echo abc | sed 's/\(a\)\(b\)/\2\1/'
echo abc | sed -E 's/(a)(b)/\2\1/'
sed -i s/apple/pear/ fruit; cat fruit
sed s/a/b/ nosuch; echo $?
awk -F: '{print $1}' table
awk '{print $1, NR}' fruit
grep -r 1 sub
grep -o an fruit
grep -w apple fruit
grep -l apple fruit table
grep -A1 banana fruit
echo a b c | xargs -n 1 echo
echo a b | xargs
echo x | xargs -I{} echo [{}]
printf 'a\nb\n' | tee t; cat t
echo x | tee /nosuch/t; echo $?
seq 3
seq 2 4
seq 1 2 5
basename /a/b.txt .txt; dirname /a/b.txt
true; echo $?; false; echo $?
echo -n a; echo b
echo -e 'a\tb'
printenv NOSUCH; echo $?
A=1; export A; printenv A; env | grep ^A=
env B=2 sh -c 'echo $B'
env nosuch; echo $?
sleep x; echo $?
timeout 1 sleep 5; echo $?
timeout 5 true; echo $?
timeout 1 nosuch; echo $?
find sub -name '*.txt' | sort
find nosuch; echo $?
find sub -type d
echo hi | base64; echo aGkK | base64 -d
printf abc | md5sum; printf abc | sha256sum
expr 1 + 2
expr 1 = 2; echo $?
nohup echo x 2>/dev/null
whoami nosuch >/dev/null 2>&1; true
id -u; id -g
uname; uname -s
which nosuch; echo $?
rev fruit
tac fruit
yes y | head -n 2
printf 'b\na\n' | sort -o out; cat out
test -e fruit && echo yes
date -u -d @0 +%Y-%m-%d
date -d @86400 +%s
hostname > h; test -s h && echo named
"""


def _listed(text: str) -> list[str]:
    """A script a line; `¶` stands for an end of line in it."""
    return [line.replace("¶", "\n") for line in text.strip().splitlines() if line]


SCRIPTS = [*_listed(LANGUAGE), *_listed(PROGRAMS)]
