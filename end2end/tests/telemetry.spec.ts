// A fresh server with simulated users, data retention, and the data of one user.
import { readFile } from 'node:fs/promises';
import { expect, logIn, test } from './fixtures';

const FLAG = 'ENHANCED_EXERCISE_LIBRARY';

test('simulated data is offered, labelled, filtered by segment and phase, and removed', async ({ visitor, server }) => {
  test.setTimeout(120_000);
  // None of it needs a script.
  const page = await visitor({ javaScriptEnabled: false });
  await logIn(page, server);
  await page.goto('/admin/analytics');
  await expect(page.getByTestId('offer')).toContainText('No telemetry yet');
  await page.getByRole('button', { name: 'Generate simulated data' }).click();
  // The page refreshes itself until the simulation has ended.
  await expect(page.getByTestId('simulated')).toContainText('2,000 simulated users over 30 days', { timeout: 90_000 });
  await expect(page.getByTestId('freshness')).toContainText('Last 30 days');

  // Exactly the days of the simulation, so that all users are new.
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  await page.goto(`/admin/analytics?from=${day(30)}&to=${day(1)}`);
  await expect(page.getByTestId('users').getByTestId('value')).toHaveText('2,000');
  await expect(page.getByTestId('users')).toContainText('2,000 of them new');
  await expect(page.getByTestId('annotations').locator('li')).toHaveCount(3);
  await expect(page.getByTestId('annotations')).toContainText('On to phase 3');
  await expect(page.getByTestId('adoption').locator('tbody tr')).toHaveCount(3);
  await page.getByLabel('Dimension').selectOption('segment power_users');
  await page.getByRole('button', { name: 'Apply filters' }).click();
  await expect(page.getByTestId('dimension')).toHaveText('segment power_users');
  await expect(page.getByTestId('users').getByTestId('value')).toHaveText(/^(1|2)\d\d$/);
  await page.getByLabel('Dimension').selectOption('phase 2');
  await page.getByLabel('Compare retention by').selectOption(FLAG);
  await page.getByRole('button', { name: 'Apply filters' }).click();
  await expect(page.getByTestId('arm')).toHaveCount(2);
  // The URL alone shows the same view in another session.
  const address = page.url();
  expect(address).toContain('environment=production');
  const other = await visitor();
  await logIn(other, server);
  await other.goto(address);
  await expect(other.getByTestId('dimension')).toHaveText('phase 2');
  await expect(other.getByTestId('simulated')).toBeVisible();
  const [download] = await Promise.all([other.waitForEvent('download'), other.getByRole('link', { name: 'adoption as CSV' }).click()]);
  const csv = await readFile(await download.path(), 'utf8');
  expect(csv.split('\r\n')[0]).toBe('flag,exposed,used,rate,rate_before,used_again,stickiness,seconds,median_seconds');
  expect(csv).toContain(`${FLAG},`);

  await page.goto('/admin/performance?range=30d&by=segment');
  await expect(page.getByTestId('simulated')).toBeVisible();
  await expect(page.getByTestId('breakdown')).toContainText('segment beta_testers');
  await page.getByRole('link', { name: 'Show real data' }).click();
  await expect(page.getByTestId('simulation-there')).toContainText('Real data');
  await expect(page.getByText('No web vitals in this period')).toBeVisible();
  await page.getByRole('button', { name: 'Remove simulated data' }).click();
  await expect(page.getByTestId('offer')).toBeVisible();
});

test('charts have annotations, and an invalid URL is reported', async ({ admin: page, server, expectComplaint }) => {
  expectComplaint(/422/);
  await server.advanceTo(2);
  const send = (id: string, release: string) => fetch(`${server.url}/collect?key=${server.clientKey}`, {
    method: 'POST',
    body: JSON.stringify({ v: 1, batch: id, session: id, visitor: id, release, events: [{ t: 'view', page: '/' }, { t: 'vital', page: '/', name: 'LCP', value: 2_000_000 }] }),
  });
  expect((await send('a', '1.0')).status).toBe(202);
  await page.goto('/admin/performance?range=1h');
  const marks = page.getByTestId('annotations').locator('li');
  await expect(marks).toContainText(['Phase 1 began', 'On to phase 2']);
  await expect(page.getByTestId('vital-LCP').locator('svg').first()).toContainText('2');
  await page.goto('/admin/performance?from=tomorrow&to=2026-01-01');
  await expect(page.getByRole('alert')).toContainText('from: a date such as 2026-11-25 is needed');
  await expect(page.getByTestId('vital-LCP')).toContainText('1 sample');
});

test('data retention is set, rejections are shown, and a user is erased', async ({ admin: page, server }) => {
  const body = {
    v: 1, batch: 'b', session: 's', visitor: 'v', user: 'ada@example.com',
    events: [{ t: 'feedback', message: 'call me', kind: 'idea' }, { t: 'use', flag: 'NOPE' }],
  };
  const answer = await fetch(`${server.url}/collect?key=${server.clientKey}`, { method: 'POST', body: JSON.stringify(body) });
  expect(answer.status).toBe(202);
  await page.goto('/admin/settings');
  await expect(page.getByTestId('rejections').locator('tbody tr')).toContainText(['The environment has no such flag']);
  await expect(page.getByTestId('sizes')).toContainText(/On disk, all environments: .* raw events of 1 day/);
  await page.getByLabel('Error events and feedback items, days').fill('30');
  await page.getByRole('button', { name: 'Save retention policy' }).click();
  await expect(page.getByTestId('toast')).toContainText('Retention policy saved.');
  await expect(page.getByLabel('Error events and feedback items, days')).toHaveValue('30');

  await page.getByRole('link', { name: 'Find a user' }).click();
  await page.getByLabel('User ID').fill('ada@example.com');
  await page.getByRole('button', { name: 'Find user' }).click();
  await expect(page.getByTestId('user-data')).toContainText('Errors and feedback1');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export as JSON' }).click()]);
  const data = JSON.parse(await readFile(await download.path(), 'utf8'));
  expect(data.reports[0].report.message).toBe('call me');
  expect(data.batches[0].content.events).toHaveLength(1);
  await page.getByRole('link', { name: 'Erase this user …' }).click();
  await page.getByRole('button', { name: 'Erase this user' }).click();
  await expect(page.getByTestId('toast')).toContainText('Erased from');
  await page.getByLabel('User ID').fill('ada@example.com');
  await page.getByRole('button', { name: 'Find user' }).click();
  await expect(page.getByTestId('user-data')).toContainText('No data about this user');
  expect(server.command('user', 'export', 'ada@example.com')).toContain('"batches": []');
});
