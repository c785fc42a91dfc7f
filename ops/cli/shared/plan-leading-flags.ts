const SCOPES = ['-n', '--namespace', '--context'];

/**
 * Moves -n, --namespace and --context from before the command to its end: `-n team-a get pods` becomes `get pods -n team-a`. Pure.
 * @param argv arguments after `troupe`
 */
export function leadingFlagsLast(argv: readonly string[]): readonly string[] {
  let count = 0;
  for (let flag = argv[count]; flag !== undefined; flag = argv[count]) {
    if (SCOPES.includes(flag)) count += 2;
    else if (SCOPES.some((scope) => flag.startsWith(`${scope}=`))) count += 1;
    else break;
  }
  const rest = argv.slice(count);
  if (count === 0 || rest.length === 0) return argv;
  const end = rest.includes('--') ? rest.indexOf('--') : rest.length;
  return [...rest.slice(0, end), ...argv.slice(0, count), ...rest.slice(end)];
}
