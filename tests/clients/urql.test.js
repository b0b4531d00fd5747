// urql, without a framework around it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { serve } from './support/server.js';
import { stock } from './support/shop.js';

const server = await serve();
const shop = await stock(server);

/** A client that is gone after the test. */
function connect(t) {
  const socket = createClient({ url: server.socketUrl, webSocketImpl: WebSocket });
  t.after(() => socket.dispose());
  return new Client({
    url: server.url,
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink) }),
        }),
      }),
    ],
  });
}

test('a query is answered, by GET too', async (t) => {
  const query = 'query($id: ID!) { order(id: $id) { id asOf status } }';
  for (const preferGetMethod of [false, 'force']) {
    const { data, error } = await connect(t).query(query, { id: shop.orderId }, { preferGetMethod });
    assert.equal(error, undefined);
    assert.equal(data.order.status, 'PLACED');
  }
});

test('a mutation is carried out', async (t) => {
  const { data, error } = await connect(t).mutation(
    'mutation($input: RenameProductInput!) { renameProduct(input: $input) { product { name } errors { code } } }',
    { input: { productId: shop.productId, name: 'Green tea' } },
  );
  assert.equal(error, undefined);
  assert.deepEqual(data.renameProduct.product.name, 'Green tea');
});

test('a subscription answers what was recorded', async (t) => {
  const types = await new Promise((done, failed) => {
    const seen = [];
    const { unsubscribe } = connect(t)
      .subscription('subscription { events(after: "0") { type } }', {})
      .subscribe(({ data, error }) => {
        if (error) failed(error);
        else if (seen.push(data.events.type) === 4) {
          unsubscribe();
          done(seen);
        }
      });
  });
  assert.deepEqual(types, ['UserCreated', 'ProductCreated', 'OrderPlaced', 'StockReserved']);
});

test('a failure is an error with its code', async (t) => {
  const { error } = await connect(t).query('query($id: ID!) { order(id: $id) { id } }', { id: 'unheard of' });
  assert.equal(error.graphQLErrors[0].extensions.code, 'BAD_USER_INPUT');
});
