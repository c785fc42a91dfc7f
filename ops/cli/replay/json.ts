import { Hidden } from '../../replay/play/bodies.ts';
import type { SaidBoth, Speech, TurnReport } from '../../replay/play/turn-report.ts';

/** A report as JSON; a body that cannot be shown is `{hidden: why}`. */
export const plainReport = (report: TurnReport): object => ({
  ...report,
  heard: { ...report.heard, ...(report.heard.body === undefined ? {} : { body: plainBody(report.heard.body) }) },
  said: report.said.map(plainSaid),
});

const plainSaid = ({ was, is, ...rest }: SaidBoth): object => ({
  ...rest,
  ...(was === undefined ? {} : { was: plainSpeech(was) }),
  ...(is === undefined ? {} : { is: plainSpeech(is) }),
});
export const plainSpeech = ({ body, ...rest }: Speech): object => ({ ...rest, body: plainBody(body) });
const plainBody = (body: unknown): unknown => (body instanceof Hidden ? { hidden: body.why } : body);
