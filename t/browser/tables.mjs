// 1000 keys: search, order, choice, and rows that are made as they are seen;
// explain.

import assert from 'node:assert/strict';

import { cell, complaints, open, row, status, table, test, text, until }
  from './lib.mjs';

const names = async (page) => Object.keys(await table(page, 'fleet'))
  .map((id) => id.slice(4));

async function rows(page) {
  const made = await page.locator('#fleet .rows > .row').count();

  assert.ok(made > 5 && made < 60, `${made} of 1000 rows are made`);
  assert.equal(await page.locator('#fleet [role=table]')
    .getAttribute('aria-rowcount'), '1001');

  await page.locator('#fleet .view').evaluate((view) => {
    view.scrollTop = view.scrollHeight;
  });
  await row(page, 'fleet', 'key big1000').waitFor();
  assert.equal(await row(page, 'fleet', 'key big0001').count(), 0);

  await page.locator('#fleet .view').evaluate((view) => { view.scrollTop = 0; });
  await row(page, 'fleet', 'key big0001').waitFor();
}

async function search(page) {
  await page.locator('#fleet-find').fill('big0777');
  await until(async () => assert.deepEqual(await names(page), ['big0777']));

  await page.locator('#fleet-find').fill('proj-389 usable');
  await until(async () => assert.deepEqual(await names(page),
                                           ['big0777', 'big0778']));

  await page.locator('#fleet-find').fill('no such');
  await page.locator('#fleet .none', { hasText: 'No key fits' }).waitFor();
  await page.locator('#fleet-find').fill('');
}

async function choice(page) {
  const doc = await status('/big/status');
  const bad = doc.keys.filter((k) => k.state !== 'usable').map((k) => k.name);

  assert.equal(bad.length, 9);
  await page.locator('#only [data-only=bad]').click();
  await until(async () => assert.deepEqual(await names(page), bad));
  assert.match(await text(page.locator('#only [data-only=bad]')), /9$/);
  await page.locator('#only [data-only=all]').click();
}

async function order(page) {
  const head = page.locator('#fleet [role=columnheader]', { hasText: 'Name' });
  const first = async () => (await names(page))[0];

  await head.locator('button').click();
  assert.equal(await head.getAttribute('aria-sort'), 'ascending');
  assert.equal(await first(), 'big0001');
  await head.locator('button').click();
  assert.equal(await head.getAttribute('aria-sort'), 'descending');
  assert.equal(await first(), 'big1000');
  await head.locator('button').click();
  assert.equal(await head.getAttribute('aria-sort'), 'none');

  const state = page.locator('#fleet [role=columnheader]',
                             { hasText: 'State' }).locator('button');

  await state.click();
  await state.click();
  assert.equal(await first(), 'big0042', 'by an operator: the last state');
  await state.click();

  await page.setViewportSize({ width: 375, height: 812 });
  await page.locator('#fleet-sort').selectOption('name');
  assert.equal(await first(), 'big0001');
  await page.locator('#fleet-sort').selectOption('');
  await page.setViewportSize({ width: 1440, height: 1000 });
}

async function shows(page) {
  await page.locator('#why li', { hasText: 'configured' })
    .locator('button').click();
  await until(async () => assert.equal((await names(page)).length, 8));
  assert.equal(await page.locator('#fleet-find').inputValue(), 'configured');
  await page.locator('#fleet-find').fill('');
}

// a row that has the focus stays as it is while others change
async function focus(page) {
  const button = cell(page, 'fleet', 'key big0003', 'acts')
    .locator('button').first();

  await button.focus();
  await page.locator('#fleet .view').evaluate((view) => {
    view.scrollTop = view.scrollHeight;
  });
  await row(page, 'fleet', 'key big1000').waitFor();
  assert.equal(await button.evaluate((node) =>
    document.activeElement === node), true);
  await page.locator('#fleet .view').evaluate((view) => { view.scrollTop = 0; });
}

async function explain(page) {
  const ask = async (model, keys = '') => {
    await page.locator('#ask-model').fill(model);
    await page.locator('#ask-keys').fill(keys);
    await page.locator('#ask-model').press('Enter');
  };

  await ask('gpt-4o-mini');
  await page.locator('#verdict', { hasText: 'gpt-4o-mini is an alias of' })
    .waitFor();

  await until(async () => {
    const doc = await status('/gemini/status', '&explain=gpt-4o-mini');
    const shown = await table(page, 'reply');

    assert.deepEqual(Object.values(shown).map((r) => [r.rank, r.key]),
                     doc.candidates.map((c) => [String(c.rank ?? '–'), c.key]));

    for (const c of doc.candidates) {
      const { lack } = shown[`${c.key} ${c.model}`];

      assert.equal(lack, c.usable ? 'can serve'
        : `lacks ${c.lack}${c.reason ? ` ${c.reason}` : ''}`);
    }

    assert.match(await text(page.locator('#verdict')), new RegExp(
      `${doc.usable} of ${doc.candidates.length} candidates can serve`));
  });

  await ask('gemini-3.8-flash', 'project:demo-1');
  await until(async () => {
    const { lack } = (await table(page, 'reply'))['free-6 gemini-3.8-flash'];

    assert.equal(lack, 'lacks key not_allowed');
  });

  await ask('fast');
  await page.locator('#verdict', { hasText: 'virtual' }).waitFor();
}

export async function tableTests() {
  const big = await open('/big/status');

  await test('of 1000 keys only rows in sight are made', () => rows(big));
  await test('search', () => search(big));
  await test('only what is not well', () => choice(big));
  await test('order', () => order(big));
  await test('what needs attention leads to its rows', () => shows(big));
  await test('focus stays', () => focus(big));
  await big.context().close();

  const page = await open();

  await test('explain', () => explain(page));
  await page.context().close();

  await test('no error, no violation, no request to elsewhere', () => {
    assert.deepEqual(complaints(), []);
  });
}
