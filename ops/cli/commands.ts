import type { DownOptions } from './cluster/down.ts';
import type { MasterOptions, WorkerOptions } from './cluster/master-worker.ts';
import type { StatusOptions } from './cluster/status.ts';
import type { UpOptions } from './cluster/up-options.ts';
import type { VersionOptions } from './cluster/version.ts';
import type { DecodeOptions } from './decode/decode.ts';
import type { ManifestOptions } from './objects/apply.ts';
import type { DeleteOptions } from './objects/delete.ts';
import type { GetOptions } from './objects/get.ts';
import type { LogsOptions } from './objects/logs.ts';
import type { ScaleOptions } from './objects/scale.ts';
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
      { flags: '-w, --watch', description: 'go on and show every change' },
      { flags: '--watch-only', description: 'show changes alone' },
      { flags: '-A, --all-namespaces', description: 'of all namespaces' },
      SELECTOR,
      { flags: '--field-selector <fields>', description: 'only objects with these fields: status.phase=Running' },
      { flags: '--show-labels', description: 'add a column with the labels' },
      { flags: '--no-headers', description: 'leave out the heading' },
      { flags: '--ignore-not-found', description: 'a name that does not exist is no failure' },
      ...IN_CLUSTER,
    ],
    examples: [
      ['troupe get pods', 'pods of the namespace'],
      ['troupe get deploy/web -o yaml', 'one object, whole'],
      ['troupe get pods -A -w', 'pods of all namespaces, and every change'],
      ['troupe get pods -l app=web -o name', 'names, for scripts'],
      ['troupe get all', 'what runs here'],
      ['troupe get events -w', 'what happens to it'],
    ],
    run: async (args, options: GetOptions, terminal) => (await import('./objects/get.ts')).get(args, options, terminal),
  }),
  command({
    name: 'logs',
    args: '<pod...>',
    description: 'Show the output of a container',
    options: [
      { flags: '-f, --follow', description: 'go on until the container ends' },
      { flags: '--tail <lines>', description: 'only this many of the last lines' },
      { flags: '-c, --container <name>', description: 'which container of the pod' },
      { flags: '-p, --previous', description: 'of the container before its last restart' },
      { flags: '--since <span>', description: 'only what is newer: 30s, 5m, 1h' },
      { flags: '--since-time <moment>', description: 'only what is newer than 2026-01-31T12:00:00Z' },
      { flags: '--timestamps', description: 'begin each line with its time' },
      { flags: '--limit-bytes <bytes>', description: 'at most this much' },
      ...IN_CLUSTER,
    ],
    examples: [
      ['troupe logs web-1', 'what the pod has written so far'],
      ['troupe logs -f deploy/web --tail 10', 'the last ten lines of one of its pods, and what follows'],
      ['troupe logs web-1 -c main -p', 'what one of its containers wrote before it was restarted'],
    ],
    run: async (args, options: LogsOptions, terminal) =>
      (await import('./objects/logs.ts')).logs(args, options, terminal),
  }),
  command({
    name: 'status',
    description: 'Sum the cluster up: actors, nodes, deployments, pods',
    options: [
      output('json or yaml'),
      { flags: '-n, --namespace <name>', description: "this one alone; a tenant's own by default" },
      CONTEXT,
    ],
    examples: [
      ['troupe status', 'in five lines; exit code 1 when something is wrong'],
      ['troupe status -o json', 'for programs'],
    ],
    run: async (_, options: StatusOptions, terminal) => (await import('./cluster/status.ts')).status(options, terminal),
  }),
  command({
    name: 'decode',
    args: '[subject] [payload]',
    description: 'Turn a message (MessagePack, JSON, YAML; raw, hex or base64) into readable JSON',
    options: [
      { flags: '--hex', description: 'the payload is hex' },
      { flags: '--base64', description: 'the payload is base64' },
      { flags: '--content-type <type>', description: 'its encoding, instead of what the first byte tells' },
    ],
    examples: [
      ['troupe decode 81a46b696e64a3506f64', 'a payload in hex'],
      ['nats sub --raw "troupe.heartbeat.>" --count 1 | troupe decode', 'a payload as it comes'],
      ['troupe decode troupe.api.alice.get.pods=2Flog.default.web', 'what a subject says'],
    ],
    run: async (args, options: DecodeOptions, terminal) =>
      (await import('./decode/decode.ts')).decode(args, options, terminal),
  }),
  ...REPLAYING,
  ...RECORDING,
  command({
    name: 'version',
    description: 'Show the version of this program and of the server',
    options: [{ flags: '--client', description: 'of this program alone' }, output('json or yaml'), CONTEXT],
    examples: [
      ['troupe version', 'both'],
      ['troupe version --client', 'also where no cluster runs'],
    ],
    run: async (_, options: VersionOptions, terminal) =>
      (await import('./cluster/version.ts')).version(options, terminal),
  }),
];

export const WRITING: readonly CommandSpec[] = [
  command({
    name: 'apply',
    description: 'Make objects what a manifest says, whether they exist or not',
    options: [FILES, RECURSIVE, output('json, yaml or name'), ...IN_CLUSTER],
    examples: [
      ['troupe apply -f web.yaml', 'created, configured or unchanged'],
      ['troupe apply -f manifests/ -R', 'every .yaml, .yml and .json in a folder'],
      ['cat web.yaml | troupe apply -n team-a -f -', 'from stdin, into a namespace'],
    ],
    run: async (_, options: ManifestOptions, terminal) => (await import('./objects/apply.ts')).apply(options, terminal),
  }),
  command({
    name: 'create',
    description: 'Make new objects; one that exists is refused',
    options: [FILES, RECURSIVE, output('json, yaml or name'), ...IN_CLUSTER],
    examples: [['troupe create -f job.yaml', 'also with metadata.generateName']],
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
      { flags: '--grace-period <seconds>', description: 'time to stop; 0 = at once' },
      { flags: '--now', description: 'the same as --grace-period 1' },
      { flags: '--force', description: 'the same as --grace-period 0' },
      { flags: '--cascade <how>', description: 'background (default), foreground or orphan' },
      { flags: '--wait', description: 'wait until they are gone (default)' },
      { flags: '--no-wait', description: 'do not wait' },
      { flags: '--timeout <span>', description: 'wait no longer than this: 30s, 5m' },
      { flags: '--ignore-not-found', description: 'what does not exist is no failure' },
      output('name'),
      ...IN_CLUSTER,
    ],
    examples: [
      ['troupe delete deploy/web', 'and its pods with it'],
      ['troupe delete -f web.yaml', 'what a manifest names'],
      ['troupe delete pods -l app=web --grace-period 0', 'at once'],
    ],
    run: async (args, options: DeleteOptions, terminal) =>
      (await import('./objects/delete.ts')).del(args, options, terminal),
  }),
  command({
    name: 'scale',
    args: '<resource...>',
    description: 'Change how many pods a Deployment or ReplicaSet has',
    options: [
      { flags: '--replicas <count>', description: 'how many it shall have (required)' },
      { flags: '--current-replicas <count>', description: 'only if it has this many now' },
      ...IN_CLUSTER,
    ],
    examples: [
      ['troupe scale deploy/web --replicas 5', 'five pods'],
      ['troupe scale deploy/web deploy/api --replicas 0', 'none of either, until they are scaled up again'],
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
      { flags: '-d, --detach', description: 'come back when it is up, and let it run' },
      { flags: '--port <number>', description: 'port of the embedded nats-server; default 4222, or that of last time' },
      {
        flags: '--sync <when>',
        description: '1s (default): the disk may lag by a second; always: it never does',
        choices: ['1s', 'always'],
      },
      { flags: '--node <name>', description: "name of this machine's node; default its host name" },
      {
        flags: '--keep <span>',
        description: 'how long recordings are kept, and the history they need; default 7d, or as last time',
      },
      { flags: '--keep-size <size>', description: 'how large they may become together; default 4Gi' },
    ],
    examples: [
      ['troupe up', 'until Ctrl-C'],
      ['troupe up --detach', 'in the background; "troupe down" ends it'],
    ],
    run: async (_, options: UpOptions, terminal) => (await import('./cluster/up.ts')).up(options, terminal),
  }),
  command({
    name: 'down',
    description: 'End what "troupe up" runs; containers keep running',
    options: [
      { flags: '--pods', description: "also remove this machine's containers" },
      {
        flags: '--node <name>',
        description: 'with --pods: end nothing, remove the containers of a "troupe worker" of this name that has ended',
      },
    ],
    examples: [
      ['troupe down', 'the next "troupe up" finds everything again'],
      ['troupe down --pods', 'and its containers'],
      ['troupe down --pods --node a', 'what "troupe worker --node a" has left here'],
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
          'how many servers of a NATS cluster keep each stream: 1, 3 or 5; else TROUPE_REPLICAS; default as it is, and for new ones 3 where there are three servers',
      },
      {
        flags: '--without <actor>',
        description: 'an actor that another process hosts; may be repeated; else TROUPE_WITHOUT, with commas',
        many: true,
      },
    ],
    examples: [
      ['TROUPE_URL=nats://10.0.0.1:4222 TROUPE_USER=master TROUPE_NKEY=master.nk troupe master', 'one more'],
      ['troupe master --replicas 3', 'a NATS cluster has grown to three servers; with the same environment'],
    ],
    run: async (_, options: MasterOptions, terminal) =>
      (await import('./cluster/master-worker.ts')).master(options, terminal),
  }),
  command({
    name: 'worker',
    description: 'Run a node: its containers, against TROUPE_URL',
    options: [
      { flags: '--node <name>', description: 'name of the node; default the host name' },
      {
        flags: '--runtime <name>',
        description: 'docker (default) or simulated, which only pretends; else TROUPE_RUNTIME',
      },
    ],
    examples: [
      [
        'TROUPE_URL=nats://10.0.0.1:4222 TROUPE_USER=node-b TROUPE_NKEY=node-b.nk troupe worker --node b',
        'join a machine',
      ],
    ],
    run: async (_, options: WorkerOptions, terminal) =>
      (await import('./cluster/master-worker.ts')).worker(options, terminal),
  }),
  command({
    name: 'permissions',
    description: 'Print users and permissions as configuration for a nats-server of your own',
    options: [
      { flags: '--node <name>', description: 'also a user for this node; may be repeated', many: true },
      { flags: '--account <name>', description: 'in an account of the server, beside others' },
    ],
    examples: [
      ['troupe permissions --node a --node b > troupe.conf', 'public keys alone; seeds stay under TROUPE_HOME/users'],
    ],
    run: async (_, options: PermissionsOptions, terminal) =>
      (await import('./users/permissions.ts')).permissions(options, terminal),
  }),
  command({
    name: 'user add',
    args: '<name>',
    description: 'Make a tenant, who may act in some namespaces alone, or the user of a service that hosts actors',
    options: [
      {
        flags: '-n, --namespace <name>',
        description: 'of a tenant: where; may be repeated, and the first is its own',
        many: true,
      },
      {
        flags: '--actors <file>',
        description: 'of a service: module whose `actors` it hosts; it may do what they declare',
      },
    ],
    examples: [
      ['troupe user add alice --namespace team-a', 'prints where her credentials are'],
      [
        'troupe user add shop --actors actors.mjs',
        'for a process of your own; once more when they declare something else',
      ],
    ],
    run: async ([name = ''], options: UserAddOptions, terminal) =>
      (await import('./users/user-add.ts')).userAdd(name, options, terminal),
  }),
  command({
    name: 'user remove',
    args: '<name>',
    description: 'End a user: the server forgets the key; one that the cluster needs is made again, with another key',
    examples: [
      ['troupe user remove alice', 'her connections are closed'],
      ['troupe user remove node-b', 'a machine that is gone; "troupe permissions --node b" makes a new key for it'],
    ],
    run: async ([name = ''], _, terminal) => (await import('./users/user-remove.ts')).userRemove(name, terminal),
  }),
  command({
    name: 'user list',
    description: 'Show who may connect',
    examples: [['troupe user list', 'names, profiles and namespaces']],
    run: async (_, __, terminal) => (await import('./users/user-list.ts')).userList(terminal),
  }),
];
