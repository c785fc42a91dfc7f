import type { Terminal } from '../shared/terminal.ts';

export const namedUrl = (): string | undefined => process.env['TROUPE_URL'] || undefined;

/** A nats-server of somebody's own has its users in a configuration that is not ours to change. */
export function tellOfOtherServer(own: string | undefined, terminal: Terminal): void {
  const other = namedUrl();
  if (own !== undefined && (other === undefined || other === own)) return;
  const server = other === undefined ? 'your nats-server' : `the nats-server at ${other}`;
  terminal.tell(
    `${server} goes by what was printed for it last: print "troupe permissions" into its configuration again (with --account, if it had that), and have it read that: nats-server --signal reload`,
  );
}
