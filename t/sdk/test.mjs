// The tests of t/sdk.t, in TAP: node --test-reporter=tap test.mjs

import * as openai6 from 'openai-6';
import * as openai7 from 'openai';

import { fileTests } from './files.mjs';
import { genaiTests } from './genai.mjs';
import { interactionTests } from './interactions.mjs';
import { liveTests } from './live.mjs';
import { openaiBatchTests, openaiTests } from './openai.mjs';
import { ownedTests } from './owned.mjs';
import { wireTests } from './wire.mjs';

// the SDK calls much of this experimental
console.warn = () => {};

genaiTests();
openaiTests('openai 6', openai6);
openaiTests('openai 7', openai7);
fileTests();
ownedTests();
interactionTests();
liveTests();
openaiBatchTests('openai 6', openai6);
openaiBatchTests('openai 7', openai7);
wireTests();
