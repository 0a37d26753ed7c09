// Flags in the admin: created, edited, observed and restored.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { expect, logIn, test } from './fixtures';
import { Server } from './server';

/** Evaluates a flag as an app does. */
async function ask(server: Server, flag: string, context: object): Promise<any> {
  const response = await fetch(`${server.url}/ofrep/v1/evaluate/flags/${flag}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.clientKey}` },
    body: JSON.stringify({ context }),
  });
  return response.json();
}

test('a flag is created with rules, and its page describes its targeting', async ({ admin: page, server }) => {
  await page.goto('/admin/flags');
  await page.getByRole('link', { name: 'New flag' }).click();
  await page.getByLabel(/^Key/).fill('NEW_CHECKOUT');
  await page.getByRole('button', { name: 'Create flag' }).click();
  await expect(page).toHaveURL(/\/admin\/flags\/NEW_CHECKOUT\/edit/);

  const preview = page.getByTestId('preview');
  await expect(preview).toContainText('off for everyone.');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  const shares = page.getByRole('spinbutton', { name: /^at/ });
  await shares.fill('5');
  await test.step('the preview follows the typing', async () => {
    await expect(preview).toContainText('on for 5 % of everyone.off for everyone else.');
  });
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await expect(shares.nth(1), 'a new rule reaches nobody').toHaveValue('0');
  await shares.nth(1).fill('100');
  await page.getByRole('button', { name: 'Add a condition' }).nth(1).click();
  await page.getByLabel('Operator').selectOption('in_segment');
  await page.getByLabel('Value', { exact: true }).first().fill('beta_testers');
  await expect(preview).toContainText('on for 5 % of everyone and all of beta_testers.off for everyone else.');

  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByTestId('toast')).toContainText('Saved');
  await expect(page.getByTestId('words')).toContainText('on for 5 % of everyone and all of beta_testers.');
  await expect(page.getByTestId('flag-history')).toContainText('Changed the flag NEW_CHECKOUT.');
  await expect(page.getByTestId('flag-history')).toContainText('rules[0]');
  expect(await ask(server, 'NEW_CHECKOUT', { targetingKey: 'ada', groups: ['beta'] })).toMatchObject({ value: true });

  await test.step('going back is a change like any other', async () => {
    await page.getByRole('link', { name: 'Restore the state before this' }).first().click();
    await expect(page.getByTestId('way-back')).toContainText('rules[0]');
    await page.getByRole('button', { name: 'Restore this state' }).click();
    await expect(page.getByTestId('toast')).toContainText('Restored.');
    await expect(page.getByTestId('words')).toHaveText(/^off for everyone\.$/);
    expect(await ask(server, 'NEW_CHECKOUT', { targetingKey: 'ada', groups: ['beta'] })).toMatchObject({ value: false });
  });
});

test('the editor keeps typed text on errors and conflicts, without a script', async ({ server, visitor, expectComplaint }) => {
  expectComplaint(/422 \(Unprocessable|412 \(Precondition/);
  await server.api('POST', '/flags', { key: 'A', kind: 'boolean' });
  const page = await visitor({ javaScriptEnabled: false });
  await logIn(page, server);
  await page.goto('/admin/flags/A/edit');
  await page.getByLabel('Owner').fill('team shop');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByRole('button', { name: 'Add a condition' }).click();
  await page.getByLabel('Attribute', { exact: true }).fill('email');
  await page.getByLabel('Operator').selectOption('matches');
  await page.getByLabel('Value', { exact: true }).first().fill('(');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('rules[0].condition.value: is not a regular expression');
  await expect(page.getByLabel('Owner')).toHaveValue('team shop');
  await expect(page.getByLabel('Value', { exact: true }).first()).toHaveValue('(');

  await test.step('a slower editor sees the conflict and keeps the typed text', async () => {
    await page.getByLabel('Value', { exact: true }).first().fill('@example\\.com$');
    await server.api('PUT', '/flags/A', { key: 'A', kind: 'boolean', owner: 'somebody else' });
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('alert')).toContainText('was changed in the meantime');
    await expect(page.getByLabel('Owner')).toHaveValue('team shop');
    expect(await server.api('GET', '/flags/A')).toMatchObject({ owner: 'somebody else' });
  });
});

test('a kill switch asks for confirmation, and beats rules and overrides', async ({ admin: page, server }) => {
  await server.api('POST', '/flags', { key: 'A', kind: 'boolean', rules: [{ variant: 'on' }] });
  await page.goto('/admin/flags/A');
  await page.getByLabel('User (targetingKey)').fill('ada');
  await page.getByRole('button', { name: 'Add override' }).click();
  await expect(page.getByTestId('toast')).toContainText('ada now gets the variant on.');
  await page.getByRole('link', { name: 'Kill …' }).click();
  await page.getByRole('button', { name: 'Kill the flag' }).click();
  await expect(page.getByTestId('words')).toContainText('Killed: off for everyone.');
  expect(await ask(server, 'A', { targetingKey: 'ada' })).toMatchObject({ value: false, metadata: { killed: true } });
  await test.step('even deleting can be undone, and the kill holds', async () => {
    await page.getByRole('link', { name: 'Delete …' }).click();
    await page.getByRole('button', { name: 'Delete the flag' }).click();
    await expect(page).toHaveURL(/\/admin\/flags\?status=all/);
    expect(await ask(server, 'A', { targetingKey: 'ada' })).toMatchObject({ errorCode: 'FLAG_NOT_FOUND' });
    await page.goto('/admin/audit');
    await page.getByRole('button', { name: 'Restore A' }).click();
    await expect(page.getByTestId('toast')).toContainText('Restored.');
    expect(await ask(server, 'A', { targetingKey: 'ada' })).toMatchObject({ value: false, metadata: { killed: true } });
  });
  await page.goto('/admin/flags/A');
  await page.getByRole('button', { name: 'Revive' }).click();
  await expect(page.getByTestId('words')).toHaveText(/^on for everyone\.off for everyone else\.$/);
});

test('evaluation counts of a flag are shown', async ({ admin: page, server }) => {
  await server.api('POST', '/flags', { key: 'A', kind: 'boolean', rules: [{ variant: 'on', share: 50 }] });
  for (let user = 0; user < 20; user += 1) await ask(server, 'A', { targetingKey: `user-${user}` });
  await expect(async () => {
    await page.goto('/admin/flags?q=A&kind=boolean');
    await expect(page.getByRole('listitem').filter({ has: page.getByText('A', { exact: true }) }).first()).toContainText('20 evaluations in 24 h', { timeout: 500 });
  }).toPass();
  await page.goto('/admin/flags/A');
  await expect(page.getByTestId('affected')).toContainText(/ontrue\d+\d+ %/);
  await expect(page.getByText('20 evaluations in the last 24 hours')).toBeVisible();
});

test('the debugger splits a thousand users', async ({ admin: page, server }) => {
  await server.api('POST', '/flags', { key: 'HALF', kind: 'boolean', rules: [{ variant: 'on', share: 50 }] });
  await page.goto('/admin/debugger?flag=HALF');
  await page.getByText('Evaluate many users').click();
  const ids = Array.from({ length: 1_000 }, (_, n) => `user-${n}`);
  await page.getByLabel('User IDs, one per line').fill(ids.join('\n'));
  await page.getByRole('button', { name: 'Show the split' }).click();
  const split = page.getByTestId('split');
  await expect(split).toContainText('HALF for 1,000 users');
  const counts = await split.locator('table').first().locator('td:nth-child(2)').allTextContents();
  const [on, off] = counts.map(Number);
  expect(on + off).toBe(1_000);
  // Half of 1,000, within four standard deviations.
  expect(Math.abs(on - 500)).toBeLessThan(64);
});

test('a segment shows its uses, and an unused one can be deleted', async ({ admin: page }) => {
  await page.goto('/admin/segments/beta_testers');
  await expect(page.getByTestId('uses')).toContainText('phase 2 of exercise-library');
  await page.goto('/admin/segments/new');
  await page.getByLabel(/^Key/).fill('vip');
  await page.getByRole('button', { name: 'Add a condition' }).click();
  await page.getByLabel('Attribute', { exact: true }).fill('plan');
  await page.getByLabel('Value', { exact: true }).fill('pro');
  await expect(page.getByTestId('preview')).toContainText('plan is "pro"');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByTestId('toast')).toContainText('Saved.');
  await page.getByText('Delete …').click();
  await page.getByRole('button', { name: 'Delete vip' }).click();
  await expect(page).toHaveURL(/\/admin\/segments\?/);
  await page.goto('/admin/audit?kind=segment');
  await expect(page.getByTestId('audit').getByRole('listitem').first()).toContainText('Deleted the segment vip.');
});

test('a token is shown once, and environments have separate switches', async ({ admin: page, server }) => {
  await page.goto('/admin/settings');
  const tokens = page.getByRole('region', { name: 'Server tokens' });
  await tokens.getByLabel('Name').fill('ci');
  await tokens.getByLabel('read').check();
  await tokens.getByRole('button', { name: 'Create token' }).click();
  const secret = await page.getByTestId('made').locator('.secret').textContent();
  const flags = `${server.url}/api/v1/projects/default/environments/production/flags`;
  const response = await fetch(flags, { headers: { authorization: `Bearer ${secret}` } });
  expect(response.status).toBe(200);
  await page.goto('/admin/settings');
  await expect(page.getByTestId('tokens')).toContainText('ci');
  await expect(page.getByText(secret!)).toHaveCount(0);

  await page.getByRole('region', { name: 'Environments' }).getByLabel('Key', { exact: true }).fill('staging');
  await page.getByRole('button', { name: 'Create environment' }).click();
  await expect(page.getByTestId('environments').locator('summary')).toContainText('staging', { ignoreCase: true });
  await page.goto('/admin/flags/EXERCISE_VIDEO_INTEGRATION');
  const staging = page.getByRole('switch', { name: /in Staging|in staging/ });
  await expect(page.getByText('Off: off for everyone.'), 'it was not made for this environment').toBeVisible();
  await expect(staging).toHaveAttribute('aria-checked', 'false');
  await expect(page.getByRole('switch', { name: /in Production/ })).toHaveAttribute('aria-checked', 'true');
  await staging.click();
  await expect(staging).toHaveAttribute('aria-checked', 'true');
  await staging.click();
  await expect(staging).toHaveAttribute('aria-checked', 'false');
  expect(await server.api('GET', '/flags/EXERCISE_VIDEO_INTEGRATION')).toMatchObject({ enabled: true });
});

test('an environment is renamed, and deleted once its key is typed', async ({ admin: page, server, expectComplaint }) => {
  expectComplaint(/422/);
  const region = page.getByRole('region', { name: 'Environments' });
  const chosen = page.getByTestId('environments').locator('summary');
  await page.goto('/admin/settings');
  await region.getByText('Rename or delete').click();
  await expect(region, 'the last one').toContainText('cannot be deleted. Create another one first.');
  await region.getByLabel('Key', { exact: true }).fill('staging');
  await page.getByRole('button', { name: 'Create environment' }).click();
  await expect(chosen).toContainText('staging', { ignoreCase: true });

  await region.getByText('Rename or delete').click();
  await region.getByLabel('New key').fill('testing');
  await region.getByLabel('New name').fill('Testing');
  await region.getByRole('button', { name: 'Rename' }).click();
  await expect(chosen).toContainText('Testing');
  await expect(region).toContainText('default/testing');

  await region.getByText('Rename or delete').click();
  await expect(region.getByRole('link', { name: 'Export the environment first' })).toBeVisible();
  await region.getByLabel('Type testing to confirm').fill('production');
  await region.getByRole('button', { name: 'Delete this environment' }).click();
  await expect(page.getByRole('alert')).toContainText('type the key of the environment, testing');
  await region.getByLabel('Type testing to confirm').fill('testing');
  await region.getByRole('button', { name: 'Delete this environment' }).click();
  await expect(page.getByTestId('toast')).toContainText('Deleted testing with its telemetry.');
  await expect(region).not.toContainText('default/testing');
  const environments = await fetch(`${server.url}/api/v1/projects/default/environments`, { headers: { authorization: `Bearer ${server.serverToken}` } });
  expect(JSON.stringify(await environments.json())).not.toContain('testing');
});

test('an environment is exported, and imported after its difference is shown', async ({ admin: page, server }) => {
  await page.goto('/admin/settings/files');
  const file = await page.getByTestId('export').inputValue();
  expect(file).toContain('key = "ENHANCED_EXERCISE_LIBRARY"');
  await page.getByLabel('File (TOML or JSON)').fill(file.replace('name = "Video"', 'name = "Films"'));
  await page.getByRole('button', { name: 'Show the difference' }).click();
  const difference = page.getByTestId('difference');
  await expect(difference).toContainText('This changes 1 object');
  await expect(difference).toContainText('"Video"');
  await expect(difference).toContainText('"Films"');
  await page.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByRole('status')).toContainText('Imported.');
  expect(await server.api('GET', '/flags/EXERCISE_VIDEO_INTEGRATION')).toMatchObject({ name: 'Films' });

  await test.step('the same on the command line, and the server notices', async () => {
    const path = join(tmpdir(), `phasegate-${Date.now()}.toml`);
    await writeFile(path, file);
    expect(server.command('import', path, '--dry-run')).toContain('name: "Films" → "Video"');
    server.command('import', path, '--yes');
    await expect.poll(async () => (await server.api('GET', '/flags/EXERCISE_VIDEO_INTEGRATION')).name).toBe('Video');
    const audit = await server.api('GET', '/audit?kind=flag&limit=1');
    expect(audit[0]).toMatchObject({ actor: expect.stringContaining('command line'), key: 'EXERCISE_VIDEO_INTEGRATION' });
  });
});

test('the command line evaluates as the server does', async ({ server, admin: page }) => {
  await server.advanceTo(2);
  const flag = 'ENHANCED_EXERCISE_LIBRARY';
  const printed = JSON.parse(
    server.command('flag', 'eval', flag, '--targeting-key', 'ada', '--context', '{"groups": ["beta"]}', '--json'),
  );
  const { steps, ...answer } = printed;
  expect(answer).toEqual(await ask(server, flag, { targetingKey: 'ada', groups: ['beta'] }));
  expect(steps).toContainEqual(expect.objectContaining({ step: 'audience', segment: 'beta_testers', share: 100, verdict: 'admitted' }));
  server.command('flag', 'set', flag, '--kill');
  await expect.poll(async () => (await ask(server, flag, { targetingKey: 'ada' })).metadata.killed).toBe(true);
});

test('environment overrides lock switches, and the admin names the variable', async ({ visitor }) => {
  const held = await Server.start({
    PHASEGATE_FF_EXERCISE_VIDEO_INTEGRATION: 'on',
    VITE_FF_EXERCISE_PROGRESS_TRACKING: 'false',
    VITE_EXERCISE_LIBRARY_PHASE: '2',
    VITE_ENHANCED_LIBRARY_ROLLOUT_PERCENTAGE: '100',
  });
  const page = await visitor({ baseURL: held.url });
  await logIn(page, held);
  await expect(page.getByText('pin what is served and override this page')).toBeVisible();
  const live = page.waitForResponse(/\/admin\/live\/changes/);
  await page.goto('/admin/flags/EXERCISE_VIDEO_INTEGRATION');
  await live;
  await expect(page.getByText('PHASEGATE_FF_EXERCISE_VIDEO_INTEGRATION').first()).toBeVisible();
  await expect(page.getByRole('switch')).toBeDisabled();
  await expect(page.getByRole('link', { name: 'Kill …' })).toHaveCount(0);
  expect(() => held.command('flag', 'set', 'EXERCISE_VIDEO_INTEGRATION', '--kill'), 'a command knows only its own variables').not.toThrow();
  expect(await ask(held, 'EXERCISE_VIDEO_INTEGRATION', { targetingKey: 'sam' })).toMatchObject({
    value: true,
    reason: 'STATIC',
    metadata: { variable: 'PHASEGATE_FF_EXERCISE_VIDEO_INTEGRATION' },
  });
  expect(await ask(held, 'EXERCISE_PROGRESS_TRACKING', { targetingKey: 'sam' })).toMatchObject({ value: false, reason: 'STATIC' });
  expect(await ask(held, 'ENHANCED_EXERCISE_LIBRARY', { targetingKey: 'sam' }), 'everyone is in phase 2').toMatchObject({ value: true });
  expect(await ask(held, 'AI_EXERCISE_COACHING', { targetingKey: 'sam' }), 'phase 6 adds it').toMatchObject({ value: false });
  await held.stop();
});
