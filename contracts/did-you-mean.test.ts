import { expect, it } from 'vitest';
import { didYouMean } from './did-you-mean.ts';

const KNOWN = ['Node', 'Pod', 'Deployment', 'ConfigMap'];
const ALL = 'known: Node, Pod, Deployment, ConfigMap';

it.each([
  ['Podd', 'did you mean "Pod"?'],
  ['pod', 'did you mean "Pod"?'],
  ['Pdo', 'did you mean "Pod"?'],
  ['Ndoe', 'did you mean "Node"?'],
  ['Deploymnet', 'did you mean "Deployment"?'],
  ['Configmaps', 'did you mean "ConfigMap"?'],
  ['Widget', ALL],
  ['Role', ALL],
  ['Job', ALL],
  ['', ALL],
  ['Pod'.repeat(1_000), ALL],
])('of %s', (word, said) => {
  expect(didYouMean(word, KNOWN)).toBe(said);
});
