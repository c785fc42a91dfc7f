import type { Kind } from '../../../contracts/kinds/kind.ts';
import type { Obj } from '../object.ts';

/** The parts of an object that label and field selectors can match. Pure. */
export function selectable(kind: Pick<Kind, 'selectableFields'>, object: Obj): Obj {
  const { name, namespace, uid, labels } = object.metadata;
  const fields = new Set(Object.keys(kind.selectableFields).map((path) => path.split('.', 1)[0] ?? path));
  const chosen = [...fields].filter((field) => object[field] !== undefined).map((field) => [field, object[field]]);
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(labels === undefined ? {} : { labels }),
    },
    ...Object.fromEntries(chosen),
  };
}
