// Writes contract/released.graphql: the contract as it is, for what comes later to be compared with.
//
//     node support/release.js
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HERE, SCHEMA, bare } from './tools.js';

writeFileSync(join(HERE, 'contract/released.graphql'), bare(readFileSync(SCHEMA, 'utf8')));
