// Drives the page in a real browser, light and dark: every prepared tab runs, a live event arrives, the moment picker
// sets what it shows, nothing leaves the origin, and nothing breaks the page's policy.
//
//     node test/explorer.mjs [BINARY]        the binary to try, ../target/debug/hindsight unless given
//
// CHROMIUM names the browser, /usr/bin/chromium unless given. Pictures are left in ../target/explorer.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

import { openShop } from './shop.mjs';

const TARGET = process.env.CARGO_TARGET_DIR ?? join(import.meta.dirname, '../../target');
const BINARY = resolve(process.argv[2] ?? join(TARGET, 'debug/hindsight'));
const BROWSER = process.env.CHROMIUM ?? '/usr/bin/chromium';
const PICTURES = join(TARGET, 'explorer');
const ARGUMENTS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  ...['--disable-sync', '--no-first-run', '--disable-dev-shm-usage'],
  // The network is blocked: no name is found, and this machine alone is reached.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];
const BACKGROUND = { light: 'rgb(255, 255, 255)', dark: 'rgb(33, 42, 59)' };

/** What is tried in each prepared tab, by its operation's name, in the order of the tabs. Every tab has to be here. */
const TABS = {
  FindUserAndProduct: ({ page, shop }) =>
    run(page, 'FindUserAndProduct', (text) => text.includes(shop.userId) && text.includes(shop.productId)),

  PlaceOrder: async ({ page, shop }) => {
    await run(page, 'PlaceOrder', (text) => text.includes('"OrderPlaced"') && text.includes('"errors": []'));
    const { orders } = await shop.ask('{ orders(first: 1) { nodes { id } } }');
    await shop.ask(`mutation { payOrder(input: { orderId: "${orders.nodes[0].id}", paymentReference: "till-1" }) { position } }`);
  },

  ThenAndNow: async ({ page }) => {
    await set(page, 'a day ago', '-P1D');
    await run(page, 'ThenAndNow', (text) => /"ordersThen": {\s*"totalCount": 0,[^]*"totalCount": [1-9]/.test(text));
  },

  WhatChanged: ({ page }) =>
    run(page, 'WhatChanged', (text) => text.includes('"OrderPlaced"') && text.includes('"before": null')),

  SalesReport: ({ page }) => run(page, 'SalesReport', (text) => /"orders": [1-9][^]*"amount": "[1-9]/.test(text)),

  Search: ({ page }) => run(page, 'Search', (text) => /"totalCount": [1-9]/.test(text) && text.includes('"score"')),

  WatchTheLog: async ({ page, shop }) => {
    await start(page, 'WatchTheLog');
    // Nothing tells that a subscription has begun but its first event, so stock arrives until that is seen.
    await until(async () => {
      await shop.ask(`mutation { receiveStock(input: { productId: "${shop.productId}", quantity: 1 }) { position } }`);
      return (await answer(page)).includes('"StockReceived"');
    }, 'a live event in WatchTheLog');
  },
};

mkdirSync(PICTURES, { recursive: true });
const shop = await openShop(BINARY);
let browser;
try {
  browser = await chromium.launch({ executablePath: BROWSER, args: ARGUMENTS });
  for (const colorScheme of ['light', 'dark']) await explore(colorScheme);
  console.log(`The explorer works; pictures: ${PICTURES}`);
} finally {
  await browser?.close();
  await shop.close();
}

/** One visit, from an empty browser, to the last tab. */
async function explore(colorScheme) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1360, height: 800 } });
  const { page, wrongs } = await watched(context);
  const picture = (name) => page.screenshot({ path: join(PICTURES, `${colorScheme}-${name}.png`) });

  await page.goto(`${shop.origin}/`);
  const background = () => page.locator('.bar').evaluate((bar) => getComputedStyle(bar).backgroundColor);
  assert.equal(await background(), BACKGROUND[colorScheme]);
  // The schema has been read once the documentation can be.
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByText('Root Types').waitFor();
  await picture('documentation');
  await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();

  assert.deepEqual(await page.locator('.graphiql-tab-button').allInnerTexts(), Object.keys(TABS));
  for (const [tab, attempt] of Object.entries(TABS)) {
    await select(page, tab);
    await attempt({ page, shop });
    await picture(tab);
  }
  await page.getByRole('button', { name: 'Stop query' }).click();

  await pickMoments(page, picture);
  await reopen(page, picture);
  assert.deepEqual(wrongs, []);
  await breakThePolicy(page, wrongs);
  await context.close();
}

/** A page, and whatever goes wrong on it: requests to elsewhere, errors, and what its policy had to stop. */
async function watched(context) {
  const page = await context.newPage();
  const wrongs = [];
  const isOwn = (url) => /^(data|blob):/.test(url) || new URL(url).host === new URL(shop.origin).host;
  await context.route('**', (route) => {
    if (isOwn(route.request().url())) return route.continue();
    wrongs.push(`a request to ${route.request().url()}`);
    return route.abort();
  });
  page.on('websocket', (socket) => isOwn(socket.url()) || wrongs.push(`a socket to ${socket.url()}`));
  page.on('response', (response) => response.status() >= 400 && wrongs.push(`${response.status()} ${response.url()}`));
  page.on('pageerror', (error) => wrongs.push(`an error: ${error.message}`));
  page.on('console', (line) => line.type() === 'error' && wrongs.push(`on the console: ${line.text()}`));
  await page.exposeFunction('violated', (directive) => wrongs.push(`against the policy: ${directive}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => window.violated(event.effectiveDirective));
  });
  return { page, wrongs };
}

/** Every kind of moment reaches the variables, and what is none is said to be none. */
async function pickMoments(page, picture) {
  await select(page, 'ThenAndNow');
  await set(page, 'now', undefined);
  await set(page, 'another time ago …', '-PT90M', { label: 'How long ago', text: '-pt90m' });
  await set(page, 'a position …', '2', { label: 'Position in the log', text: '2' });
  // It is typed in the zone of the browser's machine, which is this one.
  const local = '2026-11-09T12:00:05';
  await set(page, 'an instant …', new Date(local).toISOString(), { label: 'Instant, in', text: local });
  await picture('picker');

  await page.getByLabel('As of').selectOption('another time ago …');
  await page.getByLabel('How long ago').fill('yesterday');
  await page.getByRole('button', { name: 'Set $asOf' }).click();
  await page.getByRole('status').getByText('Write a duration such as').waitFor();
  await select(page, 'FindUserAndProduct');
  await set(page, 'a week ago', '-P1W');
  await page.getByRole('status').getByText('does not take $asOf').waitFor();
  await select(page, 'ThenAndNow');
  await page.getByRole('status').filter({ hasNotText: /./ }).waitFor({ state: 'attached' });
}

/** Picks a moment and sees it in the variables. */
async function set(page, choice, moment, typed) {
  await page.getByLabel('As of').selectOption(choice);
  if (typed) await page.getByLabel(typed.label).fill(typed.text);
  await page.getByRole('button', { name: 'Set $asOf' }).click();
  const isSet = async () => {
    const text = await lines(page, '.graphiql-editor-tool');
    try {
      return JSON.parse(text).asOf === moment;
    } catch {
      // The editor is writing: nothing is there, or a part.
      return false;
    }
  };
  await until(isSet, `${moment} as $asOf`, () => lines(page, '.graphiql-editor-tool'));
}

/** A prepared tab that was closed can be opened again. */
async function reopen(page, picture) {
  await select(page, 'SalesReport');
  await page.locator('.graphiql-tab-active .graphiql-tab-close').press('Enter');
  const again = page.getByRole('button', { name: 'Sales report' });
  await again.waitFor();
  await picture('closed');
  await again.click();
  await page.locator('.graphiql-tab-active', { hasText: 'SalesReport' }).waitFor();
  await run(page, 'SalesReport', (text) => text.includes('"totals"'));
}

/** The policy is in force, and what it stops is seen here; otherwise nothing seen above would mean nothing. */
async function breakThePolicy(page, wrongs) {
  await page.evaluate(() => fetch('https://elsewhere.example/').catch(() => {}));
  await page.evaluate(() => {
    document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' }));
  });
  for (const directive of ['connect-src', 'script-src-elem']) {
    await until(() => wrongs.includes(`against the policy: ${directive}`), `a violation of ${directive}`, () => wrongs);
  }
  assert.equal(await page.evaluate(() => window.ran), undefined);
  assert.ok(!wrongs.some((wrong) => wrong.startsWith('a request to')), `${wrongs}`);
}

/** Runs the tab and waits until its answer is as it should be. */
async function run(page, tab, isRight) {
  await start(page, tab);
  await until(async () => isRight(await answer(page)), `the answer of ${tab}`, async () => {
    await page.screenshot({ path: join(PICTURES, 'failed.png') });
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
  return lines(page, '.result-window');
}

/** The text that an editor shows. */
function lines(page, place) {
  return page.evaluate((place) => {
    const editors = [...document.querySelectorAll(`${place} .view-lines`)].filter((lines) => lines.offsetParent);
    return (editors[0]?.innerText ?? '').replaceAll('\u00a0', ' ');
  }, place);
}

async function until(isSo, what, seen = () => '') {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await isSo()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`${what} did not come; instead: ${await seen()}`);
}
