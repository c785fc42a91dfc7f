import { expect, it } from 'vitest';
import { compileExpression } from './expression.ts';

const scope = {
  turn: () => 7,
  said: () => [{ say: 'bind', body: { target: { name: 'a' } } }],
  cells: () => ({ 'assumed/pods.a.b': { node: 'a' } }),
  body: () => undefined,
};
const evaluate = (text: string): unknown => compileExpression(text, Object.keys(scope))(scope);

it.each([
  ['turn > 6', true],
  ['said.some(s => s.body.target.name === "a")', true],
  ['Object.keys(cells).length', 1],
  ['cells["assumed/pods.a.b"].node', 'a'],
  ['body.spec.replicas > 3', undefined], // there is no body
  ['said.map(s => s.say)', ['bind']],
  ['[...said].length', 1],
  ['Math.max(...said.map(s => s.say.length))', 4],
])('%s', (text, value) => {
  expect(evaluate(text)).toEqual(value);
});

it('makes nothing that is not spoken of', () => {
  let made = 0;
  const costly = () => {
    made += 1;
    return {};
  };
  const scope = { turn: () => ({ body: 1 }), body: costly };
  compileExpression('turn.body + "cells"', ['turn', 'body'])(scope);
  compileExpression('turn?.body', ['turn', 'body'])(scope);
  expect(made).toBe(0);
});

it.each([
  ['process.exit(3)', /process is not defined/],
  ['require("node:fs")', /require is not defined/],
  ['said.constructor.constructor("return process")()', /Code generation from strings disallowed/],
  ['(() => { for (;;); })()', /timed out/],
  ['trun > 3', /trun is not defined/],
])('%s reaches nothing of Node, and ends', (text, finding) => {
  expect(() => evaluate(text)).toThrow(finding);
});

it('names what is no expression', () => {
  expect(() => compileExpression('turn >', ['turn'])).toThrow(SyntaxError);
});

it.each(['(() => { throw null; })()', '(() => { throw undefined; })()'])('%s fails in one line', (text) => {
  expect(() => compileExpression(text, [])({})).toThrow(/^\(\(\) => \{ throw \w+; \}\)\(\): (null|undefined)$/);
});

it('what is left to a promise has no more time than the rest', () => {
  expect(() => compileExpression('Promise.resolve().then(() => { for (;;); })', [])({})).toThrow(/timed out/);
});
