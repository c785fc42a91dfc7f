/** One field of a model of `@kubernetes/client-node`. */
export interface ModelField {
  /** Name in JSON. */
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly doc: string;
  readonly required: boolean;
}
export interface Model {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly ModelField[];
}

/** Fields that hold quantities; the models declare them as strings. */
const QUANTITY_MAPS = new Set(['limits', 'requests', 'capacity', 'allocatable', 'allocatedResources', 'overhead']);
const QUANTITIES = new Set(['sizeLimit', 'divisor']);

const BASICS: Readonly<Record<string, string>> = {
  'string|': 'string',
  'boolean|': 'boolean',
  'number|int32': 'int32',
  'number|int64': 'int64',
  'number|double': 'number',
  'Date|date-time': 'time',
  'V1MicroTime|date-time-micro': 'microtime',
  'any|': 'any',
  'string|byte': 'bytes',
  'IntOrString|int-or-string': 'int-or-string',
};

const TS: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'boolean',
  int32: 'number',
  int64: 'number',
  number: 'number',
  time: 'string',
  microtime: 'string',
  any: 'unknown',
  bytes: 'string',
  quantity: 'Quantity',
  'int-or-string': 'IntOrString',
};

/** `V1Pod` -> `Pod`, `CoreV1Event` -> `Event`, `EventsV1Event` -> `EventsEvent`. */
export const typeName = (model: string): string =>
  model.replace(/^Core(?=V\d)/, '').replace(/V\d+((alpha|beta)\d+)?/, '');

/** The compact code of a field's type: a basic type or a type's name, with `[]` (list) or `{}` (map) before it. */
export function code(field: Pick<ModelField, 'name' | 'type' | 'format'>): string {
  const list = /^Array<(.+)>$/.exec(field.type)?.[1];
  if (list !== undefined) return `[]${code({ ...field, type: list })}`;
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(field.type)?.[1];
  // A map of lists, which field tables cannot say.
  if (map?.startsWith('Array<') === true) return '{}any';
  if (map !== undefined) return `{}${QUANTITY_MAPS.has(field.name) ? 'quantity' : code({ ...field, type: map })}`;
  if (QUANTITIES.has(field.name) && field.type === 'string') return 'quantity';
  const basic = BASICS[`${field.type}|${field.format}`];
  if (basic !== undefined) return basic;
  if (/^(\w*?)V\d/.test(field.type) && field.format === '') return typeName(field.type);
  throw new Error(
    `generate: ${field.name} has the unknown type ${field.type} (${field.format}); add it to plan-kinds.ts`,
  );
}

/** The TypeScript of a code. */
function typescript(text: string): string {
  if (text.startsWith('[]')) return `${typescript(text.slice(2))}[]`;
  if (text.startsWith('{}')) return `Record<string, ${typescript(text.slice(2))}>`;
  return TS[text] ?? text;
}

/** The first two sentences, at most 300 characters. */
export function firstSentences(doc: string): string {
  const sentences = doc.match(/.+?(?:(?<!e\.g|i\.e)\.(?=\s+[A-Z]|$)|$)\s*/g) ?? [];
  const [first = '', second = ''] = sentences.map((sentence) => sentence.trim());
  const both = second === '' ? first : `${first} ${second}`;
  if (both.length <= 300) return both;
  return first.length <= 300 ? first : `${first.slice(0, 297)}...`;
}

const property = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));
const comment = (text: string, indent: string): string =>
  text === '' ? '' : `${indent}/** ${text.replaceAll('*/', '* /')} */\n`;

const HEAD = '// Made by `npm run generate` from the models of @kubernetes/client-node. Do not edit.\n';

function typesText(models: readonly Model[]): string {
  const interfaces = models.map((model) => {
    const fields = model.fields.map(
      (field) =>
        `${comment(firstSentences(field.doc), '  ')}  ${property(field.name)}${field.required ? '' : '?'}: ${typescript(code(field))};\n`,
    );
    return `${comment(firstSentences(model.doc), '')}export interface ${typeName(model.name)} {\n${fields.join('')}}\n`;
  });
  const basics = [
    '/** A number with an optional unit: `100m`, `1.5Gi`. */\nexport type Quantity = string | number;\n',
    '/** A whole number, or a name or percentage. */\nexport type IntOrString = number | string;\n',
  ];
  return [HEAD, ...basics, ...interfaces].join('\n');
}

function fieldsText(models: readonly Model[]): string {
  const tables = models.map((model) => {
    const fields = model.fields.map(
      (field) => `${property(field.name)}: ${JSON.stringify(code(field) + (field.required ? '!' : ''))}`,
    );
    return `  ${typeName(model.name)}: { ${fields.join(', ')} },\n`;
  });
  const doc =
    '/** Type -> field -> code of its type: a basic type or a type of this table, `[]` list, `{}` map, `!` required. */\n';
  return `${HEAD}\n${doc}export const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {\n${tables.join('')}};\n`;
}

function docsText(models: readonly Model[]): string {
  const tables = models.map((model) => {
    const fields = model.fields.map(
      (field) => `    ${property(field.name)}: ${JSON.stringify(firstSentences(field.doc))},\n`,
    );
    return `  ${typeName(model.name)}: {\n    '': ${JSON.stringify(firstSentences(model.doc))},\n${fields.join('')}  },\n`;
  });
  const doc =
    '/** Field documentation for `explain` and OpenAPI; not used yet. Type -> field -> text; the text of the type itself under the empty name. */\n';
  return `${HEAD}\n${doc}export const DOCS: Readonly<Record<string, Readonly<Record<string, string>>>> = {\n${tables.join('')}};\n`;
}

/** File name -> text of `contracts/kinds/generated`. Pure: the same models give the same bytes. */
export function planKinds(models: readonly Model[]): Readonly<Record<string, string>> {
  const names = models.map((model) => typeName(model.name));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`generate: two models have the type name ${twice}; change typeName`);
  return { 'types.ts': typesText(models), 'fields.ts': fieldsText(models), 'docs.ts': docsText(models) };
}
