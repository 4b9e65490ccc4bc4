// The tests of resources without a gateway, which shows that they ask for
// nothing but what Google does: FAKE=http://.. node direct.mjs

import * as openai6 from 'openai-6';
import * as openai7 from 'openai';

import { fileTests } from './files.mjs';
import { interactionTests } from './interactions.mjs';
import { liveTests } from './live.mjs';
import { openaiBatchTests } from './openai.mjs';
import { ownedTests } from './owned.mjs';

// the SDK calls much of this experimental
console.warn = () => {};

fileTests();
ownedTests();
interactionTests();
liveTests();
openaiBatchTests('openai 6', openai6);
openaiBatchTests('openai 7', openai7);
