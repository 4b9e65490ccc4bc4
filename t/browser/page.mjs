// The tests of t/page.t in a browser.

import assert from 'node:assert/strict';

import { accessTests } from './access.mjs';
import { controlTests } from './control.mjs';
import { end, start } from './lib.mjs';
import { shotTests } from './shots.mjs';
import { shownTests } from './shown.mjs';
import { tableTests } from './tables.mjs';

assert.ok(process.env.OPERATORS);

await start();

await shotTests();
await shownTests();
await tableTests();
await accessTests();
await controlTests();

await end();
process.exit(0);
