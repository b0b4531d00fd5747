// Python's gql: over aiohttp and over websockets.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { serve } from './support/server.js';
import { stock } from './support/shop.js';

// scripts/test-clients names a Python that has gql, or has told why there is none.
const { PYTHON } = process.env;

test('gql runs a query, a mutation and a subscription', { skip: !PYTHON && 'PYTHON names no Python with gql' }, async () => {
  const server = await serve();
  const { productId } = await stock(server);
  const script = join(import.meta.dirname, 'python/shop.py');
  const { stdout } = await promisify(execFile)(PYTHON, [script, server.url, server.socketUrl, productId]);
  const types = ['UserCreated', 'ProductCreated', 'OrderPlaced', 'StockReserved', 'StockReceived'];
  const events = types.map((type, index) => ({ position: `${index + 1}`, type }));
  assert.deepEqual(JSON.parse(stdout), {
    query: { product: { asOf: null, stock: 97 } },
    mutation: { receiveStock: { position: '5', errors: [] } },
    error: 'BAD_USER_INPUT',
    subscription: events,
    newer: events,
  });
});
