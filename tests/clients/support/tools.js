// Programs of npm packages, and where they find and leave things.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after } from 'node:test';
import { parse, print, visit } from 'graphql';

/** The folder of the tests. */
export const HERE = resolve(import.meta.dirname, '..');
/** The folder of the whole. */
export const ROOT = resolve(HERE, '../..');
/** The published contract. */
export const SCHEMA = join(ROOT, 'schema.graphql');

/** A folder that is gone after the tests of the file, beside node_modules for what looks its packages up from there. */
export function scratch() {
  const folder = mkdtempSync(join(HERE, '.scratch-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a program of a package; its exit code and all it said. */
export function run(program, args, { cwd = HERE, env = {} } = {}) {
  const script = join(HERE, 'node_modules/.bin', program);
  return new Promise((done) => {
    execFile(process.execPath, [script, ...args], { cwd, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      done({ code: error ? error.code : 0, output: stdout + stderr });
    });
  });
}

/** A schema without its descriptions: what programs rely on. */
export function bare(text) {
  const document = visit(parse(text, { noLocation: true }), {
    enter: (node) => (node.description ? { ...node, description: undefined } : undefined),
  });
  return `${print(document)}\n`;
}
