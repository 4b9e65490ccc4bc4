// The tests of t/sdk.t, in TAP: node --test-reporter=tap test.mjs

import * as openai6 from 'openai-6';
import * as openai7 from 'openai';

import { genaiTests } from './genai.mjs';
import { openaiTests } from './openai.mjs';
import { wireTests } from './wire.mjs';

genaiTests();
openaiTests('openai 6', openai6);
openaiTests('openai 7', openai7);
wireTests();
