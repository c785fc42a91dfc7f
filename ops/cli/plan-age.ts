const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** Up to `under`, a span is written in `unit` and, while there is one, the rest in `rest`. */
const STEPS: readonly { under: number; unit: number; name: string; rest?: { unit: number; name: string } }[] = [
  { under: 2 * MINUTE, unit: SECOND, name: 's' },
  { under: 10 * MINUTE, unit: MINUTE, name: 'm', rest: { unit: SECOND, name: 's' } },
  { under: 3 * HOUR, unit: MINUTE, name: 'm' },
  { under: 8 * HOUR, unit: HOUR, name: 'h', rest: { unit: MINUTE, name: 'm' } },
  { under: 2 * DAY, unit: HOUR, name: 'h' },
  { under: 8 * DAY, unit: DAY, name: 'd', rest: { unit: HOUR, name: 'h' } },
  { under: 2 * YEAR, unit: DAY, name: 'd' },
  { under: 8 * YEAR, unit: YEAR, name: 'y', rest: { unit: DAY, name: 'd' } },
];

/**
 * A span as kubectl prints ages: `45s`, `3m10s`, `47h`, `7d3h`.
 * @param ms a span in milliseconds; slightly negative (clocks differ) counts as 0
 * @see k8s.io/apimachinery pkg/util/duration HumanDuration
 */
export function humanDuration(ms: number): string {
  if (Number.isNaN(ms)) return '<unknown>';
  if (ms < -2 * SECOND) return '<invalid>';
  if (ms < 0) return '0s';
  const step = STEPS.find(({ under }) => ms < under) ?? { unit: YEAR, name: 'y' };
  const whole = Math.floor(ms / step.unit);
  const rest = 'rest' in step && step.rest !== undefined ? step.rest : undefined;
  const left = rest === undefined ? 0 : Math.floor((ms - whole * step.unit) / rest.unit);
  return left === 0 || rest === undefined ? `${whole}${step.name}` : `${whole}${step.name}${left}${rest.name}`;
}
