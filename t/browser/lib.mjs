// What the tests of the page share: TAP, waiting, nginx, a browser whose pages
// are watched for errors, violations of the policy and requests to elsewhere.

import assert from 'node:assert/strict';
import fs from 'node:fs';

import { chromium } from 'playwright-core';

export const { GATEWAY: gateway, OPERATORS: operators } = process.env;
export const shots = process.env.SHOTS;

const slow = Number(process.env.SLOW || 1);
const deadline = 15000 * slow;

// who started this is gone
setInterval(() => {
  if (process.ppid === 1) process.exit(1);
}, 500).unref();

export async function test(name, run) {
  try {
    await run();
    console.log(`ok - ${name}`);
  } catch (error) {
    console.log(`not ok - ${name}`);
    console.log(String(error.stack ?? error));
  }
}

// until it does not throw
export async function until(run) {
  const end = Date.now() + deadline;

  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

export async function status(where = '/gemini/status', query = '') {
  const answer = await fetch(`${operators}${where}?format=json${query}`);

  return answer.json();
}

export async function control(what, where = '/gemini/control') {
  const answer = await fetch(`${operators}${where}/${what}`,
                             { method: 'POST' });

  assert.equal(answer.status, 200, what);
  return answer.json();
}

export async function generate(model, team) {
  const answer = await fetch(
    `${gateway}/v1beta/models/${model}:generateContent`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json',
                 ...(team ? { 'X-Team': team } : {}) },
      body: '{"contents":[{"parts":[{"text":"Hello."}]}]}',
    });

  await answer.arrayBuffer();
}

let browser = null;
let wrong = [];
let expected = null;

export async function start() {
  browser = await chromium.launch({
    executablePath: process.env.BROWSER,
    timeout: deadline,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu',
           '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
}

export async function end() {
  await browser.close();
}

export async function open(where = '/gemini/status', options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 1000 }, colorScheme: 'dark', ...options });
  const page = await context.newPage();

  page.setDefaultTimeout(deadline);

  page.on('console', (message) => {
    const text = message.text();

    if (message.type() === 'log' || (expected && expected.test(text))) return;
    wrong.push(`console: ${text}`);
  });

  page.on('pageerror', (error) => wrong.push(`error: ${error.stack}`));

  page.on('request', (request) => {
    const url = request.url();

    if (!url.startsWith(operators + '/') && !url.startsWith('data:'))
      wrong.push(`request: ${url}`);
  });

  await page.goto(`${operators}${where}?format=html`);
  await page.locator('#pool', { hasText: /^\w/ }).waitFor();
  return page;
}

// what the console may say of requests that are meant to fail
export function allow(pattern) {
  expected = pattern;
}

// what went wrong on all pages until now, each once
export function complaints() {
  const all = [...new Set(wrong)];

  wrong = [];
  return all;
}

export async function shot(page, name) {
  fs.mkdirSync(shots, { recursive: true });
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
}

// the document as it is asked for just now
export async function again(page) {
  await page.locator('#pause').click();
  const answer = page.waitForResponse((r) => /format=json$/.test(r.url()));

  await page.locator('#pause').click();
  await answer;
}

export const row = (page, table, id) =>
  page.locator(`#${table} .row[data-id="${id}"]`);

export const cell = (page, table, id, column) =>
  row(page, table, id).locator(`[data-col="${column}"]`);

export const text = async (locator) =>
  (await locator.innerText()).replace(/\u2009/g, '').trim();

// of each rendered row of a table: its id, and by column what is shown
export function table(page, id) {
  return page.evaluate((which) => {
    const rows = [...document.querySelectorAll(`#${which} .rows > .row`)];

    return Object.fromEntries(rows.map((node) => [
      node.dataset.id,
      Object.fromEntries([...node.children].map((cell) => {
        const copy = cell.cloneNode(true);

        for (const cap of copy.querySelectorAll('.cap')) cap.remove();
        for (const hidden of copy.querySelectorAll('[hidden]'))
          hidden.remove();

        const parts = [];
        const walk = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);

        while (walk.nextNode()) parts.push(walk.currentNode.data);
        return [cell.dataset.col,
                parts.join(' ').replace(/\u2009/g, '').replace(/\s+/g, ' ')
                  .trim()];
      })),
    ]));
  }, id);
}
