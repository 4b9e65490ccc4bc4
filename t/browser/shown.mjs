// What is shown is what the JSON says.

import assert from 'node:assert/strict';

import { again, allow, cell, complaints, generate, open, row, status, table,
         test, text, until } from './lib.mjs';

// the page's data and the JSON of the same moment, once they agree
async function agree(page, compare) {
  await until(async () => {
    await again(page);
    await compare(await status());
  });
}

const words = { operator: 'by operator' };
const n = (value) => (value === null ? '–' : String(value));

function percent(ratio) {
  if (ratio === null) return '–';
  return ratio === 0 || ratio === 1 ? `${ratio * 100} %`
    : `${(ratio * 100).toFixed(1)} %`;
}

const seconds = (s) => (s === null ? '–'
  : s < 1 ? `${Math.round(s * 1000)} ms` : `${s.toFixed(2)} s`);

// "0:31", "22:52:07": seconds
const parsed = (clock) => clock.split(':').reduce((a, b) => a * 60 + +b, 0);

// a state, its reason, and a countdown that fits
function says(shown, record, cells = []) {
  const bad = cells.filter((c) => c.state !== 'usable');
  const word = record.state === 'usable' && bad.length ? 'limited'
    : words[record.state] ?? record.state;

  assert.ok(shown.startsWith(word), `${record.name}: "${shown}": ${word}`);

  if (record.reason && record.reason !== 'operator')
    assert.ok(shown.includes(record.reason), `${shown}: ${record.reason}`);
  if (record.note)
    assert.ok(shown.includes(record.note), `${shown}: ${record.note}`);
  if (record.left !== null && record.left < 172800) {
    const left = parsed(shown.match(/\d+(?::\d\d)+/)[0]);

    assert.ok(Math.abs(left - record.left) < 20, `${shown}: ${record.left}`);
  }
}

function counters(shown, record) {
  const tried = record.requests - record.client;
  const tokens = record.tokens.prompt + record.tokens.output
                 + record.tokens.thought;

  assert.equal(shown.requests, n(record.requests));
  assert.equal(shown.ok, percent(tried ? record.ok / tried : null));
  assert.equal(shown.quota, n(record.quota));
  assert.equal(shown.faults, n(record.faults + record.errors));
  if (tokens < 10000) assert.equal(shown.tokens, n(tokens));
}

async function fleet(page) {
  for (const tab of ['keys', 'projects', 'accounts']) {
    await page.locator(`#tabs [data-tab=${tab}]`).click();

    await agree(page, async (doc) => {
      const shown = await table(page, 'fleet');
      const scope = tab.slice(0, -1);
      const of = (record) => doc.cells.filter((c) =>
        c.project === (tab === 'keys' ? record.project : record.name)
        && tab !== 'accounts');

      assert.deepEqual(Object.keys(shown),
                       doc[tab].map((r) => `${scope} ${r.name}`));

      for (const record of doc[tab]) {
        const cells = shown[`${scope} ${record.name}`];

        assert.ok(cells.name.startsWith(record.name));
        says(cells.status, record, of(record));
        counters(cells, record);
        if (tab === 'keys') assert.equal(cells.priority, n(record.priority));
      }
    });
  }

  await page.locator('#tabs [data-tab=keys]').click();
}

async function models(page) {
  await agree(page, async (doc) => {
    const shown = await table(page, 'models');
    const tiers = await status(undefined, '&view=tiers');

    assert.deepEqual(Object.keys(shown), doc.models.map((m) => m.name));

    for (const model of doc.models) {
      const cells = shown[model.name], { window: w, capacity: c } = model;
      const letters = ['fast', 'quality', 'balance'].map((tier) =>
        tiers[tier].find((t) => t.name === model.name).tier);

      says(cells.name.slice(model.name.length + 1), model);
      assert.equal(cells.tiers.replace(/[^SABC]/g, ''), letters.join(''));
      assert.ok(cells.success.startsWith(percent(w.success_rate)));
      assert.ok(cells.latency.startsWith(seconds(w.latency.p50)));
      assert.equal(cells.usable, n(c.usable));
      if (c.rpd_left === null || c.rpd_left < 10000)
        assert.ok(cells.day.startsWith(n(c.rpd_left)), cells.day);
      if (c.rpm_left === null || c.rpm_left < 10000)
        assert.ok(cells.minute.startsWith(n(c.rpm_left)), cells.minute);
      assert.ok(cells.requests.startsWith(n(model.requests)));
    }
  });
}

async function budgets(page) {
  const part = (use, limit) => (limit === null ? use ? n(use) : '–'
    : `${use} / ${limit < 10000 ? limit : `${limit / 1000}k`}`);

  await agree(page, async (doc) => {
    const shown = await table(page, 'budgets');

    assert.ok(doc.cells.length > 5);

    for (const c of doc.cells) {
      const cells = shown[`${c.project} ${c.model}`];

      says(cells.status, c);
      assert.ok(cells.rpm.startsWith(part(c.use.minute_requests,
                                          c.limits.rpm)), cells.rpm);
      assert.ok(cells.rpd.startsWith(part(c.use.day_requests, c.limits.rpd)),
                cells.rpd);
      assert.equal(cells.rpm.includes('learned'),
                   c.learned.rpm !== null && c.learned.rpm === c.limits.rpm);
      assert.equal(cells.rpd.includes('learned'),
                   c.learned.rpd !== null && c.learned.rpd === c.limits.rpd);
      assert.equal(cells.refused, `${c.refused} of ${c.requests}`);
    }

    const bar = await cell(page, 'budgets', `${doc.cells[0].project} ${
      doc.cells[0].model}`, 'rpd').locator('[role=meter]');

    assert.equal(await bar.getAttribute('aria-valuemax'),
                 n(doc.cells[0].limits.rpd));
  });
}

async function overview(page) {
  await agree(page, async (doc) => {
    const able = doc.keys.filter((k) => ['usable', 'busy'].includes(k.state));
    const left = doc.models.map((m) => m.capacity.rpd_left)
      .filter((v) => v !== null).reduce((a, b) => a + b, 0);
    const o = doc.totals.outcomes;
    const good = o.ok + o.failover + o.fallback;
    const bad = o.exhausted + o.overloaded + o.upstream_down + o.cut;

    assert.equal(await text(page.locator('#pool')), doc.pool);
    assert.match(await text(page.locator('#t-health')),
                 new RegExp(`\\b${able.length}\\s*of ${doc.keys.length}\\b`));
    assert.match(await text(page.locator('#t-quota')),
                 new RegExp(`\\b${left}\\s*in `));
    assert.match(await text(page.locator('#t-rate')),
                 new RegExp(`\\b${doc.totals.requests} in `));
    assert.ok((await text(page.locator('#t-ok'))).includes(
      percent(good / (good + bad))));
    assert.match(await text(page.locator('#t-queue')),
                 new RegExp(`${doc.queue.waiting} of ${doc.queue.size} places`));

    const legend = await text(page.locator('#t-health .legend'));

    assert.match(legend, /disabled/);
    assert.match(legend, /by operator/);
  });
}

async function system(page) {
  await agree(page, async (doc) => {
    const facts = await text(page.locator('#facts'));

    for (const part of [doc.versions.module, doc.versions.nginx,
                        `${doc.attempts.retry_budget.left} left`,
                        `number ${doc.versions.configuration}`,
                        doc.upstream.state])
      assert.ok(facts.includes(part), part);

    const shown = await page.evaluate(() => Object.fromEntries(
      [...document.querySelectorAll('#classes li')].map((li) => [
        li.children[0].textContent, li.children[2].textContent])));

    assert.deepEqual(shown, Object.fromEntries(Object.entries(
      doc.attempts.by_class).map(([k, v]) => [k, String(v)])));
  });
}

async function attention(page) {
  await agree(page, async (doc) => {
    const { cooldowns } = await status(undefined, '&view=cooldowns');
    const shown = await page.evaluate(() =>
      [...document.querySelectorAll('#why .n')]
        .reduce((a, node) => a + Number(node.textContent), 0));

    assert.equal(shown, cooldowns.filter((c) => c.state !== 'busy').length);
    assert.ok(doc.pool);
  });
}

async function events(page) {
  await agree(page, async () => {
    const { events: list } = await status(undefined, '&view=events');
    const lines = await page.locator('#events li').allInnerTexts();

    assert.equal(lines.length, list.length);

    list.forEach((event, i) => {
      for (const part of [event.label, event.model,
                          event.action ?? event.reason])
        if (part) assert.ok(lines[i].includes(part), `${lines[i]}: ${part}`);
    });
  });

  await page.locator('#events-find').fill('PerDay');
  const all = await page.locator('#events li').allInnerTexts();

  assert.ok(all.length && all.every((line) => line.includes('PerDay')));
  await page.locator('#events-find').fill('');
}

async function teams(page) {
  await agree(page, async (doc) => {
    const shown = await table(page, 'teams');

    assert.ok(doc.teams.length >= 3);

    for (const team of doc.teams) {
      assert.equal(shown[team.name].requests, n(team.requests));
      assert.equal(shown[team.name].name, team.name);
      if (team.tokens.prompt < 10000)
        assert.equal(shown[team.name].prompt, n(team.tokens.prompt));
      assert.ok(Math.abs(Number(shown[team.name].cost) - team.cost) < .0001);
    }
  });
}

async function counts(page) {
  const time = page.locator('#why .cd').first();
  const before = await time.innerText();

  await until(async () => assert.notEqual(await time.innerText(), before));
}

// a lock and more requests are seen by the next poll
async function follows(page) {
  const [model] = (await status()).models;

  await generate('gemini-3.5-flash-lite', 'late');
  await again(page);
  await row(page, 'teams', 'late').waitFor();
  assert.ok(model.name);
}

async function reload(page) {
  const before = (await status()).versions.configuration;

  process.kill(Number(process.env.MASTER), 'SIGHUP');
  await page.locator('.toast', { hasText: `number ${before + 1}` }).waitFor();
  await until(async () => assert.match(await text(page.locator('#age')),
                                       /live/));
}

async function lost(page) {
  allow(/ERR_CONNECTION_REFUSED|status of (?:403|502)/);

  await page.route('**/gemini/status?format=json*', (route) =>
    route.abort('connectionrefused'));
  await page.locator('#note-lost', { hasText: 'does not answer' }).waitFor();
  assert.match(await text(page.locator('#note-lost')), /is \d+ s old/);
  await until(async () => assert.match(await text(page.locator('#age')),
                                       /old/));
  assert.equal(await page.locator('#live').getAttribute('data-is'), 'stale');
  assert.ok(await row(page, 'fleet', 'key free-1').count(), 'still shown');

  await page.unroute('**/gemini/status?format=json*');
  await page.route('**/gemini/status?format=json*', (route) =>
    route.fulfill({ status: 403, contentType: 'text/html', body: 'no' }));
  await page.locator('#note-lost button').click();
  await page.locator('#note-lost', { hasText: 'status 403' }).waitFor();

  await page.unroute('**/gemini/status?format=json*');
  await page.locator('#note-lost button').click();
  await page.locator('#note-lost').waitFor({ state: 'detached' });
  allow(null);
}

// what a hidden page asks for is counted, by a clock of our own
async function hidden() {
  const page = await open('/plain/status');
  let asked = 0;

  await page.clock.install();
  await page.reload();
  await page.locator('#models .row[data-id]').first().waitFor();
  page.on('request', () => asked++);

  const hide = (yes) => page.evaluate((is) => {
    Object.defineProperty(document, 'hidden', { configurable: true,
                                                get: () => is });
    document.dispatchEvent(new Event('visibilitychange'));
  }, yes);

  await hide(true);
  await page.clock.runFor(4000);
  asked = 0;
  await page.clock.runFor(60000);
  assert.equal(asked, 0, 'nothing while hidden');

  const answer = page.waitForResponse((r) => /format=json$/.test(r.url()));

  await hide(false);
  await answer;
  assert.ok(asked > 0, 'at once when shown');
  await page.context().close();
}

async function hostile(page) {
  await page.locator('#ask-model').fill('<img src=x onerror=boom()>');
  await page.locator('#ask button').click();
  await page.locator('#verdict', { hasText: '<img src=x' }).waitFor();

  const big = await open('/big/status');

  await big.locator('#fleet-find').fill('big0042');
  await cell(big, 'fleet', 'key big0042', 'status')
    .filter({ hasText: '<script>boom()</script><img src=x' }).waitFor();
  await big.locator('#why', { hasText: '<script>boom()' }).waitFor();

  for (const each of [page, big])
    assert.equal(await each.evaluate(() => document.images.length
      + document.querySelectorAll('script').length), 1);

  await big.context().close();
}

export async function shownTests() {
  const page = await open();

  await test('the overview is the JSON', () => overview(page));
  await test('models and tiers are the JSON', () => models(page));
  await test('keys, projects, accounts are the JSON', () => fleet(page));
  await test('budgets are the JSON', () => budgets(page));
  await test('what needs attention is the JSON', () => attention(page));
  await test('events are the JSON', () => events(page));
  await test('teams are the JSON', () => teams(page));
  await test('outcomes and system are the JSON', () => system(page));
  await test('cooldowns count down', () => counts(page));
  await test('what changes is shown', () => follows(page));
  await test('no secret is shown', async () => {
    assert.doesNotMatch(await page.content(), /pool-key-\d+-secret/);
  });
  await test('labels are text, whatever they hold', () => hostile(page));
  await test('a reload of nginx is told', () => reload(page));
  await test('an nginx that is away is told', () => lost(page));
  await test('a hidden page asks for nothing', hidden);

  await page.context().close();

  await test('no error, no violation, no request to elsewhere', () => {
    assert.deepEqual(complaints(), []);
  });
}
