/** How this command line was typed: in a built clone without `npm link` there is no `troupe` on the path. */
export const typedAs = (env: NodeJS.ProcessEnv = process.env): string =>
  env['npm_command'] === 'exec' ? 'npx troupe' : 'troupe';
