// Drives the page in a real browser: every prepared tab runs, a live event arrives, and nothing leaves the origin.
//
//     node test/explorer.mjs [BINARY]        the binary to try, ../target/debug/hindsight unless given
//
// CHROMIUM names the browser, /usr/bin/chromium unless given. A picture of each tab is left in the system's
// temporary folder.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const BINARY = resolve(process.argv[2] ?? join(import.meta.dirname, '../../target/debug/hindsight'));
const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const PICTURES = join(tmpdir(), 'hindsight-explorer');
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
const home = mkdtempSync(join(tmpdir(), 'hindsight-'));
const server = spawn(BINARY, ['serve', '--listen', '127.0.0.1:0', '--data-dir', join(home, 'data')], {
  cwd: home,
  env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HINDSIGHT_'))),
  stdio: ['ignore', 'pipe', 'inherit'],
});
process.on('exit', () => server.kill());
let browser;
try {
  const origin = await listening(server);
  const shop = await stock(origin);
  browser = await chromium.launch({
    executablePath: BROWSER,
    args: [...QUIET, '--disable-sync', '--no-first-run'],
  });
  for (const colorScheme of ['light', 'dark']) await explore(origin, shop, colorScheme);
  console.log(`The explorer works; pictures: ${PICTURES}-*.png`);
} finally {
  await browser?.close();
  server.kill('SIGTERM');
  if (server.exitCode === null) await once(server, 'exit');
  rmSync(home, { recursive: true, force: true });
}

/** One visit, from an empty browser, to the last tab. */
async function explore(origin, shop, colorScheme) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1360, height: 800 } });
  const page = await context.newPage();
  const wrongs = [];
  const isOwn = (url) => /^(data|blob):/.test(url) || new URL(url).host === new URL(origin).host;
  await context.route('**', (route) => {
    if (isOwn(route.request().url())) return route.continue();
    wrongs.push(`a request to ${route.request().url()}`);
    return route.abort();
  });
  page.on('websocket', (socket) => isOwn(socket.url()) || wrongs.push(`a socket to ${socket.url()}`));
  page.on('response', (response) => response.status() >= 400 && wrongs.push(`${response.status()} ${response.url()}`));
  page.on('pageerror', (error) => wrongs.push(`an error: ${error.message}`));
  page.on('console', (line) => line.type() === 'error' && wrongs.push(`on the console: ${line.text()}`));
  const picture = (name) => page.screenshot({ path: `${PICTURES}-${colorScheme}-${name}.png` });

  await page.goto(`${origin}/`);
  // The schema has been read once the documentation can be.
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByText('Root Types').waitFor();
  await picture('documentation');
  await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();

  await run(page, 'FindUserAndProduct', (text) => text.includes(shop.userId) && text.includes(shop.productId));
  await picture('find');
  await run(page, 'PlaceOrder', (text) => text.includes('"OrderPlaced"') && text.includes('"errors": []'));
  await picture('order');

  // A prepared tab that was closed can be opened again.
  await select(page, 'ThenAndNow');
  await page.locator('.graphiql-tab-active .graphiql-tab-close').press('Enter');
  await page.getByLabel('How long ago').fill('yesterday');
  await page.getByRole('button', { name: 'Set $asOf' }).click();
  await page.getByRole('status').getByText('Write a duration such as').waitFor();
  await picture('closed');
  await page.getByRole('button', { name: 'Then and now' }).click();
  await page.locator('.graphiql-tab-active', { hasText: 'ThenAndNow' }).waitFor();
  await page.getByLabel('How long ago').fill('-P1D');
  await page.getByRole('button', { name: 'Set $asOf' }).click();
  const asked = page.waitForRequest((request) => request.postDataJSON()?.operationName === 'ThenAndNow');
  await run(page, 'ThenAndNow', (text) => /"ordersThen": {\s*"totalCount": 0,[^]*"totalCount": [1-9]/.test(text));
  assert.deepEqual((await asked).postDataJSON().variables, { asOf: '-P1D' });
  await picture('compare');

  await run(page, 'Search', (text) => /"totalCount": [1-9]/.test(text) && text.includes('"score"'));
  await picture('search');

  await start(page, 'WatchTheLog');
  // Nothing tells that a subscription has begun but its first event, so stock arrives until that is seen.
  await until(async () => {
    await ask(origin, `mutation { receiveStock(input: { productId: "${shop.productId}", quantity: 1 }) { position } }`);
    return (await answer(page)).includes('"StockReceived"');
  }, 'a live event in WatchTheLog');
  await picture('watch');
  await page.getByRole('button', { name: 'Stop query' }).click();

  assert.deepEqual(wrongs, []);
  await context.close();
}

/** Runs the tab and waits until its answer is as it should be. */
async function run(page, tab, isRight) {
  await start(page, tab);
  await until(async () => isRight(await answer(page)), `the answer of ${tab}`, async () => {
    await page.screenshot({ path: `${PICTURES}-failed.png` });
    return answer(page);
  });
}

async function start(page, tab) {
  await select(page, tab);
  await page.getByRole('button', { name: /^Execute query/ }).click();
}

/** Brings the tab to the front; by keyboard, since a tab can be dragged and takes a quick press for the start of that. */
async function select(page, tab) {
  await page.locator('.graphiql-tab-button', { hasText: tab }).press('Enter');
  await page.locator('.graphiql-tab-active', { hasText: tab }).waitFor();
}

/** As much of the answer as is on show. */
function answer(page) {
  return page.evaluate(() => {
    const lines = document.querySelector('.result-window .view-lines');
    return lines?.innerText.replaceAll('\u00a0', ' ') ?? '';
  });
}

async function until(isSo, what, seen = () => '') {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await isSo()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`${what} did not come; instead: ${await seen()}`);
}

/** The origin, once the server has said that it answers. */
function listening(server) {
  return new Promise((found, failed) => {
    createInterface({ input: server.stdout }).on('line', (line) => {
      const origin = /http:\/\/[^/]+/.exec(line);
      if (origin) found(origin[0]);
    });
    server.on('error', failed);
    server.on('exit', () => failed(new Error(`${BINARY} ended before it answered`)));
  });
}

async function ask(origin, query) {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  return data;
}

/** A user and a product to begin with. */
async function stock(origin) {
  const data = await ask(
    origin,
    `mutation {
      createUser(input: { name: "Ada Lovelace", email: "ada@example.org", address: { line1: "1 Main St", city: "London", country: "GB" } }) { user { id } }
      createProduct(input: { sku: "TEA", name: "Tea", price: { amount: "4.50", currency: "EUR" }, initialStock: 100 }) { product { id } }
    }`,
  );
  return { userId: data.createUser.user.id, productId: data.createProduct.product.id };
}
