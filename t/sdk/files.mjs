// @google/genai: files and their uploads, in a pool of six projects.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';

import { GoogleGenAI } from '@google/genai';

import * as gateway from './gateway.mjs';
import { ENOUGH, MB, SAID, all, blob, client, md5, owned, routed, scratch,
         upload, usedByOwner } from './resources.mjs';

const { FLASH, drain, ground, rejection } = gateway;


const asking = (ai, part, config) => () => ai.models.generateContent({
    model: FLASH, contents: [{ role: 'user', parts: [
        { text: 'What is this?' }, part] }], config });

const fileData = ({ uri, mimeType }) => ({
    fileData: { fileUri: uri, mimeType } });


function files(way) {
    test('uploads in several chunks', async () => {
        const at = await ground([], way);
        const bytes = randomBytes(20 * MB);
        const file = await upload(client(at), bytes, {
            displayName: 'twenty' });
        const kept = await owned('files', file.name);
        const log = await at.log();

        assert.equal(file.displayName, 'twenty');
        assert.equal(file.sizeBytes, String(20 * MB));
        assert.equal(kept.md5, md5(bytes));
        assert.equal(await at.projects(), `${kept.project} 4`);
        assert.ok(log.slice(1).every((e) => /upload_id=/.test(e.target)));
    });

    test('uploads from a path, with a name', async () => {
        const at = await ground([], way);
        const bytes = randomBytes(9 * MB);
        const path = scratch('nine.pdf');

        await writeFile(path, bytes);

        const name = `nine-${way}`;
        const file = await client(at).files.upload({
            file: path, config: { name } });
        const kept = await owned('files', `files/${name}`);

        assert.equal(file.name, `files/${name}`);
        assert.equal(file.mimeType, 'application/pdf');
        assert.equal(kept.md5, md5(bytes));
        assert.equal(await at.projects(), `${kept.project} 3`);
    });

    for (const apiVersion of ['v1beta', 'v1alpha']) {
        test(`uploads by ${apiVersion}`, async () => {
            const at = await ground([], way);
            const ai = client(at, { apiVersion });
            const file = await upload(ai, 'some');

            await ai.files.get({ name: file.name });
            assert.ok((await at.log()).every(
                (e) => e.version === apiVersion));
        });
    }

    test('a file is served by its project', async () => {
        const at = await ground([], way);
        const ai = client(at);
        const file = await upload(ai, 'some');
        const { project } = await owned('files', file.name);

        await usedByOwner(at, project,
                          () => ai.files.get({ name: file.name }));
        await usedByOwner(at, project, asking(ai, fileData(file)));
        await usedByOwner(at, project, async () => {
            const { items, error } = await drain(
                ai.models.generateContentStream({
                    model: FLASH, contents: [fileData(file)] }));

            assert.equal(error, undefined);
            assert.equal(items.length, 3);
        });
        await usedByOwner(at, project, () => ai.models.countTokens({
            model: FLASH, contents: [fileData(file)] }));

        await usedByOwner(at, project,
                          () => ai.files.delete({ name: file.name }), 1);

        const error = await rejection(ai.files.get({ name: file.name }));
        assert.equal(error.status, 403);
    });

    test('a client that follows the address as it is', routed, async () => {
        const at = await ground([], way);
        const send = async (url, command, body, offset = 0) => {
            const answer = await fetch(url, { method: 'POST', body, headers: {
                'user-agent': 'google-genai-sdk/0',
                'x-goog-upload-protocol': 'resumable',
                'x-goog-upload-command': command,
                'x-goog-upload-offset': offset } });

            assert.equal(answer.status, 200, command);
            return answer;
        };
        const status = (answer) => answer.headers.get('x-goog-upload-status');
        const start = () => send(`${at.base}/upload/v1beta/files?key=${at.key}`
            + '&a=b', 'start', '{}');

        const begun = await start();
        const url = begun.headers.get('x-goog-upload-url');

        assert.ok(url.startsWith(`${at.base}/upload/v1beta/files?`), url);
        assert.doesNotMatch(url, /key=/);
        assert.equal(begun.headers.get('x-goog-upload-control-url'), url);
        assert.equal(status(begun), 'active');

        await send(url, 'upload', 'abc');

        const asked = await send(url, 'query', '');
        assert.equal(asked.headers.get('x-goog-upload-size-received'), '3');

        const done = await send(url, 'upload, finalize', 'def', 3);
        const { file } = await done.json();
        const kept = await owned('files', file.name);

        assert.equal(status(done), 'final');
        assert.equal(kept.md5, md5('abcdef'));

        const other = (await start()).headers.get('x-goog-upload-url');
        assert.equal(status(await send(other, 'cancel', '')), 'cancelled');
        assert.ok((await at.log()).every((e) => e.status === 200));
    });

    test('an upload that Google does not take', routed, async () => {
        const at = await ground({ verb: 'upload', status: 503,
                                  type: 'text/plain',
                                  body: 'Service unavailable\n' }, way);
        const error = await rejection(upload(client(at), 'some'));

        assert.equal(error.status, 503);
    });

    test('no chunk is sent twice', routed, async () => {
        const at = await ground([
            { verb: 'upload', path: 'upload_id', reset: 1 }], way);

        assert.ok(await rejection(upload(client(at), randomBytes(MB))));

        const log = await at.log();
        const chunks = log.filter((e) => /upload_id/.test(e.target));

        assert.equal(chunks.length, 1);
    });
}


function moreOfFiles() {
    test('lists its files, page by page', async () => {
        const at = await ground();
        const ai = client(at);

        await Promise.all(Array.from({ length: 24 }, () =>
            upload(ai, 'some')));

        const pager = await ai.files.list({ config: { pageSize: 1 } });
        const listed = await all(pager);
        const lists = (await at.log()).filter((e) => e.verb === 'files.list');
        const { project } = lists[0];
        const there = (await gateway.resources('files')).filter(
            (file) => file.project === project);

        assert.ok(listed.length > 1);
        assert.equal(listed.length, there.length);
        assert.ok(lists.every((e) => e.project === project));
    });

    test('a file in a long request', async () => {
        const at = await ground();
        const ai = client(at);
        const file = await upload(ai, 'some');
        const { project } = await owned('files', file.name);
        const image = { inlineData: { mimeType: 'image/png',
                                      data: 'QUJD'.repeat(500_000) } };

        await usedByOwner(at, project, () => ai.models.generateContent({
            model: FLASH, contents: [image, fileData(file)] }));
    });

    test('files of two projects in one request', routed, async () => {
        const at = await ground();
        const ai = client(at);
        const one = await upload(ai, 'one');
        const mine = (await owned('files', one.name)).project;

        await gateway.call('script', [
            { project: mine, verb: 'upload', case: 'full429_day' }]);

        const two = await upload(ai, 'two');
        const other = (await owned('files', two.name)).project;

        assert.notEqual(mine, other);

        const before = (await at.log()).length;
        const error = await rejection(ai.models.generateContent({
            model: FLASH, contents: [fileData(one), fileData(two)] }));

        assert.equal(error.status, 400);
        assert.match(error.message, new RegExp(one.name));
        assert.match(error.message, new RegExp(two.name));
        assert.equal((await at.log()).length, before);
    });

    test('a file that the gateway has not seen made', routed, async () => {
        const file = await elsewhere('own-d');
        const at = await ground();
        const ai = client(at);

        assert.equal((await ai.files.get({ name: file.name })).name,
                     file.name);
        assert.ok((await at.log()).length <= 6);
        await usedByOwner(at, 'own-d', asking(ai, fileData(file)));
    });

    test('the same, by its use', routed, async () => {
        const file = await elsewhere('own-e');
        const at = await ground();
        const ai = client(at);
        const use = asking(ai, fileData(file));

        assert.equal((await use()).text, SAID);
        assert.ok((await at.log()).length <= 6);
        await usedByOwner(at, 'own-e', use);
    });

    test('a file that nobody has', routed, async () => {
        const at = await ground();
        const ai = client(at);
        const error = await rejection(ai.files.get({ name: 'files/none' }));

        assert.equal(error.status, 403);
        assert.ok((await at.log()).length <= 6);

        for (let i = 0; i < ENOUGH; i++) {
            await ai.models.generateContent({
                model: FLASH, contents: 'No key is the worse for it' });
        }
    });
}


// a file that was made by another way into a project
async function elsewhere(project) {
    const key = gateway.OWN.find((one) => one.includes(`-${project.at(-1)}`));

    return new GoogleGenAI({ apiKey: key, httpOptions: {
        baseUrl: process.env.FAKE } }).files.upload({
        file: blob('elsewhere', 'text/plain') });
}


export function fileTests() {
    describe('files, by gemini_pass', () => files('pass'));
    describe('files, by gemini_select', () => files('select'));
    describe('files', moreOfFiles);
}
