// @google/genai.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ApiError, GoogleGenAI } from '@google/genai';

import * as gateway from './gateway.mjs';

const { EMBED, FLASH, LITE, drain, path, rejection, scene } = gateway;

const HELLO = { model: FLASH, contents: 'Hello' };
const SAID = `Hello from the fake ${FLASH}.`;


function client(at, httpOptions = {}) {
    return new GoogleGenAI({
        apiKey: gateway.CLIENT_KEY,
        httpOptions: { baseUrl: at.base, ...httpOptions },
    }).models;
}


const generate = (at) => client(at).generateContent(HELLO);
const stream = (at) => client(at).generateContentStream(HELLO);

const textOf = (chunks) => chunks.map((chunk) => chunk.text).join('');


// the error of an answer that is no success, as its message tells it
function errorOf(error) {
    assert.ok(error instanceof ApiError, `${error.name}: ${error.message}`);

    const body = JSON.parse(error.message.replace(/^got status: \w+\. /, ''));
    assert.equal(body.error.code, error.status);

    return body.error;
}


const detail = (error, type) =>
    error.details.find((item) => item['@type'].endsWith(`.${type}`));


function verbs() {
    test('generates', async () => {
        const at = await scene();
        const answer = await generate(at);

        assert.equal(answer.text, SAID);
        assert.equal(answer.modelVersion, FLASH);
        assert.equal(answer.candidates[0].finishReason, 'STOP');
        assert.ok(answer.usageMetadata.totalTokenCount > 0);
        assert.equal(await path(at), 'a');
    });

    test('generates with all that a request may hold', async () => {
        const at = await scene();
        const answer = await client(at).generateContent({
            ...HELLO,
            contents: [{ role: 'user', parts: [
                { text: 'What is this?' },
                { inlineData: { mimeType: 'image/png',
                                data: 'QUJD'.repeat(300_000) } }] }],
            config: {
                systemInstruction: 'Say "model": "none".',
                temperature: 0.5,
                responseMimeType: 'application/json',
                tools: [{ functionDeclarations: [{
                    name: 'look', parameters: { type: 'OBJECT' } }] }],
            },
        });

        assert.equal(answer.text, SAID);
    });

    test('streams', async () => {
        const at = await scene({ events: 5 });
        const { items, error } = await drain(stream(at));

        assert.equal(error, undefined);
        assert.equal(items.length, 5);
        assert.equal(textOf(items), SAID);
        assert.equal(items.at(-1).candidates[0].finishReason, 'STOP');
        assert.ok(items.at(-1).usageMetadata.totalTokenCount > 0);
    });

    test('has each event when it is sent', async () => {
        const at = await scene({ events: 3, gate_events: 'genai' });
        const opened = stream(at);

        for (let n = 0; n < 3; n++) {
            await gateway.release('genai', 1);
            assert.equal((await (await opened).next()).done, false);
        }

        await gateway.release('genai');
        assert.equal((await (await opened).next()).done, true);
    });

    test('chats', async () => {
        const at = await scene();
        const chat = new GoogleGenAI({
            apiKey: gateway.CLIENT_KEY,
            httpOptions: { baseUrl: at.base },
        }).chats.create({ model: FLASH });

        await chat.sendMessage({ message: 'One' });
        const answer = await chat.sendMessage({ message: 'Two' });

        assert.equal(answer.text, SAID);
        assert.equal(chat.getHistory().length, 4);
    });

    test('counts tokens', async () => {
        const at = await scene();
        const answer = await client(at).countTokens(HELLO);

        assert.ok(answer.totalTokens > 0);
    });

    test('embeds', async () => {
        const at = await scene();

        for (const model of [EMBED, 'text-embedding-3-small']) {
            const answer = await client(at).embedContent({
                model, contents: ['one', 'two', 'three'] });

            assert.equal(answer.embeddings.length, 3);
            assert.equal(answer.embeddings[2].values.length, 8);
        }

        assert.equal((await at.log()).at(-1).model, EMBED);
    });

    test('lists and gets models', async () => {
        const at = await scene();
        const names = [];

        for await (const model of await client(at).list({
            config: { pageSize: 5 } }))
        {
            names.push(model.name);
        }

        assert.ok(names.length > 5);
        assert.ok(names.includes(`models/${FLASH}`));

        const model = await client(at).get({ model: FLASH });
        assert.equal(model.name, `models/${FLASH}`);
    });

    test('finds the gateway by its environment', async () => {
        const at = await scene();

        process.env.GOOGLE_GEMINI_BASE_URL = at.base;
        process.env.GEMINI_API_KEY = gateway.CLIENT_KEY;

        try {
            for (const apiVersion of ['v1', 'v1beta', 'v1alpha']) {
                const ai = new GoogleGenAI({ apiVersion });
                const answer = await ai.models.generateContent(HELLO);

                assert.equal(answer.text, SAID);
                assert.equal((await at.log()).at(-1).version, apiVersion);
            }

        } finally {
            delete process.env.GOOGLE_GEMINI_BASE_URL;
            delete process.env.GEMINI_API_KEY;
        }
    });

    test('sets a deadline', async () => {
        const at = await scene();
        await client(at, { timeout: 30_000 }).generateContent(HELLO);

        const [entry] = await at.log();
        const told = entry.headers.find(
            ([name]) => name.toLowerCase() === 'x-server-timeout');

        assert.ok(Number(told[1]) > 0 && Number(told[1]) <= 30);
    });
}


function failover() {
    for (const [name, rule, way] of gateway.failures) {
        test(`generates in spite of ${name}`, async () => {
            const at = await scene(gateway.firstKey(rule));
            const answer = await generate(at);

            assert.match(answer.text, /^Hello from the fake /);
            assert.equal(await path(at), way);
        });

        test(`streams in spite of ${name}`, async () => {
            const at = await scene(gateway.firstKey(rule));
            const { items, error } = await drain(stream(at));

            assert.equal(error, undefined);
            assert.match(textOf(items), /^Hello from the fake .*\.$/);
            assert.equal(items.at(-1).candidates[0].finishReason, 'STOP');
            assert.equal(await path(at), way);
        });
    }

    test('streams in spite of a bare error as the first event', async () => {
        const at = await scene(gateway.firstKey({
            error200: 'bare', case: 'key_invalid' }));
        const { items, error } = await drain(stream(at));

        assert.equal(error, undefined);
        assert.equal(textOf(items), SAID);
        assert.equal(await path(at), 'a b');
    });

    test('counts and embeds in spite of a spent key', async () => {
        const at = await scene(gateway.firstKey({ case: 'prepaid402' }));

        await client(at).countTokens(HELLO);
        await client(at).embedContent({ model: EMBED, contents: 'Hi' });
        assert.equal(await path(at), 'a b b');
    });

    test('is served by another model', async () => {
        const at = await scene({ model: FLASH, case: 'full429_day' });
        const answer = await generate(at);

        assert.equal(answer.modelVersion, LITE);
        assert.equal(answer.text, `Hello from the fake ${LITE}.`);
        assert.equal(await path(at), 'a b a/lite');
    });

    test('knows a model by another name', async () => {
        const at = await scene();
        const answer = await client(at).generateContent({
            model: 'gpt-4o-mini', contents: 'Hi' });

        assert.equal(answer.modelVersion, LITE);
    });

    test('waits in the queue for a key', async () => {
        const at = await scene({ case: 'full429_minute', retry: '1s',
                                 retry_text: '1s', model: 'gemini-3*',
                                 times: 4 }, { queue: true });

        const answer = await generate(at);

        assert.match(answer.text, /^Hello/);
        assert.equal((await at.log()).length, 5);
    });
}


function errors() {
    for (const [name, ask] of [['generating', generate],
                               ['streaming', stream]])
    {
        test(`${name}, all quotas spent`, async () => {
            const at = await scene({ case: 'full429_day' });
            const error = errorOf(await rejection(ask(at)));

            assert.equal(error.code, 429);
            assert.equal(error.status, 'RESOURCE_EXHAUSTED');
            assert.match(error.message, /\w+ \w+/);
            assert.match(detail(error, 'RetryInfo').retryDelay, /^\d+s$/);
            assert.equal(detail(error, 'ErrorInfo').reason,
                         'POOL_EXHAUSTED');
            assert.match(detail(error, 'QuotaFailure').violations[0].quotaId,
                         /PerDay/);
        });

        test(`${name}, no key that is valid`, async () => {
            const at = await scene({ case: 'key_invalid' });
            const error = errorOf(await rejection(ask(at)));

            assert.equal(error.code, 503);
            assert.equal(error.status, 'UNAVAILABLE');
            assert.match(error.message, /\w+ \w+/);
            assert.equal(await path(at), 'a b');
        });

        test(`${name}, all models overloaded`, async () => {
            const at = await scene({ case: 'overloaded503' });
            const error = errorOf(await rejection(ask(at)));

            assert.equal(error.code, 503);
            assert.match(error.message, /\w+ \w+/);
            assert.equal((await at.log()).length, 3);
        });

        test(`${name}, a bad request`, async () => {
            const at = await scene({ case: 'bad_request' });
            const error = errorOf(await rejection(ask(at)));

            assert.equal(error.code, 400);
            assert.equal(error.status, 'INVALID_ARGUMENT');
            assert.match(error.message, /^Invalid JSON payload received/);
            assert.ok(detail(error, 'BadRequest'));
            assert.equal(await path(at), 'a');
        });
    }

    for (const fault of ['cut_midstream', 'reset_midstream']) {
        test(`${fault.replace('_', ' ')}: an error, not a whole`, async () => {
            const at = await scene({ [fault]: 2, events: 5 });
            const { items, error } = await drain(stream(at));

            assert.equal(errorOf(error).code, 503);
            assert.match(errorOf(error).message, /midway/);
            assert.equal(items.length, 2);
            assert.ok(SAID.startsWith(textOf(items)));
            assert.ok(items.every(
                (item) => !item.candidates[0].finishReason));
            assert.equal(await path(at), 'a');
        });
    }

    test('cut inside an event: an error, not a whole', async () => {
        const at = await scene({ cut_at_byte: 400, events: 5 });
        const { items, error } = await drain(stream(at));

        assert.ok(error);
        assert.ok(SAID.startsWith(textOf(items)));
    });

    test('cut in a unary answer: an error', async () => {
        const at = await scene({ cut_midstream: 1 });

        assert.ok(await rejection(generate(at)));
    });

    test('a late error event: an ApiError', async () => {
        const at = await scene({ late_error: 2, events: 5, form: 'data',
                                 case: 'overloaded503' });
        const { items, error } = await drain(stream(at));

        assert.equal(items.length, 2);
        assert.equal(errorOf(error).status, 'UNAVAILABLE');
    });

    test('retries as it was told to', async () => {
        const at = await scene({ case: 'overloaded503', times: 3 });
        const retryOptions = { attempts: 2, initialDelay: 0.01 };
        const answer = await client(at, { retryOptions })
            .generateContent(HELLO);

        assert.match(answer.text, /^Hello/);
        assert.equal((await at.log()).length, 4);
    });
}


export function genaiTests() {
    describe('@google/genai', () => {
        verbs();
        failover();
        errors();
    });
}
