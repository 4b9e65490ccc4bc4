// Pictures, while there is traffic: of a desk and a phone, dark and light.

import assert from 'node:assert/strict';

import { again, complaints, generate, open, shot, test } from './lib.mjs';

const MODELS = ['gemini-3.8-flash', 'gemini-3.5-pro', 'gemini-3.5-flash-lite'];
const TEAMS = ['research', 'apps'];
const POLLS = 16;

async function traffic(go) {
  for (let i = 0; go.on; i++) {
    await generate(MODELS[i % 3], TEAMS[i % 2]);
    await new Promise((done) => setTimeout(done, (i * 13) % 40));
  }
}

const overflow = (page) => page.evaluate(() =>
  document.documentElement.scrollWidth - document.documentElement.clientWidth);

export async function shotTests() {
  await test('lines grow with each poll, nothing sticks out', async () => {
    const page = await open();
    const go = { on: true };
    const clients = [traffic(go), traffic(go), traffic(go)];

    for (let i = 0; i < POLLS; i++) {
      await page.waitForTimeout(150);
      await again(page);
    }

    await page.locator('#ask-model').fill('auto');
    await page.locator('#ask button').click();
    await page.locator('#reply .row[data-id]').first().waitFor();

    const points = await page.evaluate(() =>
      document.querySelector('#t-rate .spark path:last-child')
        .getAttribute('d').split(/[ML]/).length - 1);

    assert.ok(points > POLLS / 2, `${points} points`);

    for (const scheme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width: 1440, height: 1000 });
      await shot(page, `desk-${scheme}`);
      assert.equal(await overflow(page), 0, 'a desk');
      await page.setViewportSize({ width: 375, height: 812 });
      await shot(page, `phone-${scheme}`);
      assert.equal(await overflow(page), 0, 'a phone');
    }

    for (const width of [320, 600, 700, 900, 1100]) {
      await page.setViewportSize({ width, height: 800 });
      assert.equal(await overflow(page), 0, `${width} pixels`);
    }

    go.on = false;
    await Promise.all(clients);
    await page.context().close();
  });

  await test('with 1000 keys, too', async () => {
    const page = await open('/big/status');

    await shot(page, 'desk-big');
    await page.setViewportSize({ width: 375, height: 812 });
    await shot(page, 'phone-big');
    assert.equal(await overflow(page), 0);
    await page.context().close();
  });

  await test('no error, no violation, no request to elsewhere', () => {
    assert.deepEqual(complaints(), []);
  });
}
