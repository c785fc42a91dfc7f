import { UsageError } from '../shared/errors.ts';

/** Checks the name of a node. @throws UsageError */
export async function checkNode(node: string): Promise<void> {
  const { checkNodeName } = await import('../../boot/home/cluster.ts');
  try {
    checkNodeName(node);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

const RUNTIMES = ['docker', 'simulated'] as const;

/** The container runtime: `wished`, else TROUPE_RUNTIME, else Docker. @throws UsageError */
export function runtimeOf(wished: string | undefined): (typeof RUNTIMES)[number] {
  const said = wished ?? process.env['TROUPE_RUNTIME'];
  if (said === undefined || said === '') return 'docker';
  const found = RUNTIMES.find((runtime) => runtime === said);
  if (found !== undefined) return found;
  const where = wished === undefined ? 'TROUPE_RUNTIME' : '--runtime';
  throw new UsageError(`${where} is "${said}"; use ${RUNTIMES.join(' or ')}`);
}
