import { API_RESOURCES, apiResources } from '../../../contracts/kinds/custom/discovered-kinds.ts';
import type { ApiResourceList } from '../../../contracts/messages/api.ts';
import type { Call } from '../../kernel/contract.ts';
import type { Context } from '../context.ts';
import type { ApiTokens } from '../request.ts';
import { kindsOfTurn } from '../served-kinds.ts';

/** Does this request ask what is served? Everyone may. */
export function asksForResources({ tokens }: Call): boolean {
  const { verb, resource } = (tokens ?? {}) as Partial<ApiTokens>;
  return verb === 'list' && resource === API_RESOURCES;
}

export const servedResources = (context: Context): ApiResourceList => ({
  apiVersion: 'v1',
  kind: 'APIResourceList',
  resources: apiResources(kindsOfTurn(context)),
});
