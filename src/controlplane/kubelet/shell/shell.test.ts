import assert from "node:assert/strict";
import test from "node:test";
import type { NameLookup } from "../../protocol/name-lookup.js";
import { WrittenFiles, WRITTEN_BYTES_MAX } from "./container-files.js";
import { newShell, startProcess } from "./shell.js";
import { archiveEntry } from "./tar-archive.js";

/** A name server at 10.96.0.10 that knows a Service. */
const lookup: NameLookup = (server, name, type) => {
  if (server !== "10.96.0.10") return null;
  const address = { name: "db.shop.svc.cluster.local", type: "A", text: "10.96.0.7" };
  const reverse = { name: "7.0.96.10.in-addr.arpa", type: "PTR", text: "db.shop.svc.cluster.local" };
  const named = [address, reverse].filter((record) => record.name === name);
  if (named.length === 0) return { rcode: "NXDOMAIN", records: [] };
  return { rcode: "NOERROR", records: named.filter((record) => record.type === type) };
};

const SERVER = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n";

/** Output, what it waits for, and the exit code: "hi\n[1000ms]there\n=0". */
function transcript(
  command: readonly string[],
  stdin = "",
  unknown: "not-found" | "server" = "not-found",
): string {
  const world = {
    hostname: "web-0",
    env: new Map([["GREETING", "hello world"]]),
    files: new Map([
      ["/etc/config/colour", "blue\n"],
      ["/etc/hosts", "127.0.0.1\tlocalhost\n10.1.0.9\tweb-0\n"],
      [
        "/etc/resolv.conf",
        "search shop.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
      ],
    ]),
    lookup,
  };
  const shell = newShell({
    world,
    written: new WrittenFiles(),
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
    unknown,
  });
  const process = startProcess(shell, command, stdin);
  let text = "";
  for (let steps = 0; steps < 200; steps++) {
    const next = process.next(null);
    if (next.done) return `${text}=${next.value}`;
    if (next.value.is === "print") text += next.value.to === 2 ? `!${next.value.text}` : next.value.text;
    if (next.value.is === "wait") text += next.value.ms > 1e9 ? "[forever]" : `[${next.value.ms}ms]`;
    if (text.endsWith("[forever]")) return text;
  }
  return `${text}...`;
}

const sh = (text: string, stdin?: string) => transcript(["sh", "-c", text], stdin);

const CASES: readonly (readonly [string, string])[] = [
  ["exit 3", "=3"],
  ["echo hi; sleep 1; echo there", "hi\n[1000ms]there\n=0"],
  ["echo $GREETING \"$GREETING\" '$GREETING'", "hello world hello world $GREETING\n=0"],
  ["false || echo rescued && echo on", "rescued\non\n=0"],
  ["for i in 1 2 3; do echo $i; done", "1\n2\n3\n=0"],
  ["i=0; while [ $i -lt 2 ]; do echo n$i; i=$((i+1)); done", "n0\n[10ms]n1\n[10ms]=0"],
  ["if test -f /tmp/x; then echo yes; else echo no; fi", "no\n=0"],
  ["touch /tmp/x; if [ -e /tmp/x ]; then echo yes; fi", "yes\n=0"],
  ["echo one > /tmp/f; echo two >> /tmp/f; cat /tmp/f", "one\ntwo\n=0"],
  ["cat /etc/config/colour | wc -l", "1\n=0"],
  ["echo $(cat /etc/config/colour)-$(hostname)", "blue-web-0\n=0"],
  ["nosuch", "!sh: nosuch: not found\n=127"],
  ["cat /missing", "!cat: can't open '/missing': No such file or directory\n=1"],
  ["echo err >&2", "!err\n=0"],
  ["echo gone > /dev/null", "=0"],
  ["date +%Y-%m-%d", "2026-01-02\n=0"],
  ["until false; do echo x; break; done", "x\n[10ms]=0"],
  ["(exit 4); echo $?", "4\n=0"],
  ["echo $\u007bUNSET:-fallback}", "fallback\n=0"],
  ["grep -q blue /etc/config/colour && echo found", "found\n=0"],
  ["echo 'unterminated", "!sh: syntax error: unterminated quoted string\n=2"],
  ["seq 3 | tail -n 1", "3\n=0"],
  ["sleep infinity", "[forever]"],
  ["tail -f /dev/null", "[forever]"],
  ["nslookup db", `${SERVER}Name:\tdb.shop.svc.cluster.local\nAddress: 10.96.0.7\n\n=0`],
  ["nslookup 10.96.0.7", `${SERVER}7.0.96.10.in-addr.arpa\tname = db.shop.svc.cluster.local\n\n=0`],
  ["nslookup nosuch.", `${SERVER}** server can't find nosuch: NXDOMAIN\n\n=1`],
  ["nslookup -type=aaaa db", `${SERVER}*** Can't find db.shop.svc.cluster.local: No answer\n\n=1`],
  ["nslookup db 192.0.2.53", "[5000ms];; connection timed out; no servers could be reached\n\n=1"],
  ["getent hosts db", "10.96.0.7       db.shop.svc.cluster.local\n=0"],
  ["getent hosts web-0", "10.1.0.9        web-0\n=0"],
  ["getent hosts 10.96.0.7", "10.96.0.7       db.shop.svc.cluster.local\n=0"],
  ["getent hosts nosuch", "=2"],
  ["mkdir /tmp/d; test -d /tmp/d && ls /tmp", "d\n=0"],
  ["mkdir /tmp", "!mkdir: can't create directory '/tmp': File exists\n=1"],
  ["cd /etc; tar cf - config | (cd /tmp && tar xmf -); cat /tmp/config/colour", "blue\n=0"],
  [
    "tar cf /tmp/a.tar /etc/config /nosuch && echo unreached; tar tf /tmp/a.tar",
    [
      "!tar: removing leading '/' from member names\n",
      "!tar: /nosuch: No such file or directory\n",
      "!tar: error exit delayed from previous errors\n",
      "etc/config/\netc/config/colour\n=0",
    ].join(""),
  ],
  ["tar xf /etc/hosts", "!tar: short read\n=1"],
  ["tar czf - /etc", "!tar: invalid option -- 'z'\n=1"],
  ["tar xf - -C /tmp --no-same-owner", "=0"],
  ["echo h\u00e0 la | wc", "1 2 7\n=0"],
  ["wc -c /nosuch", "!wc: /nosuch: No such file or directory\n=1"],
  ["printf abcdef | tail -c+4; printf abcdef | tail -c 2", "defef=0"],
  ["echo nameserver 192.0.2.53 > /etc/resolv.conf; getent hosts db", "[5000ms]=2"],
];

for (const [text, wanted] of CASES)
  test(`runText plays ${JSON.stringify(text)}`, () => {
    assert.equal(sh(text), wanted);
  });

test("an endless loop without sleep takes time with every round", () => {
  assert.match(sh("while true; do :; done"), /^(\[10ms\])+\.\.\.$/);
});

test("runCommand reads standard input, and takes programs of other images for servers", () => {
  assert.equal(transcript(["cat"], "typed\n"), "typed\n=0");
  assert.equal(transcript(["/usr/bin/redis-server", "--port", "1"], "", "server"), "[forever]");
});

test("tar writes what it can, and fails for links, which simulated files are not", () => {
  const header = archiveEntry("link", "", 0);
  const asLink = `${header.slice(0, 148)}        2${header.slice(157)}`;
  const sum = [...asLink].reduce((total, char) => total + char.charCodeAt(0), 0);
  const link = `${asLink.slice(0, 148)}${sum.toString(8).padStart(6, "0")}\0 ${asLink.slice(156)}`;
  const archive = link + archiveEntry("file", "content", 0);
  assert.equal(
    transcript(["sh", "-c", "tar xf - -C /tmp; echo $?; cat /tmp/file"], archive),
    "!tar: can't create symlink 'link' to '': Operation not supported\n!tar: error exit delayed from previous errors\n1\ncontent=0",
  );
});

test("a container's disk is full when it has written as much as it may, and says so", () => {
  const archive = "x".repeat(WRITTEN_BYTES_MAX - 10);
  const full = "!tee: write error: No space left on device\n";
  assert.equal(
    transcript(["sh", "-c", "tee /tmp/a | tail -c 3; echo 1234567890 | tee /tmp/b"], archive),
    `xxx${full}=1`,
  );
});

test("deep nesting is refused, not overflowed", () => {
  assert.match(sh(`${"(".repeat(5000)}true`), /nested too deeply/);
});
