/** Files of RxJS that serve several operators, by the names that people write. */
const SHARED: Readonly<Record<string, string>> = {
  mergeInternals: 'mergeMap/concatMap',
  innerFrom: '',
  OperatorSubscriber: '',
  intervalProvider: '',
  timeoutProvider: '',
  immediateProvider: '',
  AsyncAction: '',
  AsyncScheduler: '',
  AsapAction: '',
  Action: '',
};

/**
 * Names the RxJS operator, or creation function, in which a stack trace began, and the line of ours nearest to the fault.
 * @param stack `error.stack`
 */
export function operatorOfStack(stack: string | undefined): { readonly operator?: string; readonly at?: string } {
  let operator: string | undefined;
  let at: string | undefined;
  for (const line of (stack ?? '').split('\n').slice(1)) {
    const rx = /rxjs[\\/].*?internal[\\/](?:operators|observable|scheduler)[\\/](\w+)\.[cm]?js/.exec(line);
    if (rx !== null) {
      const name = SHARED[rx[1] ?? ''] ?? rx[1];
      if (operator === undefined && name !== '') operator = name;
    } else if (at === undefined && !/node_modules|node:|actors[\\/]kernel[\\/](?!.*\.test\.)|<anonymous>$/.test(line)) {
      at = /\(?((?:file:\/\/)?\/[^()]+:\d+:\d+)\)?$/.exec(line)?.[1]?.replace('file://', '');
    }
  }
  return { ...(operator === undefined ? {} : { operator }), ...(at === undefined ? {} : { at }) };
}
