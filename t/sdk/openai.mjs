// openai: one run for each release of the package that clients use.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as gateway from './gateway.mjs';
import { client, owned, routed, upload,
         usedByOwner } from './resources.mjs';

const { EMBED, FLASH, LITE, drain, path, rejection, scene } = gateway;

const HELLO = {
    model: FLASH,
    messages: [{ role: 'user', content: 'Hello' }],
};
const SAID = `Hello from the fake ${FLASH}.`;

const textOf = (chunks) => chunks
    .map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');


// what is exported by the package -> its tests
export function openaiTests(name, sdk) {
    describe(name, () => {
        const run = new Run(sdk);

        run.verbs();
        run.failover();
        run.errors();
        run.retries();
    });
}


// the same of batches, in a pool of six projects
export function openaiBatchTests(name, sdk) {
    describe(`${name}, batches`, () => new Run(sdk).batches());
}


class Run {
    constructor(sdk) {
        this.sdk = sdk;
    }


    // one that does not try again by itself, unless it is told to
    client(at, options = {}) {
        return new this.sdk.OpenAI({
            apiKey: at.key ?? gateway.CLIENT_KEY,
            baseURL: `${at.base}/v1beta/openai/`,
            maxRetries: 0,
            ...options,
        });
    }


    chat(at, options) {
        return this.client(at, options).chat.completions.create(HELLO);
    }


    stream(at) {
        return this.client(at).chat.completions.create({
            ...HELLO, stream: true,
            stream_options: { include_usage: true } });
    }


    // checks the class, and that all that users print is filled in
    check(error, type, status) {
        assert.ok(error instanceof this.sdk[type],
                  `${error.constructor.name}: ${error.message}`);
        assert.equal(error.status, status);
        assert.match(error.message, new RegExp(`^${status} \\S+ \\S+`));
        assert.doesNotMatch(error.message, /no body/);
        assert.equal(typeof error.type, 'string');
        assert.ok(error.code !== undefined);
    }


    verbs() {
        test('completes a chat', async () => {
            const at = await scene();
            const answer = await this.chat(at);

            assert.equal(answer.choices[0].message.content, SAID);
            assert.equal(answer.choices[0].finish_reason, 'stop');
            assert.equal(answer.model, FLASH);
            assert.ok(answer.usage.total_tokens > 0);
        });

        test('streams a chat', async () => {
            const at = await scene({ events: 5 });
            const { items, error } = await drain(this.stream(at));

            assert.equal(error, undefined);
            assert.equal(textOf(items), SAID);
            assert.equal(items.at(-1).choices[0].finish_reason, 'stop');
            assert.ok(items.at(-1).usage.total_tokens > 0);
        });

        test('has each event when it is sent', async () => {
            const gate = this.sdk.OpenAI.name + Math.random();
            const at = await scene({ events: 2, gate_events: gate });
            const opened = this.stream(at);
            let events;

            for (let n = 0; n < 2; n++) {
                await gateway.release(gate, 1);
                events ??= (await opened)[Symbol.asyncIterator]();
                assert.equal((await events.next()).done, false);
            }

            await gateway.release(gate);
            assert.equal((await events.next()).done, true);
        });

        test('embeds', async () => {
            const at = await scene();
            const answer = await this.client(at).embeddings.create({
                model: 'text-embedding-3-small', input: ['one', 'two'],
                encoding_format: 'float' });

            assert.equal(answer.data.length, 2);
            assert.equal(answer.data[1].embedding.length, 8);
            assert.equal((await at.log())[0].model, EMBED);
        });

        test('lists and gets models', async () => {
            const at = await scene();
            const list = await this.client(at).models.list();

            assert.ok(list.data.some(({ id }) => id === `models/${FLASH}`));

            const model = await this.client(at).models.retrieve(FLASH);
            assert.equal(model.id, `models/${FLASH}`);
        });

        test('finds the gateway by its environment', async () => {
            const at = await scene();

            process.env.OPENAI_BASE_URL = `${at.base}/v1beta/openai`;
            process.env.OPENAI_API_KEY = gateway.CLIENT_KEY;

            try {
                const client = new this.sdk.OpenAI({
                    organization: 'org-1', project: 'project-1' });
                const answer = await client.chat.completions.create(HELLO);

                assert.equal(answer.choices[0].message.content, SAID);

            } finally {
                delete process.env.OPENAI_BASE_URL;
                delete process.env.OPENAI_API_KEY;
            }
        });

        test('may send its key in the query', async () => {
            const at = await scene();
            const answer = await this.chat(at, {
                defaultQuery: { key: gateway.CLIENT_KEY, a: 'b' } });

            assert.equal(answer.choices[0].message.content, SAID);
            assert.equal((await at.log())[0].target,
                         '/v1beta/openai/chat/completions?a=b');
        });
    }


    failover() {
        for (const [name, rule, way] of gateway.failures) {
            test(`chats in spite of ${name}`, async () => {
                const at = await scene(gateway.firstKey(rule));
                const answer = await this.chat(at);

                assert.match(answer.choices[0].message.content, /^Hello /);
                assert.equal(await path(at), way);
            });
        }

        for (const [name, rule, way] of gateway.failures.filter(
            ([, rule]) => rule.error200 || rule.reset || rule.empty200))
        {
            test(`streams in spite of ${name}`, async () => {
                const at = await scene(gateway.firstKey(rule));
                const { items, error } = await drain(this.stream(at));

                assert.equal(error, undefined);
                assert.match(textOf(items), /^Hello .*\.$/);
                assert.equal(items.at(-1).choices[0].finish_reason, 'stop');
                assert.equal(await path(at), way);
            });
        }

        test('is served by another model', async () => {
            const at = await scene({ model: FLASH, case: 'full429_day' });
            const answer = await this.chat(at);

            assert.equal(answer.model, LITE);
            assert.equal(await path(at), 'a b a/lite');
        });

        test('knows a model by another name', async () => {
            const at = await scene();
            const answer = await this.client(at).chat.completions.create({
                ...HELLO, model: 'gpt-4o-mini' });

            assert.equal(answer.model, LITE);
        });
    }


    batches() {
        const made = (at, file) => this.client(at).batches.create({
            input_file_id: file.name, endpoint: '/v1/chat/completions',
            completion_window: '24h' });

        test('are made where the file is, and got there', async () => {
            const at = await gateway.ground();
            const file = await upload(client(at), '{"custom_id": "a"}\n');
            const { project } = await owned('files', file.name);
            const { id, status } = await made(at, file);

            assert.equal(status, 'validating');
            assert.equal((await owned('batches', id)).project, project);

            await usedByOwner(at, project,
                () => this.client(at).batches.retrieve(id));

            const batch = await this.client(at).batches.retrieve(id);

            assert.equal(batch.status, 'completed');
            await usedByOwner(at, project, () => client(at).files.get({
                name: batch.output_file_id }));
        });

        test('are cancelled, and listed', async () => {
            const at = await gateway.ground();
            const file = await upload(client(at), '{"custom_id": "a"}\n');
            const { id } = await made(at, file);
            const { batches } = this.client(at);

            assert.equal((await batches.cancel(id)).status, 'cancelled');
            assert.ok((await batches.list()).data.length > 0);
        });

        test('of a file that nobody has', routed, async () => {
            const at = await gateway.ground();
            const error = await rejection(made(at, { name: 'files/none' }));

            this.check(error, 'PermissionDeniedError', 403);
        });
    }


    errors() {
        test('a bad request: BadRequestError', async () => {
            const at = await scene({ case: 'bad_request' });
            const error = await rejection(this.chat(at));

            this.check(error, 'BadRequestError', 400);
            assert.match(error.message, /Invalid JSON payload received/);
            assert.equal(await path(at), 'a');
        });

        test('no such model: NotFoundError', async () => {
            const at = await scene();
            const error = await rejection(
                this.client(at).models.retrieve('gemini-none'));

            this.check(error, 'NotFoundError', 404);
        });

        for (const what of ['chat', 'stream']) {
            test(`${what}, all quotas spent: RateLimitError`, async () => {
                const at = await scene({ case: 'full429_day' });
                const error = await rejection(this[what](at));

                this.check(error, 'RateLimitError', 429);
                assert.ok(Number(error.headers.get('retry-after')) > 0);
            });

            test(`${what}, no valid key: InternalServerError`, async () => {
                const at = await scene({ case: 'key_invalid' });
                const error = await rejection(this[what](at));

                this.check(error, 'InternalServerError', 503);
                assert.equal(await path(at), 'a b');
            });
        }

        for (const fault of ['cut_midstream', 'reset_midstream']) {
            test(`${fault.replace('_', ' ')}: an error`, async () => {
                const at = await scene({ [fault]: 2, events: 5 });
                const { items, error } = await drain(this.stream(at));

                assert.ok(error instanceof this.sdk.APIError);
                assert.equal(error.code, 503);
                assert.match(error.message, /midway/);
                assert.equal(items.length, 2);
                assert.ok(SAID.startsWith(textOf(items)));
                assert.ok(items.every(
                    (item) => !item.choices[0].finish_reason));
                assert.equal(await path(at), 'a');
            });
        }

        test('cut inside an event: an error', async () => {
            const at = await scene({ cut_at_byte: 300, events: 5 });
            const { items, error } = await drain(this.stream(at));

            assert.ok(error);
            assert.ok(SAID.startsWith(textOf(items)));
        });
    }


    // Retries of the SDK's own, two by default. What it asks of the gateway
    // is counted.
    retries() {
        const counted = () => {
            const options = {
                maxRetries: undefined,
                calls: 0,
                fetch: (...args) => {
                    options.calls++;
                    return fetch(...args);
                },
            };

            return options;
        };

        test('does not sleep until the next day', async () => {
            const at = await scene({ case: 'full429_day' });
            const options = counted();
            const error = await rejection(this.chat(at, options));

            this.check(error, 'RateLimitError', 429);
            assert.equal(error.headers.get('x-should-retry'), 'false');
            assert.ok(Number(error.headers.get('retry-after')) > 60);
            assert.equal(options.calls, 1);
        });

        test('sleeps until a minute ends, and is served', async () => {
            const at = await scene({ case: 'full429_minute', retry: '1s',
                                     retry_text: '1s', times: 4 });
            const options = counted();
            const answer = await this.chat(at, options);

            assert.match(answer.choices[0].message.content, /^Hello /);
            assert.equal(options.calls, 2);
        });

        test('does not repeat a bad request', async () => {
            const at = await scene({ case: 'bad_request' });
            const options = counted();
            const error = await rejection(this.chat(at, options));

            this.check(error, 'BadRequestError', 400);
            assert.equal(options.calls, 1);
        });
    }
}
