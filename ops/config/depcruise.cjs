/** Imports point one way: contracts <- actors, contracts <- runtime-adapters, all <- ops <- test. */
const island = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from, pathNot: '\\.test\\.ts$' },
  to: { path: '^(contracts|actors|runtime-adapters|ops|test)/', pathNot: allowed },
});
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    island('contracts-alone', '^contracts/', '^contracts/', 'contracts/ imports nothing of ours'),
    island(
      'adapters-know-contracts',
      '^runtime-adapters/',
      '^(contracts|runtime-adapters)/',
      'adapters import contracts/ alone',
    ),
    island('actors-know-contracts', '^actors/', '^(contracts|actors)/', 'actors import contracts/ alone'),
    {
      name: 'actors-are-islands',
      severity: 'error',
      comment: 'an actor imports contracts/, the kernel and its own room; never another actor',
      from: { path: '^actors/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^actors/', pathNot: '^actors/($1|kernel)/' },
    },
    {
      name: 'replay-knows-one-module-of-actors',
      severity: 'error',
      comment: 'the replay tools import of actors/ only kernel/replay-api.ts; ops/replay/actors.ts lists the actors',
      from: { path: '^ops/(cli/)?replay/', pathNot: '\\.test\\.ts$|^ops/replay/actors\\.ts$' },
      to: { path: '^actors/', pathNot: '^actors/kernel/replay-api\\.ts$' },
    },
    {
      name: 'no-test-code-in-product',
      severity: 'error',
      from: { path: '^(contracts|actors|runtime-adapters|ops)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^test/|\\.test\\.ts$' },
    },
    {
      name: 'plans-are-pure',
      severity: 'error',
      comment: 'plan-*.ts decides; it imports no npm and no Node module',
      from: { path: '/plan-[^/]+\\.ts$', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'] },
    },
    {
      name: 'nats-behind-one-door',
      severity: 'error',
      comment: 'NATS clients are imported only by kernel/nats/, the store driver and ops',
      from: {
        path: '^(contracts|actors|runtime-adapters)/',
        pathNot: '^actors/kernel/nats/|^actors/store/|\\.test\\.ts$',
      },
      to: { path: 'node_modules/(@nats-io|nats)/' },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      comment: 'examples import this package by its name, which leads to what is built: it may not be yet',
      from: {},
      to: { couldNotResolve: true, pathNot: '^troupe$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/|\\.d\\.ts$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
