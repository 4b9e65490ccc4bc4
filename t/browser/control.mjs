// Buttons do what they say, and say so when they cannot.

import assert from 'node:assert/strict';

import { allow, cell, complaints, open, row, status, test, text, until }
  from './lib.mjs';

const find = async (list, name, where) =>
  (await status(where))[list].find((r) => r.name === name);

const press = (page, table, id, name) =>
  cell(page, table, id, 'acts').getByRole('button', { name }).click();

const dialog = (page) => page.locator('dialog[open]');
const confirm = (page) => dialog(page).locator('.acts button').last().click();

async function disable(page) {
  await press(page, 'fleet', 'key free-6', /^Disable/);
  await dialog(page).locator('select').selectOption('1h');
  await dialog(page).locator('input').fill('by <b>hand</b> & "more"');
  await confirm(page);

  await until(async () => {
    const key = await find('keys', 'free-6');

    assert.equal(key.state, 'operator');
    assert.equal(key.note, 'by <b>hand</b> & "more"');
    assert.ok(key.left > 3000 && key.left <= 3600);
  });

  await page.locator('.toast', { hasText: 'by operator' }).waitFor();
  await cell(page, 'fleet', 'key free-6', 'status')
    .filter({ hasText: 'by <b>hand</b> & "more"' }).waitFor();
  await press(page, 'fleet', 'key free-6', /^Enable/);
  await until(async () =>
    assert.equal((await find('keys', 'free-6')).state, 'usable'));
  await cell(page, 'fleet', 'key free-6', 'status')
    .filter({ hasText: /^(?:usable|limited)/ }).waitFor();
}

// also what an answer has disabled
async function enable(page) {
  const key = (await status()).keys.find((k) => k.reason === 'key_leaked');

  assert.equal(key.state, 'disabled');
  await press(page, 'fleet', `key ${key.name}`, /^Enable/);
  await until(async () =>
    assert.equal((await find('keys', key.name)).state, 'usable'));
}

async function cancel(page) {
  const before = await find('keys', 'free-6');

  await press(page, 'fleet', 'key free-6', /^Disable/);
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await press(page, 'fleet', 'key free-6', /^Reset/);
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  assert.equal((await find('keys', 'free-6')).state, before.state);
}

async function others(page) {
  await page.locator('#tabs [data-tab=projects]').click();
  await press(page, 'fleet', 'project demo-4', /^Disable/);
  await confirm(page);
  await until(async () =>
    assert.equal((await find('projects', 'demo-4')).state, 'operator'));
  await press(page, 'fleet', 'project demo-4', /^Enable/);
  await until(async () =>
    assert.equal((await find('projects', 'demo-4')).state, 'usable'));

  await page.locator('#tabs [data-tab=accounts]').click();
  assert.equal((await find('accounts', 'corp')).reason, 'credit');
  await press(page, 'fleet', 'account corp', /^Reset/);
  await confirm(page);
  await until(async () =>
    assert.equal((await find('accounts', 'corp')).state, 'usable'));
  await page.locator('#tabs [data-tab=keys]').click();

  await press(page, 'models', 'gemini-3.5-pro', /^Disable/);
  await confirm(page);
  await until(async () =>
    assert.equal((await find('models', 'gemini-3.5-pro')).state, 'operator'));
  await press(page, 'models', 'gemini-3.5-pro', /^Enable/);
  await until(async () =>
    assert.notEqual((await find('models', 'gemini-3.5-pro')).state,
                    'operator'));
}

async function reset(page) {
  const spent = async () => (await status()).cells
    .filter((c) => c.reason === 'PerDay').length;

  assert.ok(await spent() > 0);
  await page.locator('#reset').click();
  await confirm(page);
  await page.locator('.toast', { hasText: 'Reset the pool' }).waitFor();
  assert.ok(await spent() > 0, 'day quotas stay');

  await page.locator('#reset').click();
  await dialog(page).locator('[name=day]').check();
  await confirm(page);
  await until(async () => assert.equal(await spent(), 0));
}

async function lock(page) {
  await press(page, 'models', 'gemini-3.5-flash-lite', /^Lock/);
  await dialog(page).locator('select').selectOption('10m');
  await confirm(page);
  await until(async () => assert.equal((await status()).lock?.model,
                                       'gemini-3.5-flash-lite'));
  await page.locator('#note-lock', { hasText: /gemini-3.5-flash-lite for \d/ })
    .waitFor();
  await page.locator('#note-lock button').click();
  await until(async () => assert.equal((await status()).lock, null));
  await page.locator('#note-lock').waitFor({ state: 'detached' });
}

async function rank(page) {
  const { probe } = await status();

  await page.locator('#rank').click();
  await dialog(page).locator('[name=list]').check();
  await confirm(page);
  await page.locator('.toast', { hasText: 'probe' }).waitFor();
  await until(async () =>
    assert.ok((await status()).probe.lists > probe.lists));
}

// its own error is told as it is
async function told(page) {
  allow(/status of 404/);
  await page.route('**/gemini/control/**', (route) => route.continue({
    url: route.request().url().replace('free-6', 'nobody') }));
  await press(page, 'fleet', 'key free-6', /^Disable/);
  await confirm(page);
  await page.locator('.toast', { hasText: 'unknown key “nobody”' }).waitFor();
  await page.unroute('**/gemini/control/**');
  allow(null);
}

async function absent() {
  const page = await open('/plain/status');

  await page.locator('#fleet .rows > .row').first().waitFor();
  assert.equal(await page.locator('[data-col=acts], #rank:visible').count(), 0);
  assert.match(await text(page.locator('#read-only')), /control=/);
  await page.context().close();
}

async function unreachable(where, saying) {
  const page = await open(where);

  allow(/status of 40[34]|ERR_FAILED/);
  await press(page, 'fleet', 'key free-6', /^Disable/);
  await confirm(page);
  await page.locator('#note-control', { hasText: saying }).waitFor();
  assert.equal((await find('keys', 'free-6')).state, 'usable');
  await page.locator('#note-control button').click();
  await page.locator('#note-control').waitFor({ state: 'detached' });
  await page.context().close();
  allow(null);
}

// a page of elsewhere may not; the browser says where it comes from
async function cross() {
  const page = await open();

  allow(/status of 403/);
  await page.route('**/gemini/control/**', async (route) => route.fulfill({
    response: await route.fetch({
      headers: { ...route.request().headers(),
                 'sec-fetch-site': 'cross-site' } }) }));
  await press(page, 'fleet', 'key free-6', /^Disable/);
  await confirm(page);
  await page.locator('#note-control', { hasText: 'status 403' }).waitFor();
  assert.equal((await find('keys', 'free-6')).state, 'usable');

  await page.unroute('**/gemini/control/**');
  await page.route('**/gemini/control/**', (route) => route.abort());
  allow(/ERR_FAILED/);
  await press(page, 'fleet', 'key free-6', /^Disable/);
  await confirm(page);
  await page.locator('#note-control', { hasText: 'does not answer' }).waitFor();

  await page.unroute('**/gemini/control/**');
  await press(page, 'fleet', 'key free-6', /^Disable/);
  await confirm(page);
  await page.locator('#note-control').waitFor({ state: 'detached' });
  await row(page, 'fleet', 'key free-6')
    .getByRole('button', { name: /^Enable/ }).click();
  await until(async () =>
    assert.equal((await find('keys', 'free-6')).state, 'usable'));
  await page.context().close();
  allow(null);
}

export async function controlTests() {
  const page = await open();

  await test('disable and enable a key', () => disable(page));
  await test('enable what an answer has disabled', () => enable(page));
  await test('cancel does nothing', () => cancel(page));
  await test('projects, accounts, models', () => others(page));
  await test('reset', () => reset(page));
  await test('lock and unlock', () => lock(page));
  await test('probe', () => rank(page));
  await test('an error of control is told', () => told(page));
  await page.context().close();

  await test('without control= there is no button', absent);
  await test('control that is not there', () =>
    unreachable('/gone/status', 'no gemini_control at /nowhere'));
  await test('control that is not allowed', () =>
    unreachable('/denied/status', 'not allowed from here (status 403)'));
  await test('control that refuses, is away, is back', cross);

  await test('no error, no violation, no request to elsewhere', () => {
    assert.deepEqual(complaints(), []);
  });
}
