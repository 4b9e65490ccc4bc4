// The page for everybody: keyboard, names of what is there, contrast, themes,
// what is said aloud.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';

import { again, cell, complaints, control, open, test, text, until }
  from './lib.mjs';

const axe = fs.readFileSync(createRequire(import.meta.url)
  .resolve('axe-core/axe.min.js'), 'utf8');

const background = (page) => page.evaluate(() =>
  getComputedStyle(document.body).backgroundColor);

const active = (page) => page.evaluate(() => {
  const node = document.activeElement;

  return node.getAttribute('aria-label') ?? node.id ?? node.tagName;
});

async function checked(page, name) {
  const found = await page.evaluate(async () => {
    const all = await globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
                'best-practice'],
    });

    return all.violations.map((v) => `${v.id}: ${v.help}: ${
      v.nodes.slice(0, 3).map((n) => n.html.slice(0, 120)
        + ' ' + (n.any[0]?.message ?? '')).join(' | ')}`);
  });

  assert.deepEqual(found, [], name);
}

async function rules() {
  const page = await open();

  await page.locator('#ask button').click();
  await page.locator('#reply .row[data-id]').first().waitFor();
  await page.evaluate(axe);

  for (const [colorScheme, width] of [['dark', 1440], ['light', 375]]) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 900 });
    await checked(page, `${colorScheme}, ${width} pixels`);
  }

  await page.locator('#models .acts button').first().click();
  await checked(page, 'a dialog');
  await page.context().close();
}

async function keyboard() {
  const page = await open();

  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className),
               'skip');
  await page.keyboard.press('Enter');
  assert.equal(await active(page), 'main');

  const reach = async (label) => {
    for (let i = 0; i < 200; i++) {
      await page.keyboard.press('Tab');
      if (await active(page) === label) return;
    }

    assert.fail(`Tab does not lead to "${label}"`);
  };

  await reach('Lock to model gemini-3.8-flash');
  await page.keyboard.press('Enter');
  await page.locator('dialog[open]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  assert.equal(await active(page), 'Lock to model gemini-3.8-flash',
               'the focus is back');

  await page.locator('#tabs [data-tab=keys]').focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.locator('#tabs [aria-selected=true]')
    .getAttribute('data-tab'), 'projects');
  await page.keyboard.press('ArrowLeft');

  await page.locator('#fleet [role=columnheader] button').first().focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#fleet [role=columnheader]').first()
    .getAttribute('aria-sort'), 'ascending');

  await reach('Disable key acme-8');
  await page.keyboard.press('Enter');
  await page.locator('dialog[open]').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.name), 'for');
  await page.keyboard.press('Escape');
  await page.context().close();
}

async function themes() {
  const page = await open('/plain/status', { colorScheme: 'dark' });
  const dark = await background(page);

  await page.emulateMedia({ colorScheme: 'light' });
  const light = await background(page);

  assert.notEqual(dark, light, 'as the system has it');

  const button = page.locator('#theme');

  await button.click();
  assert.equal(await button.getAttribute('aria-label'), 'Theme: light');
  await button.click();
  assert.equal(await button.getAttribute('aria-label'), 'Theme: dark');
  assert.equal(await background(page), dark, 'as it is chosen');
  await page.reload();
  assert.equal(await background(page), dark, 'also later');
  await button.click();
  assert.equal(await background(page), light, 'as the system has it, again');
  await page.context().close();
}

// states differ by more than a colour
async function shapes() {
  const page = await open();
  const seen = await page.evaluate(() => {
    const found = {};

    for (const node of document.querySelectorAll('#fleet .badge'))
      found[node.lastChild.textContent] = node.querySelector('path')
        .getAttribute('d');
    return found;
  });
  const paths = Object.values(seen);

  assert.ok(paths.length >= 4, Object.keys(seen).join());
  assert.equal(new Set(paths).size, paths.length);
  await page.context().close();
}

async function aloud() {
  const page = await open();

  await control('disable?key=acme-8');
  await again(page);
  await page.locator('#say', { hasText: /keys are not well/ })
    .waitFor({ state: 'attached' });
  await control('enable?key=acme-8');
  await again(page);
  await until(async () => assert.match(
    await text(cell(page, 'fleet', 'key acme-8', 'status')), /usable/));
  await page.context().close();
}

export async function accessTests() {
  await test('rules of accessibility', rules);
  await test('keyboard', keyboard);
  await test('dark and light', themes);
  await test('states have shapes', shapes);
  await test('changes are said', aloud);

  await test('no error, no violation, no request to elsewhere', () => {
    assert.deepEqual(complaints(), []);
  });
}
