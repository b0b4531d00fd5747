// A served binary with a user and a product in it, for as long as a test runs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from '../../tests/clients/support/binary.js';
import { ask, open } from '../../tests/clients/support/shop.js';

/** `{ origin, userId, productId, ask, close }` of a server of its own, on a free port. */
export async function openShop(binary) {
  const home = mkdtempSync(join(tmpdir(), 'hindsight-'));
  let running;
  const close = async () => {
    await running?.stop();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    running = await start(binary, home, ['--listen', '127.0.0.1:0', '--data-dir', join(home, 'data')]);
    const { origin } = running;
    const server = { url: `${origin}/graphql` };
    return { origin, ask: (query) => ask(server, query), close, ...(await open(server)) };
  } catch (error) {
    await close();
    throw error;
  }
}
