// What upstream has seen of all the requests before.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { CLIENT_KEY, KEY, OWN, upstreamLog } from './gateway.mjs';

const known = [...Object.values(KEY), ...OWN];

// an ephemeral token is a credential of its own
const isToken = (entry) => (entry.key ?? '').startsWith('auth_tokens/');


export function wireTests() {
    describe('upstream', () => {
        test('one credential, where the surface wants it', async () => {
            const log = await upstreamLog();

            assert.ok(log.length > 100);

            for (const entry of log) {
                assert.equal(entry.credentials, 1, entry.target);

                if (isToken(entry)) {
                    continue;
                }

                assert.equal(entry.where, entry.surface === 'openai'
                    ? 'bearer' : 'header');
                assert.ok(known.includes(entry.key));
            }
        });

        test('no ?key, and nothing of the client', async () => {
            for (const entry of await upstreamLog()) {
                assert.doesNotMatch(entry.target, /[?&]key=/);
                assert.ok(!JSON.stringify(entry).includes(CLIENT_KEY));
            }
        });

        test('the SDKs are still named', async () => {
            for (const entry of await upstreamLog()) {
                const agent = entry.headers.find(
                    ([name]) => name.toLowerCase() === 'user-agent');

                assert.match(agent[1], entry.surface === 'openai'
                    ? /^OpenAI\/JS/ : /^google-genai-sdk\//);
            }
        });
    });
}
