// The published contract: described, by the rules, and never broken for those who rely on it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  introspectionFromSchema,
  isScalarType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { serve } from './support/server.js';
import { post } from './support/shop.js';
import { HERE, ROOT, SCHEMA, bare, run, scratch } from './support/tools.js';

const text = readFileSync(SCHEMA, 'utf8');
const schema = buildSchema(text);
const types = Object.values(schema.getTypeMap()).filter(({ name, astNode }) => astNode && !name.startsWith('__'));
const folder = scratch();

test('everything has a description', () => {
  const missing = [];
  const look = (name, { description }) => description?.trim() || missing.push(name);
  for (const type of types) {
    look(type.name, type);
    for (const value of type.getValues?.() ?? []) look(`${type.name}.${value.name}`, value);
    for (const field of Object.values(type.getFields?.() ?? {})) {
      look(`${type.name}.${field.name}`, field);
      for (const argument of field.args ?? []) look(`${type.name}.${field.name}(${argument.name})`, argument);
    }
  }
  // The executor gives roots that are merged from many parts none; they are what their fields are.
  const roots = ['Query', 'Mutation', 'Subscription'];
  assert.deepEqual(missing.filter((name) => !roots.includes(name)), []);
});

test('every scalar of our own says where it is specified', () => {
  const scalars = types.filter((type) => isScalarType(type) && !isSpecifiedScalarType(type));
  assert.deepEqual(scalars.filter((type) => !type.specifiedByURL).map(String), []);
});

test('introspection tells the same contract', async () => {
  const server = await serve();
  const { body } = await post(server, { query: getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true }) });
  assert.equal(body.errors, undefined);
  const told = lexicographicSortSchema(buildClientSchema(body.data));
  assert.equal(printSchema(told), printSchema(lexicographicSortSchema(buildClientSchema(introspectionFromSchema(schema)))));
});

test('the rules of graphql-eslint for schemas and for Relay are kept', async () => {
  const { code, output } = await run('eslint', ['--config', join(HERE, 'eslint.config.js'), 'schema.graphql'], { cwd: ROOT });
  assert.equal(code, 0, output);
});

test('nothing that was released is broken', async () => {
  const { code, output } = await compare(released(), text);
  assert.equal(code, 0, output);
});

test('a change that breaks clients is found, and one that does not is let through', async () => {
  const contract = bare(text);
  const broken = contract
    .replace(/(type User [^}]*?)\n  name: String!/, '$1')
    .replace('node(', 'node(now: Boolean!, ')
    .replace(/\n  DEACTIVATED/, '')
    .replace('totalCount: Int!', 'totalCount: Int');
  const { code, output } = await compare(contract, broken);
  assert.equal(code, 1, output);
  for (const breach of [
    /✖ +Field name was removed from object type User/,
    /✖ +Argument now: Boolean! added to field Query.node/,
    /✖ +Enum value DEACTIVATED was removed from enum UserStatus/,
    /✖ +Field \w+\.totalCount changed type from Int! to Int/,
  ]) {
    assert.match(output, breach);
  }
  const harmless = await compare(contract, `${contract}\ntype More {\n  more: Int\n}\n`);
  assert.equal(harmless.code, 0, harmless.output);
});

/** The schema at the last tag, or as it was written down at the last release. */
function released() {
  const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    return git('show', `${git('describe', '--tags', '--abbrev=0').trim()}:schema.graphql`);
  } catch {
    return readFileSync(join(HERE, 'contract/released.graphql'), 'utf8');
  }
}

async function compare(before, after) {
  const [old, young] = [join(folder, 'before.graphql'), join(folder, 'after.graphql')];
  writeFileSync(old, bare(before));
  writeFileSync(young, bare(after));
  return run('graphql-inspector', ['diff', old, young]);
}
