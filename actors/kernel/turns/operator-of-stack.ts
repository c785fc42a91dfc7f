/** RxJS files shared by several operators -> the operators' public names. */
const SHARED: Readonly<Record<string, string>> = {
  mergeInternals: 'mergeMap/concatMap',
  innerFrom: '',
  OperatorSubscriber: '',
};

/** Operators that RxJS builds on `timer`, identified by the frames below it in a stack. */
const OF_A_TIMER: readonly (readonly [readonly string[], string])[] = [
  [['take', 'map', 'mergeMap/concatMap'], 'delay/delayWhen'],
  [['throttle'], 'throttle/throttleTime'],
  [['audit'], 'audit/auditTime'],
  [['sample'], 'sample/sampleTime'],
  [['retry'], 'retry'],
  [['repeat'], 'repeat'],
];

/**
 * Names the RxJS operator, or creation function, at the top of a stack trace, and our nearest line of code.
 * @param stack `error.stack`
 */
export function operatorOfStack(stack: string | undefined): { readonly operator?: string; readonly at?: string } {
  const operators: string[] = [];
  let at: string | undefined;
  for (const line of (stack ?? '').split('\n').slice(1)) {
    if (/ ActorCore\.run /.test(line)) break; // frames below belong to the caller of the turn
    const rx = /rxjs[\\/].*?internal[\\/](?:operators|observable)[\\/](\w+)\.[cm]?js/.exec(line);
    if (rx !== null) {
      const name = SHARED[rx[1] ?? ''] ?? rx[1] ?? '';
      if (name !== '' && operators.at(-1) !== name) operators.push(name);
    } else if (at === undefined && !/node_modules|node:|actors[\\/]kernel[\\/](?!.*\.test\.)|<anonymous>$/.test(line)) {
      at = /\(?((?:file:\/\/)?\/[^()]+:\d+:\d+)\)?$/.exec(line)?.[1]?.replace('file://', '');
    }
  }
  const operator = nameOf(operators);
  return { ...(operator === undefined ? {} : { operator }), ...(at === undefined ? {} : { at }) };
}

/** @param operators in stack order, innermost first */
function nameOf([first, ...others]: readonly string[]): string | undefined {
  const made = OF_A_TIMER.find(([beneath]) => beneath.every((name, at) => others[at] === name));
  return first === 'timer' && made !== undefined ? made[1] : first;
}
