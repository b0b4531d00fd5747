// Apollo Client: HTTP, a WebSocket for subscriptions, and a cache that keeps then and now apart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { serve } from './support/server.js';
import { pay, stock } from './support/shop.js';

const server = await serve();
const shop = await stock(server);
const ORDER = gql`
  query ($id: ID!, $then: Moment) {
    now: order(id: $id) {
      id
      asOf
      status
    }
    then: order(id: $id, asOf: $then) {
      id
      asOf
      status
    }
  }
`;

/** A client that is gone after the test. Entities are kept by their id and moment together. */
function connect(t) {
  const socket = createClient({ url: server.socketUrl, webSocketImpl: WebSocket });
  const keyFields = ['id', 'asOf'];
  const client = new ApolloClient({
    cache: new InMemoryCache({ typePolicies: { User: { keyFields }, Product: { keyFields }, Order: { keyFields } } }),
    link: ApolloLink.split(
      ({ operationType }) => operationType === 'subscription',
      new GraphQLWsLink(socket),
      new HttpLink({ uri: server.url }),
    ),
  });
  t.after(() => {
    client.stop();
    return socket.dispose();
  });
  return client;
}

test('then and now of one order stand side by side in the cache', async (t) => {
  const client = connect(t);
  await pay(server, shop.orderId);
  const { data } = await client.query({ query: ORDER, variables: { id: shop.orderId, then: '4' } });
  assert.equal(data.now.status, 'PAID');
  assert.equal(data.then.status, 'PLACED');
  const cached = Object.values(client.cache.extract()).filter(({ __typename }) => __typename === 'Order');
  const order = { __typename: 'Order', id: shop.orderId };
  assert.deepEqual(cached, [
    { ...order, asOf: null, status: 'PAID' },
    { ...order, asOf: '4', status: 'PLACED' },
  ]);
});

test('a mutation updates what the cache holds of now, and not what it holds of then', async (t) => {
  const client = connect(t);
  const product = { id: shop.productId, then: '2' };
  const PRODUCT = gql`
    query ($id: ID!, $then: Moment) {
      now: product(id: $id) {
        id
        asOf
        name
      }
      then: product(id: $id, asOf: $then) {
        id
        asOf
        name
      }
    }
  `;
  await client.query({ query: PRODUCT, variables: product });
  const { data } = await client.mutate({
    mutation: gql`
      mutation ($input: RenameProductInput!) {
        renameProduct(input: $input) {
          product {
            id
            asOf
            name
          }
          errors {
            code
          }
        }
      }
    `,
    variables: { input: { productId: shop.productId, name: 'Green tea' } },
  });
  assert.deepEqual(data.renameProduct.errors, []);
  const cached = client.readQuery({ query: PRODUCT, variables: product });
  assert.equal(cached.now.name, 'Green tea');
  assert.equal(cached.then.name, 'Tea');
});

test('a subscription tells what happens, and the cache follows', async (t) => {
  const client = connect(t);
  const WATCHED = gql`
    subscription ($id: ID!) {
      product(id: $id) {
        id
        asOf
        stock
      }
    }
  `;
  const stocks = [];
  await new Promise((done, error) => {
    client.subscribe({ query: WATCHED, variables: { id: shop.productId } }).subscribe({
      next({ data }) {
        stocks.push(data.product.stock);
        if (stocks.length === 1) receive(client).catch(error);
        if (data.product.stock === stocks[0] + 5) done();
      },
      error,
    });
  });
  const key = client.cache.identify({ __typename: 'Product', id: shop.productId, asOf: null });
  assert.equal(client.cache.extract()[key].stock, stocks.at(-1));
});

test('a failure is an error with its code', async (t) => {
  const failed = await connect(t)
    .query({ query: ORDER, variables: { id: shop.orderId, then: 'yesterday' } })
    .then(() => assert.fail('it answered'), (error) => error);
  assert.equal(failed.errors[0].extensions.code, 'BAD_USER_INPUT');
});

function receive(client) {
  return client.mutate({
    mutation: gql`
      mutation ($input: ReceiveStockInput!) {
        receiveStock(input: $input) {
          position
        }
      }
    `,
    variables: { input: { productId: shop.productId, quantity: 5 } },
  });
}
