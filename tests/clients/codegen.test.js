// GraphQL Code Generator: types for TypeScript from the schema, and the operations they are for.
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, print, separateOperations } from 'graphql';
import { createClient } from 'graphql-sse';
import { serve } from './support/server.js';
import { ask, stock } from './support/shop.js';
import { HERE, SCHEMA, run, scratch } from './support/tools.js';

const project = scratch();
cpSync(join(HERE, 'codegen'), project, { recursive: true });
cpSync(SCHEMA, join(project, 'schema.graphql'));

test('types are made from the schema, with a type of the language for each of its scalars', async () => {
  const { code, output } = await run('graphql-codegen', ['--config', 'codegen.json'], { cwd: project });
  assert.equal(code, 0, output);
  const types = readFileSync(join(project, 'types.ts'), 'utf8');
  assert.match(types, /Moment: { input: string \| number; output: string; }/);
  assert.match(types, /Decimal: { input: string; output: string; }/);
  assert.match(types, /export type OrderThenAndNowQueryVariables = Exact<{\s*id: Scalars\['ID'\]\['input'\];/);
  assert.match(types, /asOf\?: InputMaybe<Scalars\['Moment'\]\['input'\]>;/);
  assert.match(types, /export type OrderFragment = {[^}]*status: OrderStatus/);
  assert.match(types, /export type EventsSubscription =/);
});

test('the operations that types were made for are answered', async () => {
  const server = await serve();
  const { productId, orderId } = await stock(server);
  const documents = separateOperations(parse(readFileSync(join(project, 'operations.graphql'), 'utf8')));
  const text = (name) => print(documents[name]);

  const { now, then } = await ask(server, text('OrderThenAndNow'), { id: orderId, asOf: 4 });
  assert.deepEqual([now.asOf, then.asOf], [null, '4']);
  const { renameProduct } = await ask(server, text('Rename'), { input: { productId, name: 'Green tea' } });
  assert.deepEqual(renameProduct, { position: '5', errors: [] });
  const events = createClient({ url: server.url }).iterate({ query: text('Events'), variables: { after: 4 } });
  const { value } = await events.next();
  assert.equal(value.data.events.position, '5');
  await events.return();
});
