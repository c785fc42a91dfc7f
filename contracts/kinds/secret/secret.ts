import { decodeJson } from '../../codec/codec.ts';
import { own, sameValue } from '../../json-values.ts';
import { base64Length, checkKeys, DATA_MAX } from '../config-map/check-data.ts';
import { defineKind } from '../kind.ts';
import type { Secret } from '../kinds.ts';
import { AGE, column, NAME } from '../meta/columns.ts';
import { dnsSubdomain } from '../name-formats.ts';
import type { Findings } from '../validation-findings.ts';
import { base64OfText, textOfBase64 } from './base64.ts';

/** Keys that each type must have. */
const TYPE_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};
const JSON_KEYS: Readonly<Record<string, string>> = {
  'kubernetes.io/dockercfg': '.dockercfg',
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
};
const ACCOUNT = 'kubernetes.io/service-account.name';

/** `stringData` is write-only: it is merged into `data`, where its values replace others. */
function foldStringData(secret: Secret): void {
  if (secret.stringData === undefined) return;
  const folded = Object.entries(secret.stringData).map(([key, text]) => [key, base64OfText(text)] as const);
  secret.data = { ...secret.data, ...Object.fromEntries(folded) };
  delete secret.stringData;
}

const isJson = (text: string): boolean => {
  try {
    decodeJson(text);
    return true;
  } catch {
    return false;
  }
};

function checkType({ type = '', data = {}, metadata }: Secret, findings: Findings): void {
  for (const key of own(TYPE_KEYS, type) ?? []) if (!Object.hasOwn(data, key)) findings.required(`data[${key}]`);
  const jsonKey = own(JSON_KEYS, type);
  if (jsonKey !== undefined && Object.hasOwn(data, jsonKey) && !isJson(textOfBase64(data[jsonKey] ?? ''))) {
    findings.invalid(`data[${jsonKey}]`, '<secret contents redacted>', 'must be valid JSON');
  }
  if (type === 'kubernetes.io/basic-auth' && !['username', 'password'].some((key) => Object.hasOwn(data, key))) {
    findings.required('data[username]');
    findings.required('data[password]');
  }
  if (type === 'kubernetes.io/service-account-token' && !metadata?.annotations?.[ACCOUNT]) {
    findings.required(`metadata.annotations[${ACCOUNT}]`);
  }
}

function check(secret: Secret, findings: Findings): void {
  const data = secret.data ?? {};
  checkKeys(data, 'data', findings);
  if (Object.values(data).reduce((sum, text) => sum + base64Length(text), 0) > DATA_MAX) {
    findings.tooLong('data', DATA_MAX);
  }
  checkType(secret, findings);
}

function checkUpdate(secret: Secret, old: Secret, findings: Findings): void {
  if (secret.type !== old.type) findings.invalid('type', secret.type, 'field is immutable');
  if (old.immutable !== true) return;
  const detail = 'field is immutable when `immutable` is set';
  if (secret.immutable !== true) findings.forbidden('immutable', detail);
  if (!sameValue(secret.data, old.data)) findings.forbidden('data', detail);
}

export const secretKind = defineKind<Secret>({
  resource: 'secrets',
  singular: 'secret',
  kind: 'Secret',
  namespaced: true,
  secret: true,
  apiVersion: 'v1',
  selectableFields: { type: ({ type }) => type ?? '' },
  columns: [
    NAME,
    column('TYPE', ({ type }) => type ?? ''),
    column('DATA', ({ data = {} }) => String(Object.keys(data).length)),
    AGE,
  ],
  defaults: { Secret: { '': foldStringData, type: 'Opaque' } },
  rules: { Secret: { check } },
  nameFormat: dnsSubdomain,
  checkUpdate,
});
