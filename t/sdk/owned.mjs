// @google/genai: caches, batches, videos, stores and the like, in a pool of
// six projects.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';

import { GenerateVideosOperation } from '@google/genai';

import * as gateway from './gateway.mjs';
import { MB, SAID, all, blob, client, md5, owned, routed, scratch,
         upload, usedByOwner } from './resources.mjs';

const { EMBED, FLASH, LITE, drain, ground, rejection } = gateway;

const VIDEO = 'veo-3.1-generate-preview';


function caches() {
    const contents = [{ role: 'user', parts: [{ text: 'x'.repeat(9000) }] }];
    const make = (ai, config) => ai.caches.create({
        model: FLASH, config: { contents, ttl: '600s', ...config } });

    test('are made, used, changed, listed and deleted', async () => {
        const at = await ground();
        const ai = client(at);
        const { name } = await make(ai, { displayName: 'nine' });
        const { project } = await owned('cachedContents', name);

        const log = await usedByOwner(at, project, async () => {
            const answer = await ai.models.generateContent({
                model: FLASH, contents: 'Hello',
                config: { cachedContent: name } });

            assert.ok(answer.usageMetadata.cachedContentTokenCount > 1000);
        });
        assert.ok(log.every((e) => e.model === FLASH));

        await usedByOwner(at, project, async () => {
            const cache = await ai.caches.get({ name });
            assert.equal(cache.displayName, 'nine');
        });

        const { expireTime } = await ai.caches.update({
            name, config: { ttl: '7200s' } });
        assert.ok(Date.parse(expireTime) > Date.now() + 3600_000);

        await ai.caches.delete({ name });

        const error = await rejection(ai.caches.get({ name }));
        assert.equal(error.status, 403);
        assert.match(error.message, /CachedContent not found/);
    });

    test('are listed of one project', async () => {
        const at = await ground();
        const ai = client(at);

        await Promise.all(Array.from({ length: 12 }, () => make(ai)));

        const listed = await all(ai.caches.list({ config: { pageSize: 2 } }));
        const owners = new Set((await at.log())
            .filter((e) => e.verb === 'cachedContents.list')
            .map((e) => e.project));

        assert.ok(listed.length > 0);
        assert.equal(owners.size, 1);
    });

    test('no other model takes the place of theirs', async () => {
        const at = await ground({ model: FLASH, verb: 'generateContent',
                                  case: 'overloaded503' });
        const ai = client(at);
        const { name } = await make(ai);
        const error = await rejection(ai.models.generateContent({
            model: FLASH, contents: 'Hello',
            config: { cachedContent: name } }));

        assert.equal(error.status, 503);
        assert.ok((await at.log()).every((e) => e.model !== LITE));
    });

    test('of another project are not tried with spent keys', routed,
         async () => {
        const at = await ground();
        const ai = client(at);
        const { name } = await make(ai);
        const { project } = await owned('cachedContents', name);

        await gateway.call('script', [{ project, case: 'full429_day' }]);

        const error = await rejection(ai.models.generateContent({
            model: FLASH, contents: 'Hello',
            config: { cachedContent: name } }));

        assert.equal(error.status, 429);
        assert.ok((await at.log()).every((e) => e.project === project));
    });
}


function batches() {
    const src = [1, 2, 3].map((n) => ({
        contents: [{ role: 'user', parts: [{ text: `Hello ${n}` }] }] }));

    // until it is no longer in work
    async function end(ai, name) {
        for (;;) {
            const batch = await ai.batches.get({ name });

            if (!/PENDING|RUNNING/.test(batch.state)) {
                return batch;
            }
        }
    }

    test('of requests', async () => {
        const at = await ground();
        const ai = client(at);
        const { name, state } = await ai.batches.create({
            model: FLASH, src, config: { displayName: 'three' } });
        const { project } = await owned('batches', name);

        assert.equal(state, 'JOB_STATE_PENDING');
        assert.equal((await at.log()).length, 1);

        const batch = await end(ai, name);

        assert.equal(batch.state, 'JOB_STATE_SUCCEEDED');
        assert.equal(batch.displayName, 'three');
        assert.equal(batch.dest.inlinedResponses.length, 3);
        await usedByOwner(at, project, () => ai.batches.get({ name }));
        await ai.batches.delete({ name });
        assert.equal((await rejection(ai.batches.get({ name }))).status, 404);
    });

    test('of a file, and the file that comes of it', async () => {
        const at = await ground();
        const ai = client(at);
        const file = await ai.files.upload({
            file: blob('{"key": "a"}\n{"key": "b"}\n', 'application/jsonl') });
        const { project } = await owned('files', file.name);

        const { name } = await ai.batches.create({
            model: FLASH, src: file.name });
        assert.equal((await owned('batches', name)).project, project);

        const batch = await end(ai, name);
        const path = scratch('batch.jsonl');

        assert.match(batch.dest.fileName, /^files\/batch-/);
        await usedByOwner(at, project, () => ai.files.download({
            file: batch.dest.fileName, downloadPath: path }));
        assert.equal((await readFile(path, 'utf8')).split('\n').length, 3);
    });

    test('of embeddings', async () => {
        const at = await ground();
        const ai = client(at);
        const { name } = await ai.batches.createEmbeddings({
            model: EMBED, src: { inlinedRequests: {
                contents: [{ parts: [{ text: 'one' }] }] } } });
        const { project } = await owned('batches', name);

        await usedByOwner(at, project, () => ai.batches.get({ name }));
    });

    test('are cancelled', async () => {
        const at = await ground();
        const ai = client(at);
        const { name } = await ai.batches.create({ model: FLASH, src });
        const { project } = await owned('batches', name);

        await usedByOwner(at, project, () => ai.batches.cancel({ name }), 1);

        const batch = await ai.batches.get({ name });
        assert.equal(batch.state, 'JOB_STATE_CANCELLED');
    });

    test('are listed of one project', async () => {
        const at = await ground();
        const ai = client(at);

        await Promise.all(Array.from({ length: 12 }, () =>
            ai.batches.create({ model: FLASH, src })));

        const listed = await all(ai.batches.list({ config: {
            pageSize: 1 } }));
        const owners = new Set((await at.log())
            .filter((e) => e.verb === 'batches.list')
            .map((e) => e.project));

        assert.ok(listed.length > 0);
        assert.equal(owners.size, 1);
    });

    test('are not made twice', routed, async () => {
        const at = await ground({ verb: 'batchGenerateContent', reset: 1 });

        assert.ok(await rejection(
            client(at).batches.create({ model: FLASH, src })));
        assert.equal((await at.log()).length, 1);
    });
}


function videos() {
    // the SDK makes them no longer, but it waits for them
    async function make(at) {
        const path = `v1beta/models/${VIDEO}:predictLongRunning`;
        const answer = await fetch(`${at.base}/${path}`, {
            method: 'POST',
            headers: { 'x-goog-api-key': at.key,
                       'content-type': 'application/json',
                       'user-agent': 'google-genai-sdk/0' },
            body: JSON.stringify({ instances: [{ prompt: 'Dusk' }] }),
        });

        return { status: answer.status, ...await answer.json() };
    }

    test('are waited for, and fetched', async () => {
        const at = await ground();
        const ai = client(at);
        const { name } = await make(at);
        let operation = Object.assign(new GenerateVideosOperation(),
                                      { name });
        const { project } = await owned('operations', operation.name);

        assert.equal((await at.log()).length, 1);

        while (!operation.done) {
            operation = await ai.operations.getVideosOperation({ operation });
        }

        const { video } = operation.response.generatedVideos[0];
        const [, id] = /files\/([^:]+):download/.exec(video.uri);
        const kept = await owned('files', `files/${id}`);
        const path = scratch('video.mp4');

        await usedByOwner(at, project, () => ai.files.download({
            file: video, downloadPath: path }));
        assert.equal(md5(await readFile(path)), kept.md5);
        await usedByOwner(at, project,
            () => ai.operations.getVideosOperation({ operation }));
    });

    test('are not made twice', routed, async () => {
        const at = await ground({ verb: 'predictLongRunning', close: 1 });

        assert.ok((await make(at)).status >= 500);
        assert.equal((await at.log()).length, 1);
    });
}


function stores(way) {
    // until it is done
    async function end(ai, operation) {
        while (!operation.done) {
            operation = await ai.operations.get({ operation });
        }

        return operation;
    }

    test('take uploads and files, and are searched', async () => {
        const at = await ground([], way);
        const ai = client(at);
        const { name } = await ai.fileSearchStores.create({
            config: { displayName: 'store' } });
        const { project } = await owned('fileSearchStores', name);
        const bytes = randomBytes(9 * MB);

        const sent = await ai.fileSearchStores.uploadToFileSearchStore({
            fileSearchStoreName: name, file: blob(bytes, 'text/plain'),
            config: { displayName: 'nine' } });
        const { response } = await end(ai, sent);
        const kept = await owned('documents', response.documentName);

        assert.equal(kept.md5, md5(bytes));
        assert.equal(await at.projects(),
                     `${project} ${(await at.log()).length}`);

        await usedByOwner(at, project, () => ai.models.generateContent({
            model: FLASH, contents: 'Hello', config: { tools: [
                { fileSearch: { fileSearchStoreNames: [name] } }] } }));

        const documents = await all(
            ai.fileSearchStores.documents.list({ parent: name }));
        assert.equal(documents[0].displayName, 'nine');

        await usedByOwner(at, project, () => ai.fileSearchStores.get({
            name }));
        await ai.fileSearchStores.delete({ name, config: { force: true } });
        assert.equal((await rejection(
            ai.fileSearchStores.get({ name }))).status, 403);
    });

    test('take files of their project', async () => {
        const at = await ground([], way);
        const ai = client(at);
        const { name } = await ai.fileSearchStores.create({});
        const { project } = await owned('fileSearchStores', name);
        const file = await inProject(ai, project);
        const sent = await ai.fileSearchStores.importFile({
            fileSearchStoreName: name, fileName: file.name });
        const { response } = await end(ai, sent);

        assert.equal((await owned('documents', response.documentName))
            .project, project);
    });
}


// a file of this project, however many others come first
async function inProject(ai, project) {
    for (let i = 0; i < 100; i++) {
        const file = await upload(ai, 'some');

        if ((await owned('files', file.name)).project === project) {
            return file;
        }
    }

    throw new Error(`no file was made in ${project}`);
}


function decoding() {
    const stepped = { continuation: 20_000, times: 2 };

    async function isOneWay(at, hops) {
        const log = await at.log();

        assert.equal(log.length, hops);
        assert.equal(new Set(log.map((e) => e.project)).size, 1);
        assert.ok(log.every((e) => e.model === FLASH && e.status === 200));
    }

    test('goes on where it was', async () => {
        const at = await ground({ verb: 'generateContent', ...stepped });
        const answer = await client(at).models.generateContent({
            model: FLASH, contents: 'Hello' });

        assert.equal(answer.candidates[0].finishReason, 'STOP');
        assert.equal(answer.text, SAID.repeat(3));
        await isOneWay(at, 3);
    });

    test('goes on where it was, streamed', async () => {
        const at = await ground({ verb: 'stream*', ...stepped });
        const { items, error } = await drain(
            client(at).models.generateContentStream({
                model: FLASH, contents: 'Hello' }));

        assert.equal(error, undefined);
        assert.equal(items.map((item) => item.text ?? '').join(''),
                     SAID.repeat(3));
        await isOneWay(at, 3);
    });

    test('no other project, no other model', routed, async () => {
        const at = await ground({ continuation: 1000, times: 1 });
        const ask = { model: FLASH, contents: 'Hello', config: {
            automaticContinuation: false } };
        const { models } = client(at);
        const [{ continuationToken }] = (await models.generateContent(ask))
            .candidates;
        const [{ project }] = await at.log();

        ask.config.continuationToken = continuationToken;
        await usedByOwner(at, project, () => models.generateContent(ask));
        await gateway.call('script', [{ project, case: 'overloaded503' }]);

        const error = await rejection(models.generateContent(ask));

        assert.equal(error.status, 503);
        assert.ok((await at.log()).every((e) => e.model === FLASH
                                             && e.project === project));
    });

    // the second turn brings back what only the first model can read
    const tools = [{ functionDeclarations: [{
        name: 'look', parameters: { type: 'OBJECT' } }] }];

    async function turns(at, rules) {
        const chat = client(at).chats.create({ model: FLASH,
                                               config: { tools } });
        const first = await chat.sendMessage({ message: 'One' });

        assert.ok(first.candidates[0].content.parts.at(-1).thoughtSignature);
        await gateway.call('script', rules);

        return chat.sendMessage({ message: 'Two' });
    }

    test('thoughts are read by the model that had them', async () => {
        const at = await ground();

        assert.equal((await turns(at, [])).modelVersion, FLASH);
    });

    test('nor by another one', routed, async () => {
        const at = await ground();
        const error = await rejection(turns(at, [
            { model: FLASH, case: 'overloaded503' }]));

        assert.equal(error.status, 503);
        assert.ok((await at.log()).every((e) => e.model === FLASH));
    });
}


function plain() {
    test('environments and their files', routed, async () => {
        const at = await ground();
        const ai = client(at);
        const { id } = await ai.environments.create({});
        const { project } = await owned('environments', id);
        const environment = `environments/${id}`;
        const bytes = randomBytes(9 * MB);

        await ai.environments.files.upload({
            environment, path: 'data/nine.bin',
            file: blob(bytes, 'application/octet-stream') });

        const kept = await owned('environmentFiles',
                                 `${environment}/files/data/nine.bin`);

        assert.equal(kept.md5, md5(bytes));

        const { files: listed } = await ai.environments.files.list({
            environment: id, path: 'data' });

        assert.equal(listed.length, 1);
        await ai.environments.files.download({
            environment, path: 'data/nine.bin' });
        await usedByOwner(at, project, () => ai.interactions.create({
            model: FLASH, input: 'Hello', environment }));
        assert.equal(await at.projects(),
                     `${project} ${(await at.log()).length}`);
    });

    const kinds = {
        agents: { id: 'sdk-agent', base_agent: 'antigravity-preview' },
        environments: {},
        webhooks: { uri: 'https://example.com/hook',
                    subscribed_events: ['batch.succeeded'] },
        voices: { voice: { type: 'prompted', model: FLASH } },
        triggers: { display_name: 'each day' },
        credentials: { display_name: 'a secret' },
    };

    for (const [kind, body] of Object.entries(kinds)) {
        test(`${kind} stay where they were made`, async () => {
            const at = await ground();
            const ai = client(at);
            const { id } = await ai[kind].create(body);
            const { project } = await owned(kind, id);

            await usedByOwner(at, project, () => ai[kind].get(id));
            await ai[kind].list();
            await usedByOwner(at, project, () => ai[kind].delete(id), 1);
            assert.ok(await rejection(ai[kind].get(id)));
        });
    }
}


export function ownedTests() {
    describe('caches', caches);
    describe('batches', batches);
    describe('videos', videos);
    describe('file search stores, by gemini_pass', () => stores('pass'));
    describe('file search stores, by gemini_select', () => stores('select'));
    describe('long decodes and thoughts', decoding);
    describe('agents, environments, webhooks, ..', plain);
}
