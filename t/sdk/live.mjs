// @google/genai: the Live API, and the tokens that open it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { client, owned } from './resources.mjs';
import * as gateway from './gateway.mjs';

const { DIRECT, ground, rejection } = gateway;

const MODEL = 'gemini-3.8-live';


// a session, what it has been told, and its end
async function talk(ai, options = {}) {
    const messages = [];
    const waiting = [];
    let closed;
    const end = new Promise((resolve) => { closed = resolve; });

    const session = await ai.live.connect({
        model: MODEL,
        config: { responseModalities: ['TEXT'] },
        ...options,
        callbacks: {
            onmessage: (message) => {
                const next = waiting.shift();
                next ? next(message) : messages.push(message);
            },
            onclose: closed,
            onerror: () => {},
        },
    });

    const next = () => messages.length ? messages.shift()
        : new Promise((resolve) => { waiting.push(resolve); });

    return { session, next, end };
}


async function until(next, wanted) {
    for (;;) {
        const message = await next();

        if (wanted(message)) {
            return message;
        }
    }
}


function say({ session, next }, text) {
    session.sendClientContent({ turns: text, turnComplete: true });
    return until(next, (message) => message.serverContent?.modelTurn);
}


const spoken = (message) => message.serverContent.modelTurn.parts[0].text;


function sessions() {
    for (const apiVersion of ['v1beta', 'v1alpha']) {
        test(`talks, by ${apiVersion}`, async () => {
            const at = await ground([], 'live');
            const live = await talk(client(at, { apiVersion }));

            for (let n = 1; n < 4; n++) {
                assert.equal(spoken(await say(live, 'Hello')),
                             `Hello from the fake ${MODEL}, turn ${n}.`);
            }

            live.session.close();
            await live.end;

            const log = await at.log();

            assert.equal(log.length, 1);
            assert.equal(log[0].version, apiVersion);
            assert.equal(log[0].status, 101);
            assert.match(log[0].frames[0], /"setup"/);
        });
    }

    test('a base that ends with a slash', async () => {
        const at = await ground([], 'live');
        const live = await talk(client({ ...at, base: `${at.base}/` }));

        assert.ok(spoken(await say(live, 'Hello')));
        live.session.close();
        await live.end;
    });

    test('many at a time, with many keys', async () => {
        const at = await ground([], 'live');
        const ai = client(at);
        const open = await Promise.all(
            Array.from({ length: 12 }, () => talk(ai)));

        for (const live of open) {
            assert.ok(spoken(await say(live, 'Hello')));
        }

        const keys = new Set((await at.log()).map((e) => e.key));
        assert.ok(DIRECT || keys.size === 12, `${keys.size} keys`);

        for (const live of open) {
            live.session.close();
            await live.end;
        }
    });

    test('big messages, both ways', async () => {
        const at = await ground([], 'live');
        const live = await talk(client(at));
        const data = 'QUJD'.repeat(100_000);

        live.session.sendRealtimeInput({ audio: {
            data, mimeType: 'audio/pcm;rate=16000' } });

        const echo = await until(live.next,
                                 (message) => message.realtimeInput);

        assert.equal(echo.realtimeInput.audio.data, data);
        live.session.close();
        await live.end;
    });

    for (const [code, reason] of [
        [1008, 'Your project has been denied access.'],
        [1007, 'API key expired. Please renew the API key.'],
        [1011, 'You exceeded your current quota']])
    {
        test(`is closed with ${code}`, async () => {
            const at = await ground({ verb: 'Bidi*', live_close: code,
                                      live_reason: reason, live_after: 2 },
                                    'live');
            const live = await talk(client(at));

            live.session.sendClientContent({ turns: 'Hello',
                                             turnComplete: true });
            const end = await live.end;

            assert.equal(end.code, code);
            assert.equal(end.reason, reason);
        });
    }

    test('a model that does not talk', async () => {
        const at = await ground([], 'live');
        const error = await rejection(talk(client(at),
                                           { model: gateway.FLASH }));

        assert.match(error.message, /not supported for bidi|1008/);
    });
}


function tokens() {
    const mint = (at) => client(at, { apiVersion: 'v1alpha' })
        .authTokens.create({ config: { uses: 1 } });

    test('opens a session of its project', async () => {
        const at = await ground([], 'tokens');
        const { name } = await mint(at);
        const { project } = await owned('auth_tokens', name);
        const guest = { ...at, key: name };
        const live = await talk(client(guest, { apiVersion: 'v1alpha' }));

        assert.ok(spoken(await say(live, 'Hello')));
        live.session.close();
        await live.end;

        const entry = (await at.log()).at(-1);

        assert.equal(entry.key, name);
        assert.equal(entry.project, project);
        assert.match(entry.verb, /Constrained$/);

        const again = await rejection(
            talk(client(guest, { apiVersion: 'v1alpha' })));
        assert.match(again.message, /expired|1008/);
    });

    test('one that nobody has minted', async () => {
        const at = await ground([], 'tokens');
        const guest = { ...at, key: 'auth_tokens/nobody' };

        assert.ok(await rejection(
            talk(client(guest, { apiVersion: 'v1alpha' }))));
    });

    test('are minted where that is named only',
         DIRECT ? { skip: 'no gateway' } : {}, async () => {
        const at = await ground([], 'live');

        assert.equal((await rejection(mint(at))).status, 404);
        assert.equal((await at.log()).length, 0);
    });
}


export function liveTests() {
    describe('Live', sessions);
    describe('Live, ephemeral tokens', tokens);
}
