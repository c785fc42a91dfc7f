/**
 * Formats a duration as kubectl's AGE: two units at most, coarser as it grows: `45s`, `4m30s`, `3h5m`, `3d4h`, `2y12d`.
 * @param millis may be negative: a small skew of clocks prints `0s`, more `<invalid>`
 */
export function humanDuration(millis: number): string {
  const seconds = Math.trunc(millis / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 60 * 2) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 60 * 3) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 24 * 8) return pair(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.trunc(hours / 24 / 365);
  return hours < 24 * 365 * 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`;
}

const pair = (coarse: number, unit: string, fine: number, fineUnit: string): string =>
  fine === 0 ? `${coarse}${unit}` : `${coarse}${unit}${fine}${fineUnit}`;
