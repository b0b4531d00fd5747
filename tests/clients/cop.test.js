// The thirteen checks of graphql-cop, asked the way it asks them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getIntrospectionQuery } from 'graphql';
import { serve } from './support/server.js';
import { post } from './support/shop.js';

const server = await serve();
const closed = await serve('--no-introspection', '--no-explorer');

/** The one error of a request that was not executed. */
async function refusal(body, headers) {
  const { body: answer } = await post(server, body, headers);
  assert.equal(answer.data, undefined);
  assert.equal(answer.errors.length, 1);
  return answer.errors[0].message;
}

const get = (query, headers = {}) =>
  fetch(`${server.url}?${new URLSearchParams({ query })}`, { headers: { Accept: 'application/json', ...headers } });

test('alias overloading: a hundred aliases are too many', async () => {
  const aliases = Array.from({ length: 101 }, (_, index) => `alias${index}:__typename`).join(' ');
  assert.match(await refusal({ query: `query cop { ${aliases} }` }), /101 (root fields|aliases); at most/);
});

test('batch overloading: an array of queries is none', async () => {
  const batch = Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' }));
  const { status, body } = await post(server, batch);
  assert.equal(status, 400);
  assert.match(body.errors[0].message, /Batches are not taken/);
});

test('directive overloading: ten directives at one place are too many', async () => {
  assert.match(await refusal({ query: `query cop { __typename ${'@aa'.repeat(10)} }` }), /10 directives.*at most 5 .*max-directives/);
});

test('field overloading: five hundred times the same field is too often', async () => {
  assert.match(await refusal({ query: `query cop { ${'__typename '.repeat(500)} }` }), /500 root fields; at most 20/);
});

test('circular introspection: the lists of the schema inside one another are refused', async () => {
  const circle = 'fields { type { fields { type { fields { name } } } } }';
  const message = await refusal({ query: `query cop { __schema { types { ${circle} } } }` });
  assert.match(message, /introspection/i);
});

test('field suggestions: they end where introspection does', async () => {
  const query = 'query cop { __schema { directive } usr }';
  const suggested = async (server) => JSON.stringify((await post(server, { query: 'query cop { usr }' })).body);
  assert.match(await suggested(server), /Did you mean/);
  assert.doesNotMatch(await suggested(closed), /Did you mean/);
  assert.doesNotMatch(JSON.stringify((await post(closed, { query })).body), /Did you mean/);
});

test('GET mutations: a GET only reads', async () => {
  const response = await get('mutation cop { deactivateUser(input: { userId: "018f4e9a-7c1b-7000-8000-000000000000" }) { position } }');
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('allow'), 'POST');
});

test('GET queries: with cookies, only with a header that a foreign page cannot send', async () => {
  const cookies = { Cookie: 'session=1' };
  assert.equal((await get('{ __typename }', cookies)).status, 403);
  assert.equal((await get('{ __typename }', { ...cookies, 'GraphQL-Require-Preflight': '1' })).status, 200);
  assert.equal((await get('{ __typename }')).status, 200);
});

test('urlencoded POST: only JSON is taken', async () => {
  for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain']) {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'Content-Type': type },
      body: 'query=query+cop+%7B__typename%7D',
    });
    assert.equal(response.status, 415, type);
    assert.equal((await response.json()).data, undefined);
  }
});

test('GraphQL IDE: it can be switched off, and is nowhere but at its own addresses', async () => {
  const page = async ({ origin }, path) => fetch(origin + path, { headers: { Accept: 'text/html' } });
  for (const path of ['/', '/playground']) {
    assert.equal((await page(server, path)).status, 200);
    assert.equal((await page(closed, path)).status, 404);
  }
  for (const path of ['/graphql', '/graphiql', '/console', '/altair', '/voyager']) {
    const response = await page(server, path);
    assert.doesNotMatch(await response.text(), /<html/i, path);
  }
});

test('introspection: it can be switched off', async () => {
  const query = getIntrospectionQuery();
  assert.equal((await post(server, { query })).body.errors, undefined);
  for (const asked of [query, '{ __schema { queryType { name } } }', '{ __type(name: "Query") { name } }']) {
    const { body } = await post(closed, { query: asked });
    assert.equal(body.data, undefined);
    assert.ok(body.errors.length);
  }
  assert.equal((await post(closed, { query: '{ __typename }' })).body.data.__typename, 'Query');
});

test('traces: none are told, whatever asks for them', async () => {
  const { body } = await post(
    server,
    { query: 'query cop { log { id } }', extensions: { tracing: true } },
    { 'apollo-federation-include-trace': 'ftv1', 'X-Apollo-Tracing': '1' },
  );
  assert.deepEqual(Object.keys(body.extensions ?? {}), ['log']);
});

test('debug mode: errors tell a message, a place and a code, and nothing of the inside', async () => {
  const SHOWN = ['message', 'locations', 'path', 'extensions'];
  for (const body of ['qwerty cop { abc }', '{', { query: 'qwerty cop { abc }' }, { query: 'query cop { user(id: 5, at: 1) { x } }' }]) {
    const { body: answer } = await post(server, body);
    for (const error of answer.errors) {
      assert.deepEqual(Object.keys(error).filter((key) => !SHOWN.includes(key)), []);
      assert.deepEqual(Object.keys(error.extensions), ['code']);
      assert.doesNotMatch(error.message, /panicked|stack|backtrace|\.rs\b|at line \d+ in/i);
    }
  }
});
