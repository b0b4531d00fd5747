// The binary, served on a free port with a data folder of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after } from 'node:test';
import { start } from './binary.js';
import { ROOT } from './tools.js';

/** What `cargo build` makes, unless BINARY names another. */
const BINARY = resolve(ROOT, process.env.BINARY ?? join(process.env.CARGO_TARGET_DIR ?? 'target', 'debug/hindsight'));

/** Serves with these settings beside the defaults, until the tests of the file are over. */
export async function serve(...settings) {
  const home = mkdtempSync(join(tmpdir(), 'hindsight-clients-'));
  const folder = ['--data-dir', join(home, 'data')];
  let running = await start(BINARY, home, [...folder, '--listen', '127.0.0.1:0', ...settings]);
  const { origin } = running;
  after(async () => {
    await running.stop();
    rmSync(home, { recursive: true, force: true });
  });
  return {
    origin,
    url: `${origin}/graphql`,
    socketUrl: `${origin.replace('http', 'ws')}/graphql`,
    /** Ends it in order; its exit code. */
    stop: () => running.stop(),
    /** Serves the same log at the same address again, once stopped. */
    async again() {
      running = await start(BINARY, home, [...folder, '--listen', new URL(origin).host, ...settings]);
    },
  };
}
