// What the specification says of execution, seen from outside. What fails only where a database does is tried in Rust.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from './support/server.js';
import { ask, order, post, stock } from './support/shop.js';

const server = await serve();
const shop = await stock(server);

test('a root field that fails is null, and the others stay', async () => {
  const query = `query($id: ID!) {
    before: log { head }
    unreadable: order(id: "no such id") { id }
    tooLate: product(id: $id, asOf: 1000000) { id }
    after: order(id: $id) { status }
  }`;
  const { status, body } = await post(server, { query, variables: { id: shop.orderId } }, { Accept: 'application/graphql-response+json' });
  assert.equal(status, 200);
  assert.deepEqual(body.data, { before: { head: '4' }, unreadable: null, tooLate: null, after: { status: 'PLACED' } });
  assert.deepEqual(
    body.errors.map(({ path, extensions }) => [path, extensions.code]).sort(),
    [
      [['tooLate'], 'MOMENT_OUT_OF_RANGE'],
      [['unreadable'], 'BAD_USER_INPUT'],
    ],
  );
});

test('a field that is never null and fails takes its nearest nullable parent with it, and nothing else', async () => {
  const query = `query($id: ID!) {
    good: user(id: $id) { name history(first: 1) { nodes { type } } }
    bad: user(id: $id) { name history(first: 1, after: "no such cursor") { nodes { type } } }
  }`;
  const { body } = await post(server, { query, variables: { id: shop.userId } });
  assert.deepEqual(body.data, { good: { name: 'Ada Lovelace', history: { nodes: [{ type: 'UserCreated' }] } }, bad: null });
  assert.deepEqual(body.errors.map(({ path }) => path), [['bad', 'history']]);
});

test('a mutation that is refused does not hide the outcome of the others', async () => {
  const query = `mutation($id: ID!) {
    first: receiveStock(input: { productId: $id, quantity: 1 }) { position errors { code } }
    refused: receiveStock(input: { productId: $id, quantity: 0 }) { position errors { code path } }
    last: receiveStock(input: { productId: $id, quantity: 1 }) { position product { stock } errors { code } }
  }`;
  assert.deepEqual(await ask(server, query, { id: shop.productId }), {
    first: { position: '5', errors: [] },
    refused: { position: null, errors: [{ code: 'INVALID_INPUT', path: ['quantity'] }] },
    last: { position: '6', product: { stock: 99 }, errors: [] },
  });
});

test('keys come in the order of the query, fragments where they stand, whatever is done first', async () => {
  const query = `query($id: ID!) {
    z: order(id: $id) { lines { quantity product { stock sku } } ...Late status }
    ... on Query { a: log { hash head } }
    m: readModels { name }
    z: order(id: $id) { version status }
    b: user(id: "018f4e9a-7c1b-7000-8000-000000000000") { id }
  }
  fragment Late on Order { placedAt status id }`;
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ query, variables: { id: shop.orderId } }),
  });
  const keys = [...(await response.text()).matchAll(/"(\w+)":/g)].map(([, key]) => key);
  const models = keys.filter((key) => key === 'name');
  assert.ok(models.length > 1);
  assert.deepEqual(
    keys.slice(0, keys.indexOf('extensions')),
    [
      ...['data', 'z', 'lines', 'quantity', 'product', 'stock', 'sku', 'placedAt', 'status', 'id', 'version'],
      ...['a', 'hash', 'head', 'm', ...models, 'b'],
    ],
  );
});

test('a variable that is left out is not null: a default stands for it, and null stands for itself', async () => {
  await order(server, shop);
  const query = 'query($first: Int = 1) { orders(first: $first) { nodes { id } } }';
  const count = async (variables) => (await ask(server, query, variables)).orders.nodes.length;
  assert.equal(await count({}), 1);
  assert.equal(await count({ first: null }), 2);
  assert.equal(await count({ first: 0 }), 0);
});

test('a field whose variable is left out is left out, and the default of the field stands for it', async () => {
  const query = `mutation($id: ID!, $dry: Boolean, $version: Int) {
    receiveStock(input: { productId: $id, quantity: 1, dryRun: $dry, expectedVersion: $version }) { position errors { code } }
  }`;
  const position = async (variables) => {
    const { receiveStock } = await ask(server, query, { id: shop.productId, ...variables });
    assert.deepEqual(receiveStock.errors, []);
    return receiveStock.position;
  };
  assert.notEqual(await position({}), null);
  assert.notEqual(await position({ dry: false, version: null }), null);
  assert.equal(await position({ dry: true }), null);
});

test('skip and include choose fields by variables, and a field left out is not in the answer', async () => {
  const query = 'query($yes: Boolean!, $no: Boolean! = false) { log { id @include(if: $no) head @skip(if: $no) ... @include(if: $yes) { hash } } }';
  assert.deepEqual(Object.keys((await ask(server, query, { yes: true })).log), ['head', 'hash']);
  assert.deepEqual(Object.keys((await ask(server, query, { yes: false, no: true })).log), ['id']);
});
