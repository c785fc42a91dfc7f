import { sameValue } from '../../json-values.ts';
import { defineKind } from '../kind.ts';
import type { ConfigMap } from '../kinds.ts';
import { AGE, column, NAME } from '../meta/columns.ts';
import { dnsSubdomain } from '../name-formats.ts';
import type { Findings } from '../validation-findings.ts';
import { base64Length, checkKeys, DATA_MAX, utf8Length } from './check-data.ts';

function check({ data = {}, binaryData = {} }: ConfigMap, findings: Findings): void {
  checkKeys(data, 'data', findings);
  checkKeys(binaryData, 'binaryData', findings);
  for (const key of Object.keys(binaryData)) {
    if (Object.hasOwn(data, key)) findings.invalid(`binaryData[${key}]`, key, 'duplicate of key present in data');
  }
  const texts = Object.values(data).reduce((sum, text) => sum + utf8Length(text), 0);
  const bytes = Object.values(binaryData).reduce((sum, text) => sum + base64Length(text), 0);
  if (texts + bytes > DATA_MAX) findings.tooLong('', DATA_MAX);
}

function checkUpdate(map: ConfigMap, old: ConfigMap, findings: Findings): void {
  if (old.immutable !== true) return;
  const detail = 'field is immutable when `immutable` is set';
  if (map.immutable !== true) findings.forbidden('immutable', detail);
  if (!sameValue(map.data, old.data)) findings.forbidden('data', detail);
  if (!sameValue(map.binaryData, old.binaryData)) findings.forbidden('binaryData', detail);
}

export const configMapKind = defineKind<ConfigMap>({
  resource: 'configmaps',
  singular: 'configmap',
  kind: 'ConfigMap',
  shortNames: ['cm'],
  namespaced: true,
  apiVersion: 'v1',
  columns: [
    NAME,
    column('DATA', ({ data = {}, binaryData = {} }) =>
      String(Object.keys(data).length + Object.keys(binaryData).length),
    ),
    AGE,
  ],
  rules: { ConfigMap: { check } },
  nameFormat: dnsSubdomain,
  checkUpdate,
});
