// Every place a variable can stand at, in every way it can be declared and given: the server takes what graphql-js
// takes, and nothing else.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildSchema, getArgumentValues, getVariableValues, isScalarType, isSpecifiedScalarType, parse, validate, valueFromASTUntyped } from 'graphql';
import { literals, positions, uses } from './support/positions.js';
import { ready, subscribe } from './support/peer.js';
import { serve } from './support/server.js';
import { SCHEMA } from './support/tools.js';

const AT_ONCE = 32;
/** Milliseconds until a refusal that does not come is given up. */
const PATIENCE = 30_000;
const schema = buildSchema(readFileSync(SCHEMA, 'utf8'));
for (const type of Object.values(schema.getTypeMap())) {
  // What the text of the schema cannot say: our scalars are written as texts, or as numbers.
  if (isScalarType(type) && !isSpecifiedScalarType(type)) {
    type.parseValue = (value) => {
      if (typeof value === 'string' || typeof value === 'number') return value;
      throw new TypeError(`${type.name} is a text or a number`);
    };
    type.parseLiteral = (node) => type.parseValue(valueFromASTUntyped(node));
  }
}
const server = await serve('--max-aliases', '1000');

for (const operation of ['query', 'mutation', 'subscription']) {
  const root = schema.getRootType(operation);
  for (const field of Object.values(root.getFields()).filter(({ args }) => args.length)) {
    test(`${root.name}.${field.name}`, async () => {
      const cases = [...questions(operation, root, field)];
      const answers = await (operation === 'subscription' ? overSocket(cases) : overHttp(cases));
      const differing = cases.flatMap(({ name, text, given, expected }, index) => {
        const { verdict, said } = answers[index] ?? { verdict: 'silent', said: 'the socket was given up' };
        return verdict === expected ? [] : [`${name}\n  ${text}\n  with ${JSON.stringify(given)}: ${verdict}, expected ${expected}; ${said}`];
      });
      assert.equal(differing.length, 0, differing.slice(0, 20).join('\n'));
    });
  }
}

function* questions(operation, root, field) {
  for (const { name, type, literal, variable } of positions(operation, root, field)) {
    for (const text of literals(type)) {
      yield { name, text: literal(text), given: {}, field, expected: verdict(literal(text), {}, field) };
    }
    for (const [declaration, values] of uses(type)) {
      const text = variable(declaration);
      for (const value of values) {
        const given = value === undefined ? {} : { v: value };
        yield { name, text, given, field, expected: verdict(text, given, field) };
      }
    }
  }
}

/** What graphql-js makes of it. */
function verdict(text, given, field) {
  const document = parse(text);
  if (validate(schema, document).length) return 'refused';
  const [operation] = document.definitions;
  const { errors, coerced } = getVariableValues(schema, operation.variableDefinitions, given);
  if (errors) return 'refused';
  try {
    getArgumentValues(field, operation.selectionSet.selections[0], coerced);
    return 'taken';
  } catch {
    return 'refused';
  }
}

/** What the server makes of its answer: a value that no rule of the shop was asked about is refused. */
function judged(errors, wasExecuted) {
  const codes = (errors ?? []).map(({ extensions }) => extensions?.code);
  const said = JSON.stringify(errors ?? 'no errors');
  if (codes.includes('INTERNAL_SERVER_ERROR')) return { verdict: 'broken', said };
  if (wasExecuted) return { verdict: 'taken', said };
  const known = codes.length && codes.every((code) => ['GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT'].includes(code));
  return { verdict: known ? 'refused' : 'broken', said };
}

async function overHttp(cases) {
  const answers = [];
  const asking = cases.entries();
  const ask = async () => {
    for (const [index, { text, given }] of asking) {
      const response = await fetch(server.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' },
        body: JSON.stringify({ query: text, variables: given }),
      });
      const { data, errors } = await response.json();
      answers[index] = judged(errors, data !== undefined);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  return answers;
}

/** A subscription that is taken may have nothing to say; then it was not refused by the time a later query was answered. */
async function overSocket(cases) {
  const peer = await ready(server);
  const answers = [];
  for (let from = 0; from < cases.length; from += AT_ONCE) {
    const group = cases.slice(from, from + AT_ONCE).map((one, index) => ({ ...one, id: `${from + index}` }));
    for (const { id, text, given } of group) peer.send(subscribe(id, text, { variables: given }));
    const last = `after ${from}`;
    peer.send(subscribe(last, '{ log { id } }'));
    const expected = new Set([last, ...group.filter(({ expected }) => expected === 'refused').map(({ id }) => id)]);
    const over = setTimeout(() => peer.socket.terminate(), PATIENCE);
    while (expected.size) {
      const message = await Promise.race([peer.hear(), peer.closed.then(() => null)]);
      if (!message) return answers;
      if (message.type === 'ping') peer.send({ type: 'pong' });
      expected.delete(message.id);
      if (message.type === 'error') answers[message.id] = judged(message.payload, false);
      if (message.type === 'next') answers[message.id] ??= judged(message.payload.errors, true);
    }
    clearTimeout(over);
    for (const { id } of group) {
      answers[id] ??= { verdict: 'taken', said: 'nothing' };
      peer.send({ type: 'complete', id });
    }
  }
  peer.socket.close();
  return answers;
}
