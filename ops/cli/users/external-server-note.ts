import type { Terminal } from '../shared/terminal.ts';

export const namedUrl = (): string | undefined => process.env['TROUPE_URL'] || undefined;

/** Prints how to update an external nats-server, whose configuration Troupe does not write. @param own URL of the embedded server */
export function noteExternalServer(own: string | undefined, terminal: Terminal): void {
  const other = namedUrl();
  if (own !== undefined && (other === undefined || other === own)) return;
  const server = other === undefined ? 'your external nats-server' : `the nats-server at ${other}`;
  terminal.tell(
    `${server} still has its old configuration: write the output of "troupe permissions" into it again (with --account, if that was used), and reload it: nats-server --signal reload`,
  );
}
