import type { AuthCanIOptions } from './auth/can-i.ts';
import type { WhoamiOptions } from './auth/whoami.ts';
import { NODE_LIMITS } from './cluster/eviction-options.ts';
import type { DownOptions } from './cluster/down.ts';
import type { MasterOptions, WorkerOptions } from './cluster/master-worker.ts';
import type { StatusOptions } from './cluster/status.ts';
import type { UpOptions } from './cluster/up-options.ts';
import type { VersionOptions } from './cluster/version.ts';
import type { DecodeOptions } from './decode/decode.ts';
import type { ManifestOptions } from './objects/apply.ts';
import type { DeleteOptions } from './objects/delete.ts';
import type { ExecOptions } from './objects/exec.ts';
import type { GetOptions } from './objects/get.ts';
import type { LogsOptions } from './objects/logs.ts';
import type { PortForwardOptions } from './objects/port-forward.ts';
import type { ScaleOptions } from './objects/scale.ts';
import type { TopOptions } from './top/top.ts';
import { RECORDING } from './replay/record-commands.ts';
import { REPLAYING } from './replay/replay-commands.ts';
import { CONTEXT, type CommandSpec, command, type OptionSpec } from './shared/command-spec.ts';
import type { PermissionsOptions } from './users/permissions.ts';
import type { UserAddOptions } from './users/user-add.ts';

const NAMESPACE: OptionSpec = {
  flags: '-n, --namespace <namespace>',
  description: 'namespace; else TROUPE_NAMESPACE, else "default"',
};
const IN_CLUSTER = [NAMESPACE, CONTEXT];
const FILES: OptionSpec = {
  flags: '-f, --filename <path>',
  description: 'manifest: a file, a folder, - for stdin; may be repeated',
  many: true,
};
const RECURSIVE: OptionSpec = { flags: '-R, --recursive', description: 'also read folders within the folder' };
const SELECTOR: OptionSpec = {
  flags: '-l, --selector <labels>',
  description: 'only objects with these labels: app=web,tier!=test',
};
const output = (formats: string): OptionSpec => ({ flags: '-o, --output <format>', description: formats });

export const READING: readonly CommandSpec[] = [
  command({
    name: 'get',
    args: '[resource...]',
    description: 'Show objects: a kind, a kind and names, or kind/name',
    options: [
      output('json, yaml, wide or name'),
      { flags: '-w, --watch', description: 'after the list, show every change' },
      { flags: '--watch-only', description: 'show only changes' },
      { flags: '-A, --all-namespaces', description: 'objects of all namespaces' },
      SELECTOR,
      { flags: '--field-selector <fields>', description: 'only objects with these fields: status.phase=Running' },
      { flags: '--show-labels', description: 'add a column with the labels' },
      { flags: '--no-headers', description: 'omit the header row' },
      { flags: '--ignore-not-found', description: 'do not fail when a name does not exist' },
      ...IN_CLUSTER,
    ],
    examples: [
      ['troupe get pods', 'pods of the namespace'],
      ['troupe get deploy/web -o yaml', 'one object in full'],
      ['troupe get pods -A -w', 'pods of all namespaces, then every change'],
      ['troupe get pods -l app=web -o name', 'names, for scripts'],
      ['troupe get all', 'what runs in the namespace'],
      ['troupe get events -w', 'events, as they come'],
    ],
    run: async (args, options: GetOptions, terminal) => (await import('./objects/get.ts')).get(args, options, terminal),
  }),
  command({
    name: 'logs',
    args: '<pod...>',
    description: 'Show the output of a container',
    options: [
      { flags: '-f, --follow', description: 'follow the output until the container ends' },
      { flags: '--tail <lines>', description: 'show only this many of the last lines' },
      { flags: '-c, --container <name>', description: 'container of the pod' },
      { flags: '-p, --previous', description: 'output of the container before its last restart' },
      { flags: '--since <span>', description: 'only lines newer than this: 30s, 5m, 1h' },
      { flags: '--since-time <moment>', description: 'only lines after this time: 2026-01-31T12:00:00Z' },
      { flags: '--timestamps', description: 'begin each line with its timestamp' },
      { flags: '--limit-bytes <bytes>', description: 'print at most this many bytes' },
      ...IN_CLUSTER,
    ],
    examples: [
      ['troupe logs web-1', 'the output of the pod so far'],
      ['troupe logs -f deploy/web --tail 10', 'the last ten lines of one of its pods, then new lines'],
      ['troupe logs web-1 -c main -p', 'output of a container before its restart'],
    ],
    run: async (args, options: LogsOptions, terminal) =>
      (await import('./objects/logs.ts')).logs(args, options, terminal),
  }),
  command({
    name: 'exec',
    args: '<pod> [command...]',
    description: 'Run a command in a container',
    options: [
      { flags: '-i, --stdin', description: 'pass standard input on to the command' },
      { flags: '-t, --tty', description: 'run it in a terminal' },
      { flags: '-c, --container <name>', description: 'container of the pod' },
      { flags: '-q, --quiet', description: "print only the command's own output" },
      ...IN_CLUSTER,
    ],
    notes: "Exits with the command's exit code.",
    examples: [
      ['troupe exec web-1 -- ls -l /', 'run a command; two dashes come before it'],
      ['troupe exec -it deploy/web -- sh', 'a shell in one of its pods'],
      ['tar c . | troupe exec -i web-1 -c main -- tar x -C /data', 'with input from here'],
    ],
    run: async (args, options: ExecOptions, terminal) =>
      (await import('./objects/exec.ts')).exec(args, options, terminal),
  }),
  command({
    name: 'port-forward',
    args: '<pod> [ports...]',
    description: 'Connect local ports to ports of a pod',
    options: [
      { flags: '--address <address>', description: 'where to listen; default localhost; may be repeated', many: true },
      ...IN_CLUSTER,
    ],
    examples: [
      ['troupe port-forward web-1 8080', 'localhost:8080 to port 8080 of the pod'],
      ['troupe port-forward deploy/web 8000:80 9000', 'two ports of one of its pods'],
      ['troupe port-forward web-1 :80', 'any free local port'],
    ],
    run: async (args, options: PortForwardOptions, terminal) =>
      (await import('./objects/port-forward.ts')).portForward(args, options, terminal),
  }),
  command({
    name: 'top pods',
    aliases: ['pod', 'po'],
    args: '[pod]',
    description: 'Show what pods use of CPU and memory',
    options: [
      { flags: '--containers', description: 'a row for each container' },
      { flags: '-A, --all-namespaces', description: 'pods of all namespaces' },
      SELECTOR,
      { flags: '--sort-by <what>', description: 'cpu or memory, the largest first', choices: ['cpu', 'memory'] },
      { flags: '--no-headers', description: 'omit the header row' },
      ...IN_CLUSTER,
    ],
    examples: [
      ['troupe top pods', 'pods of the namespace'],
      ['troupe top pods -A --sort-by memory', 'all pods, the largest first'],
    ],
    run: async (args, options: TopOptions, terminal) => (await import('./top/top.ts')).topPods(args, options, terminal),
  }),
  command({
    name: 'top nodes',
    aliases: ['node', 'no'],
    args: '[node]',
    description: 'Show what nodes use of CPU and memory',
    options: [
      SELECTOR,
      { flags: '--sort-by <what>', description: 'cpu or memory, the largest first', choices: ['cpu', 'memory'] },
      { flags: '--no-headers', description: 'omit the header row' },
      CONTEXT,
    ],
    examples: [['troupe top nodes', 'every node that answers']],
    run: async (args, options: TopOptions, terminal) =>
      (await import('./top/top.ts')).topNodes(args, options, terminal),
  }),
  command({
    name: 'status',
    description: 'Show a summary of the cluster: actors, nodes, deployments, pods',
    options: [
      output('json or yaml'),
      { flags: '-n, --namespace <name>', description: 'show this namespace alone; default for a tenant: its own' },
      CONTEXT,
    ],
    examples: [
      ['troupe status', 'five lines; exit code 1 when there is a problem'],
      ['troupe status -o json', 'for programs'],
    ],
    run: async (_, options: StatusOptions, terminal) => (await import('./cluster/status.ts')).status(options, terminal),
  }),
  command({
    name: 'auth can-i',
    args: '[verb-and-resource...]',
    description: 'Ask whether you may do something: prints yes or no; exit code 1 for no',
    options: [
      { flags: '--list', description: 'everything that you may do in the namespace' },
      { flags: '-q, --quiet', description: 'print nothing; only the exit code' },
      { flags: '--subresource <name>', description: 'subresource, such as log or scale' },
      { flags: '-A, --all-namespaces', description: 'in all namespaces' },
      { flags: '--no-headers', description: 'with --list: omit the header row' },
      ...IN_CLUSTER,
    ],
    examples: [
      ['troupe auth can-i create deployments', 'in the namespace'],
      ['troupe auth can-i get pods/web --subresource log -n team-a', 'the log of one pod'],
      ['troupe auth can-i --list', 'everything'],
    ],
    run: async (args, options: AuthCanIOptions, terminal) =>
      (await import('./auth/can-i.ts')).canI(args, options, terminal),
  }),
  command({
    name: 'auth whoami',
    description: 'Show who you are to the api-server: user and groups',
    options: [output('json or yaml'), CONTEXT],
    examples: [['troupe auth whoami', 'user name and groups']],
    run: async (_, options: WhoamiOptions, terminal) => (await import('./auth/whoami.ts')).whoami(options, terminal),
  }),
  command({
    name: 'decode',
    args: '[subject] [payload]',
    description: 'Decode a message (MessagePack, JSON, YAML; raw, hex or base64) to JSON',
    options: [
      { flags: '--hex', description: 'the payload is hex' },
      { flags: '--base64', description: 'the payload is base64' },
      { flags: '--content-type <type>', description: 'encoding of the payload, instead of detecting it' },
    ],
    examples: [
      ['troupe decode 81a46b696e64a3506f64', 'a payload in hex'],
      ['nats sub --raw "troupe.heartbeat.>" --count 1 | troupe decode', 'a raw payload'],
      ['troupe decode troupe.api.alice.get.pods=2Flog.default.web', 'the parts of a subject'],
    ],
    run: async (args, options: DecodeOptions, terminal) =>
      (await import('./decode/decode.ts')).decode(args, options, terminal),
  }),
  ...REPLAYING,
  ...RECORDING,
  command({
    name: 'version',
    description: 'Show the version of this program and of the server',
    options: [
      { flags: '--client', description: 'show the version of this program alone' },
      output('json or yaml'),
      CONTEXT,
    ],
    examples: [
      ['troupe version', 'both versions'],
      ['troupe version --client', 'works without a cluster'],
    ],
    run: async (_, options: VersionOptions, terminal) =>
      (await import('./cluster/version.ts')).version(options, terminal),
  }),
];

export const WRITING: readonly CommandSpec[] = [
  command({
    name: 'apply',
    description: 'Create or update the objects of a manifest',
    options: [FILES, RECURSIVE, output('json, yaml or name'), ...IN_CLUSTER],
    examples: [
      ['troupe apply -f web.yaml', 'created, configured or unchanged'],
      ['troupe apply -f manifests/ -R', 'every .yaml, .yml and .json file in a folder'],
      ['cat web.yaml | troupe apply -n team-a -f -', 'from stdin, into a namespace'],
    ],
    run: async (_, options: ManifestOptions, terminal) => (await import('./objects/apply.ts')).apply(options, terminal),
  }),
  command({
    name: 'create',
    description: 'Create the objects of a manifest; objects that exist are refused',
    options: [FILES, RECURSIVE, output('json, yaml or name'), ...IN_CLUSTER],
    examples: [['troupe create -f job.yaml', 'metadata.generateName works too']],
    run: async (_, options: ManifestOptions, terminal) =>
      (await import('./objects/apply.ts')).create(options, terminal),
  }),
  command({
    name: 'delete',
    args: '[resource...]',
    description: 'Delete objects, and wait until they are gone',
    options: [
      FILES,
      RECURSIVE,
      SELECTOR,
      { flags: '--all', description: 'all objects of the kind in the namespace' },
      { flags: '--grace-period <seconds>', description: 'grace period of pods; 0 deletes at once' },
      { flags: '--now', description: 'the same as --grace-period 1' },
      { flags: '--force', description: 'the same as --grace-period 0' },
      { flags: '--cascade <how>', description: 'background (default), foreground or orphan' },
      { flags: '--wait', description: 'wait until they are gone (default)' },
      { flags: '--no-wait', description: 'do not wait' },
      { flags: '--timeout <span>', description: 'how long to wait: 30s, 5m' },
      { flags: '--ignore-not-found', description: 'do not fail when an object does not exist' },
      output('name'),
      ...IN_CLUSTER,
    ],
    examples: [
      ['troupe delete deploy/web', 'a deployment and its pods'],
      ['troupe delete -f web.yaml', 'the objects of a manifest'],
      ['troupe delete pods -l app=web --grace-period 0', 'selected pods, at once'],
    ],
    run: async (args, options: DeleteOptions, terminal) =>
      (await import('./objects/delete.ts')).del(args, options, terminal),
  }),
  command({
    name: 'scale',
    args: '<resource...>',
    description: 'Change the number of pods of a Deployment or ReplicaSet',
    options: [
      { flags: '--replicas <count>', description: 'number of pods (required)' },
      { flags: '--current-replicas <count>', description: 'scale only if it has this number of pods now' },
      ...IN_CLUSTER,
    ],
    examples: [
      ['troupe scale deploy/web --replicas 5', 'five pods'],
      ['troupe scale deploy/web deploy/api --replicas 0', 'no pods, until they are scaled up again'],
    ],
    run: async (args, options: ScaleOptions, terminal) =>
      (await import('./objects/scale.ts')).scale(args, options, terminal),
  }),
];

export const RUNNING: readonly CommandSpec[] = [
  command({
    name: 'up',
    description: 'Run a cluster on this machine: nats-server, a master and a worker',
    options: [
      { flags: '-d, --detach', description: 'return when the cluster is up; it keeps running in the background' },
      {
        flags: '--port <number>',
        description: 'port of the embedded nats-server; default: that of the last start, else 4222',
      },
      {
        flags: '--sync <when>',
        description: 'how often the store is synced to disk: 1s (default) or always',
        choices: ['1s', 'always'],
      },
      { flags: '--node <name>', description: "name of this machine's node; default: made from the host name" },
      {
        flags: '--keep <span>',
        description: 'how long to keep recordings and the history they need; default: as at the last start, else 7d',
      },
      {
        flags: '--keep-size <size>',
        description: 'size limit of recordings and history together; default: as at the last start, else 4Gi',
      },
      ...NODE_LIMITS,
    ],
    examples: [
      ['troupe up', 'until Ctrl-C'],
      ['troupe up --detach', 'in the background; "troupe down" stops it'],
    ],
    run: async (_, options: UpOptions, terminal) => (await import('./cluster/up.ts')).up(options, terminal),
  }),
  command({
    name: 'down',
    description: 'Stop what "troupe up" runs; containers keep running',
    options: [
      { flags: '--pods', description: "also remove this machine's containers" },
      {
        flags: '--node <name>',
        description:
          'with --pods: stop nothing, only remove the containers of this node, whose "troupe worker" has ended',
      },
    ],
    examples: [
      ['troupe down', 'stop; the next "troupe up" continues'],
      ['troupe down --pods', 'stop, and remove the containers'],
      ['troupe down --pods --node a', 'remove the containers that "troupe worker --node a" left'],
    ],
    run: async (_, options: DownOptions, terminal) => (await import('./cluster/down.ts')).down(options, terminal),
  }),
  command({
    name: 'master',
    description: 'Run a control plane against TROUPE_URL',
    options: [
      {
        flags: '--replicas <count>',
        description:
          'replicas of each stream in a NATS cluster: 1, 3 or 5; else TROUPE_REPLICAS; default: unchanged, and for new streams 3 where there are three servers',
      },
      {
        flags: '--without <actor>',
        description:
          'do not host this actor, because another process does; may be repeated; else TROUPE_WITHOUT, separated by commas',
        many: true,
      },
    ],
    examples: [
      ['TROUPE_URL=nats://10.0.0.1:4222 TROUPE_USER=master TROUPE_NKEY=master.nk troupe master', 'one more master'],
      ['troupe master --replicas 3', 'after a NATS cluster has grown to three servers; same environment'],
    ],
    run: async (_, options: MasterOptions, terminal) =>
      (await import('./cluster/master-worker.ts')).master(options, terminal),
  }),
  command({
    name: 'worker',
    description: 'Run a node and its containers against TROUPE_URL',
    options: [
      { flags: '--node <name>', description: 'name of the node; default: made from the host name' },
      {
        flags: '--runtime <name>',
        description: 'docker or simulated, which runs no containers; else TROUPE_RUNTIME; default docker',
      },
      ...NODE_LIMITS,
    ],
    examples: [
      [
        'TROUPE_URL=nats://10.0.0.1:4222 TROUPE_USER=node-b TROUPE_NKEY=node-b.nk troupe worker --node b',
        'join a machine to a cluster',
      ],
    ],
    run: async (_, options: WorkerOptions, terminal) =>
      (await import('./cluster/master-worker.ts')).worker(options, terminal),
  }),
  command({
    name: 'permissions',
    description: 'Print users and permissions as configuration of an external nats-server',
    options: [
      { flags: '--node <name>', description: 'also create a user for this node; may be repeated', many: true },
      { flags: '--account <name>', description: 'put the users into this account of the server' },
    ],
    examples: [
      ['troupe permissions --node a --node b > troupe.conf', 'holds public keys only; seeds stay in TROUPE_HOME/users'],
    ],
    run: async (_, options: PermissionsOptions, terminal) =>
      (await import('./users/permissions.ts')).permissions(options, terminal),
  }),
  command({
    name: 'user add',
    args: '<name>',
    description: 'Create a tenant, which is confined to namespaces, the user of a service, or a gateway',
    options: [
      {
        flags: '-n, --namespace <name>',
        description: 'tenant: a namespace it may use; may be repeated; the first is its default',
        many: true,
      },
      {
        flags: '--actors <file>',
        description: 'service: module that exports the `actors` it hosts; they determine its permissions',
      },
      {
        flags: '--role <name>',
        description: 'tenant: its role there: edit (default), view, admin, or another Role or ClusterRole',
      },
      { flags: '--gateway', description: 'a gateway, which asks in the name of others' },
    ],
    examples: [
      ['troupe user add alice --namespace team-a', 'a tenant; prints the path of its credentials'],
      ['troupe user add bob --namespace team-a --role view', 'a tenant that reads only'],
      ['troupe user add shop --actors actors.mjs', 'a service; repeat it when the actors declare something else'],
    ],
    run: async ([name = ''], options: UserAddOptions, terminal) =>
      (await import('./users/user-add.ts')).userAdd(name, options, terminal),
  }),
  command({
    name: 'user remove',
    args: '<name>',
    description: 'Remove a user and its key; a user that the cluster needs is created again with another key',
    examples: [
      ['troupe user remove alice', 'its connections are closed'],
      ['troupe user remove node-b', 'after a machine is gone; "troupe permissions --node b" creates a new key'],
    ],
    run: async ([name = ''], _, terminal) => (await import('./users/user-remove.ts')).userRemove(name, terminal),
  }),
  command({
    name: 'user list',
    description: 'List the users',
    examples: [['troupe user list', 'names, profiles and namespaces']],
    run: async (_, __, terminal) => (await import('./users/user-list.ts')).userList(terminal),
  }),
];
