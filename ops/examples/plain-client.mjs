// Any NATS client is a citizen of the cluster. This one knows nothing of Troupe: it publishes YAML, hears changes, asks,
// and reads what a container writes. Start a cluster (`npm start`), then:
//
//   node ops/examples/plain-client.mjs [seconds to follow the output, default 5]
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { connect, nkeyAuthenticator } from 'nats'; // the package @nats-io/transport-node under its alias here

const home = process.env.TROUPE_HOME ?? join(homedir(), '.troupe');
const { url, user, prefix } = JSON.parse(readFileSync(join(home, 'cluster.json'), 'utf8'));
const { seed } = JSON.parse(readFileSync(join(home, 'users', `${user}.json`), 'utf8'));
const nc = await connect({
  servers: url,
  authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
  inboxPrefix: `_INBOX.${user}`, // answers come to this user alone
});

const MANIFEST = `
apiVersion: v1
kind: Pod
metadata: { name: plain, labels: { made-by: plain-client } }
spec:
  terminationGracePeriodSeconds: 2
  containers:
    - { name: main, image: "troupe/sample:local", imagePullPolicy: IfNotPresent }
`;

/** One verb on one object; JSON asked, JSON answered. `_` = none. */
async function ask(verb, resource, name = '_', body = {}) {
  const subject = `${prefix}.api.${user}.${verb}.${resource}.default.${name}`;
  const answer = (await nc.request(subject, JSON.stringify(body), { timeout: 10_000 })).json();
  if (answer.kind === 'Status' && answer.status === 'Failure') throw new Error(answer.message);
  return answer;
}
const phaseOf = (pod) => pod?.status?.phase ?? 'new';

// 1. Hear every change of the pod, as the store makes it (a deletion has no body).
const changes = nc.subscribe(`${prefix}.changes.pods.default.plain`);
const running = (async () => {
  for await (const change of changes) {
    const pod = change.data.length === 0 ? undefined : change.json();
    console.log(`change: ${pod === undefined ? 'deleted' : phaseOf(pod)}`);
    if (phaseOf(pod) === 'Running') return;
  }
})();

// 2. Publish a manifest. As a request, so that the answer, YAML as the question, says what became of it; a plain publish
//    works as well.
const result = await nc.request(`${prefix}.apply.${user}.default`, MANIFEST, { timeout: 10_000 });
console.log(`apply:\n${result.string().replace(/^/gm, '  ').trimEnd()}`);

// 3. Ask for it.
const pod = await ask('get', 'pods', 'plain');
console.log(`get: ${pod.metadata.name} is ${phaseOf(pod)}`);
if (phaseOf(pod) !== 'Running') await running;

// 4. Read its output. What streams is MessagePack, for which this client has no library; so it takes each chunk as a
//    hint, and asks in JSON for what is new. Asking with `follow` keeps the stream alive for half a minute.
const hints = nc.subscribe(`${prefix}.logs.default.plain.main`);
const stop = setTimeout(() => hints.unsubscribe(), Number(process.argv[2] ?? 5) * 1000);
let since;
async function readOn() {
  const query = { namespace: 'default', pod: 'plain', follow: true, ...(since && { sinceTime: since }) };
  const { lines } = await ask('get', 'pods=2Flog', 'plain', query);
  for (const { text, time } of lines) {
    console.log(`log: ${text}`);
    since = time;
  }
}
await readOn();
for await (const _ of hints) await readOn();
clearTimeout(stop);

// 5. And away with it.
await ask('delete', 'pods', 'plain', { gracePeriodSeconds: 0 });
console.log('deleted');
await nc.close();
