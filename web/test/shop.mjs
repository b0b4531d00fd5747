// A served binary with a user and a product in it, for as long as a test runs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** `{ origin, userId, productId, ask, close }` of a server of its own, on a free port. */
export async function openShop(binary) {
  const home = mkdtempSync(join(tmpdir(), 'hindsight-'));
  const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data-dir', join(home, 'data')], {
    cwd: home,
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HINDSIGHT_'))),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.on('exit', () => server.kill());
  const close = async () => {
    server.kill('SIGTERM');
    if (server.exitCode === null && server.pid) await once(server, 'exit');
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const origin = await listening(server, binary);
    const ask = (query) => data(origin, query);
    return { origin, ask, close, ...(await stock(ask)) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The origin, once the server has said that it answers. */
function listening(server, binary) {
  return new Promise((found, failed) => {
    createInterface({ input: server.stdout }).on('line', (line) => {
      const origin = /http:\/\/[^/]+/.exec(line);
      if (origin) found(origin[0]);
    });
    server.on('error', failed);
    server.on('exit', () => failed(new Error(`${binary} ended before it answered`)));
  });
}

async function data(origin, query) {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  return data;
}

async function stock(ask) {
  const { createUser, createProduct } = await ask(`mutation {
    createUser(input: { name: "Ada Lovelace", email: "ada@example.org", address: { line1: "1 Main St", city: "London", country: "GB" } }) { user { id } }
    createProduct(input: { sku: "TEA", name: "Tea", price: { amount: "4.50", currency: "EUR" }, initialStock: 100 }) { product { id } }
  }`);
  return { userId: createUser.user.id, productId: createProduct.product.id };
}
