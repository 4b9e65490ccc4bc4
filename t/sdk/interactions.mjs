// @google/genai: the Interactions API, in a pool of six projects.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as gateway from './gateway.mjs';
import { ENOUGH, SAID, client, owned, routed, upload,
         usedByOwner } from './resources.mjs';

const { FLASH, drain, ground, rejection } = gateway;

const HELLO = { model: FLASH, input: 'Hello' };
const AGENT = 'deep-research-pro-preview';

const typesOf = (events) => events.map((event) => event.event_type);

const textOf = (events) => events
    .filter((event) => event.event_type === 'step.delta')
    .map((event) => event.delta.text).join('');


function one() {
    test('is made, got and deleted', async () => {
        const at = await ground();
        const ai = client(at).interactions;
        const made = await ai.create(HELLO);
        const { project } = await owned('interactions', made.id);

        assert.equal(made.output_text, SAID);
        assert.equal(made.status, 'completed');
        assert.ok(made.usage.total_tokens > 0);

        await usedByOwner(at, project, async () => {
            assert.equal((await ai.get(made.id)).output_text, SAID);
        });
        await usedByOwner(at, project, () => ai.delete(made.id), 1);
        assert.equal((await rejection(ai.get(made.id))).status, 404);
    });

    test('is told of the revision that was asked for', async () => {
        const at = await ground();
        const of = (revision) => client(at, {
            headers: { 'Api-Revision': revision } }).interactions;

        const made = await of('2026-05-20').create(HELLO);
        assert.equal(made.output_text, SAID);

        const old = await of('2026-01-01').create(HELLO);
        assert.equal(old.outputs[0].text, SAID);
    });

    test('is continued where it is', async () => {
        const at = await ground();
        const ai = client(at).interactions;
        let { id } = await ai.create(HELLO);
        const { project } = await owned('interactions', id);

        await usedByOwner(at, project, async () => {
            const next = await ai.create({
                ...HELLO, previous_interaction_id: id });

            assert.equal(next.previous_interaction_id, id);
            id = next.id;
        });
    });

    test('is not continued if it is not stored', async () => {
        const at = await ground();
        const ai = client(at).interactions;
        const { id } = await ai.create({ ...HELLO, store: false });
        const error = await rejection(ai.create({
            ...HELLO, previous_interaction_id: id }, { maxRetries: 0 }));

        assert.equal(error.status, 404);
        assert.match(error.message, /was not found/);
    });

    test('refers to a file', async () => {
        const at = await ground();
        const ai = client(at);
        const file = await upload(ai, 'some');
        const { project } = await owned('files', file.name);

        await usedByOwner(at, project, () => ai.interactions.create({
            model: FLASH, input: [{ type: 'document', uri: file.uri,
                                    mime_type: 'text/plain' }] }));
    });

    test('goes on in the background, and is cancelled', async () => {
        const at = await ground();
        const ai = client(at).interactions;
        const ask = { agent: AGENT, input: 'Hello', background: true };
        const made = await ai.create(ask);
        const { project } = await owned('interactions', made.id);

        assert.equal(made.status, 'in_progress');
        await usedByOwner(at, project, () => ai.get(made.id), 1);

        const done = await ai.get(made.id);
        assert.equal(done.status, 'completed');
        assert.equal(done.output_text, `Hello from the fake ${AGENT}.`);

        const other = await ai.create(ask);
        assert.equal((await ai.cancel(other.id)).status, 'cancelled');
        assert.equal((await ai.get(other.id)).status, 'cancelled');
    });

    test('is continued across hops', async () => {
        const at = await ground({ verb: 'interactions.create', times: 2,
                                  continuation: 20_000 });
        const made = await client(at).interactions.create(HELLO);
        const log = await at.log();

        assert.equal(made.status, 'completed');
        assert.equal(log.length, 3);
        assert.equal(new Set(log.map((e) => e.project)).size, 1);
        assert.ok(log.every((e) => e.model === FLASH && e.status === 200));
    });
}


function streamed() {
    test('streams', async () => {
        const at = await ground({ events: 5 });
        const { items, error } = await drain(
            client(at).interactions.create({ ...HELLO, stream: true }));

        assert.equal(error, undefined);
        assert.deepEqual(typesOf(items).slice(0, 3), [
            'interaction.created', 'interaction.status_update',
            'step.start']);
        assert.equal(textOf(items), SAID);
        assert.equal(items.at(-1).event_type, 'interaction.completed');
        assert.ok(items.at(-1).interaction.usage.total_tokens > 0);
        assert.equal((await at.log()).length, 1);
    });

    test('is streamed again, from an event on', async () => {
        const at = await ground();
        const ai = client(at).interactions;
        const { items } = await drain(ai.create({ ...HELLO, stream: true }));
        const { id } = items[0].interaction;
        const { project } = await owned('interactions', id);

        await usedByOwner(at, project, async (i) => {
            const again = await drain(ai.get(id, {
                stream: true, last_event_id: items[i % 6].event_id }));

            assert.equal(again.error, undefined);
            assert.deepEqual(again.items, items.slice(i % 6 + 1));
        });
    });

    test('is continued by what a stream told', async () => {
        const at = await ground();
        const ai = client(at).interactions;
        const { items } = await drain(ai.create({ ...HELLO, stream: true }));
        const { id } = items[0].interaction;
        const { project } = await owned('interactions', id);

        await usedByOwner(at, project, () => drain(ai.create({
            ...HELLO, previous_interaction_id: id, stream: true })));
    });

    test('each event is there when it is sent', async () => {
        const at = await ground({ gate_events: 'interaction' });
        const opened = client(at).interactions.create({
            ...HELLO, stream: true });
        let reader;

        for (let n = 0; n < 3; n++) {
            await gateway.release('interaction', 1);
            reader ??= (await opened)[Symbol.asyncIterator]();
            assert.equal((await reader.next()).done, false);
        }

        await gateway.release('interaction');

        while (!(await reader.next()).done);
    });

    test('an error among the events', async () => {
        const at = await ground({ late_error: 2, form: 'data',
                                  case: 'unavailable503' });
        const { items } = await drain(
            client(at).interactions.create({ ...HELLO, stream: true }));

        assert.equal(items.at(-1).event_type, 'error');
        assert.equal(items.at(-1).error.code, 'service_unavailable');
    });
}


function failures() {
    const retries = { maxRetries: 0 };

    for (const [name, rule] of [
        ['a spent day', { case: 'full429_day' }],
        ['a key that is not valid', { case: 'key_invalid' }],
        ['the same in the classic form', { case: 'key_invalid',
                                           classic: 1 }],
        ['spent credit', { case: 'prepaid402' }]])
    {
        test(`is made in spite of ${name}`, routed, async () => {
            const at = await ground({ ...rule, times: 1 });
            const made = await client(at).interactions.create(HELLO,
                                                              retries);

            assert.equal(made.output_text, SAID);
            assert.equal((await at.log()).length, 2);
        });
    }

    test('its project is spent: no other one is asked', routed, async () => {
        const at = await ground();
        const ai = client(at).interactions;
        const { id } = await ai.create(HELLO);
        const { project } = await owned('interactions', id);

        await gateway.call('script', [{ project, case: 'full429_day' }]);

        const error = await rejection(ai.create({
            ...HELLO, previous_interaction_id: id }, retries));

        assert.equal(error.status, 429);
        assert.equal(error.error.error.code, 'quota_exceeded');
        assert.ok((await at.log()).every((e) => e.project === project));
    });

    for (const [name, ask] of [
        ['in the background', { ...HELLO, background: true }],
        ['that is stored', HELLO]])
    {
        test(`${name}, it is not made twice`, routed, async () => {
            const at = await ground({ verb: 'interactions.create',
                                      reset: 1 });

            assert.ok(await rejection(
                client(at).interactions.create(ask, retries)));
            assert.equal((await at.log()).length, 1);
        });
    }

    test('one that nobody has', routed, async () => {
        const at = await ground();
        const ai = client(at).interactions;
        const error = await rejection(ai.get('v1_nobody', {}, retries));

        assert.equal(error.status, 404);
        assert.ok((await at.log()).length <= 6);

        for (let i = 0; i < ENOUGH; i++) {
            await ai.create(HELLO, retries);
        }
    });
}


export function interactionTests() {
    describe('interactions', one);
    describe('interactions, streamed', streamed);
    describe('interactions, failures', failures);
}
