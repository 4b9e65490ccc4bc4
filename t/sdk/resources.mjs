// What the tests of things that belong to a project share.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { GoogleGenAI } from '@google/genai';

import * as gateway from './gateway.mjs';

export const SAID = `Hello from the fake ${gateway.FLASH}.`;

export const MB = 1 << 20;

// as many requests as would find every project of the pool
export const ENOUGH = 12;

// what only a gateway can get wrong
export const routed = gateway.DIRECT ? { skip: 'no gateway' } : {};


export const client = (at, httpOptions = {}) => new GoogleGenAI({
    apiKey: at.key,
    httpOptions: { baseUrl: at.base, ...httpOptions },
});

export const md5 = (bytes) => createHash('md5').update(bytes).digest('hex');

export const blob = (bytes, type) => new Blob([bytes], { type });

export const upload = (ai, bytes, config = {}) =>
    ai.files.upload({ file: blob(bytes, 'text/plain'), config });


let directory;


// a path for a file, which goes with the tests
export function scratch(name) {
    if (!directory) {
        directory = mkdtempSync(join(tmpdir(), 'gemini-sdk-'));
        process.on('exit', () => rmSync(directory, { recursive: true }));
    }

    return join(directory, name);
}


export async function all(pager) {
    const items = [];

    for await (const item of await pager) {
        items.push(item);
    }

    return items;
}


// the fake's side of a thing, by its name
export async function owned(kind, name) {
    const item = (await gateway.resources(kind)).find(
        (one) => one.name === name || one.id === name);

    assert.ok(item, `${name} is there`);
    return item;
}


// A thing is used often: all of it by its project, and at the first attempt.
export async function usedByOwner(at, project, use, times = ENOUGH) {
    const before = (await at.log()).length;

    for (let i = 0; i < times; i++) {
        await use(i);
    }

    const seen = (await at.log()).slice(before);

    assert.deepEqual(seen.map((e) => `${e.project} ${e.status}`),
                     Array(times).fill(`${project} 200`));

    return seen;
}
