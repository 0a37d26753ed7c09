// A first run, end to end: from an empty folder to telemetry on the dashboard.
import { advanceTo, expect, logIn, test } from './fixtures';

test('a first run leads from an empty folder to live telemetry', async ({ server, visitor, expectComplaint }) => {
  expectComplaint(/The demo threw this error/);
  const admin = await visitor();

  await test.step('the admin asks for a login and accepts the printed one', async () => {
    await admin.goto('/admin/dashboard');
    await expect(admin).toHaveURL(/\/login\?next=/);
    await logIn(admin, server);
  });

  await test.step('the rollout starts and advances, and the history says who and when', async () => {
    await advanceTo(admin, 2);
    await admin.getByRole('link', { name: 'History' }).click();
    const history = admin.getByTestId('rollout-history');
    await expect(history.getByRole('listitem')).toHaveCount(2);
    await expect(history).toContainText('Advanced by force to phase 2, Beta users.');
    await expect(history).toContainText('Verified by hand');
    await expect(history).toContainText(server.email);
    await expect(history.locator('time').first()).toHaveAttribute('datetime', /^\d{4}-\d\d-\d\dT/);
    await expect(admin.locator('.phase.is-current')).toContainText('Beta users');
  });

  await test.step('the dashboard is empty, and connected', async () => {
    await admin.getByRole('link', { name: 'Dashboard' }).click();
    await expect(admin.getByText('Live', { exact: true })).toBeVisible();
    await expect(admin.getByTestId('vital-LCP').getByTestId('value')).toHaveText('–');
    await expect(admin.getByTestId('errors').getByTestId('value')).toHaveText('0');
  });

  const beta = await visitor();
  await test.step('a beta tester gets the gated features', async () => {
    await beta.goto('/demo?as=ada');
    await expect(beta.locator('#phase')).toHaveText('Current phase: 2, Beta users (5 %)');
    await expect(beta.locator('.card .picture').first()).toBeVisible();
    await expect(beta.locator('#list progress').first()).toBeVisible();
    await expect(beta.locator('.flag.is-on')).toHaveCount(2);
  });

  await test.step('a stranger does not', async () => {
    const stranger = await visitor();
    await stranger.goto('/demo');
    await expect(stranger.locator('#phase')).toHaveText('Current phase: 2, Beta users (5 %)');
    await expect(stranger.locator('#list .plain').first()).toBeVisible();
    await expect(stranger.locator('.card')).toHaveCount(0);
    await expect(stranger.locator('.flag.is-on')).toHaveCount(0);
  });

  await test.step('their LCP and a thrown error are on the dashboard within 3 s, without a reload', async () => {
    await admin.evaluate(() => Object.assign(window, { neverReloaded: true }));
    await beta.getByRole('button', { name: 'Throw an error' }).click();
    const soon = { timeout: 3_000 };
    await Promise.all([
      expect(admin.getByTestId('vital-LCP').getByTestId('value')).toHaveText(/^\d+(\.\d+)? m?s$/, soon),
      expect(admin.getByTestId('errors').getByTestId('value')).toHaveText('1', soon),
      expect(admin.getByTestId('recent-errors')).toContainText('The demo threw this error', soon),
    ]);
    await expect(admin.getByTestId('vital-LCP').locator('svg circle').first()).toBeAttached();
    expect(await admin.evaluate(() => 'neverReloaded' in window)).toBe(true);
  });

  await test.step('rolling back takes the feature away and is in the history', async () => {
    await admin.goto('/admin/rollout');
    await admin.getByRole('link', { name: 'Roll back to phase 1' }).click();
    await expect(admin.getByRole('heading', { name: 'Roll back to phase 1?' })).toBeVisible();
    await admin.getByLabel('Reason (required)').fill('It throws');
    await admin.getByRole('button', { name: 'Roll back to phase 1' }).click();
    await expect(admin.getByTestId('rollout-status')).toContainText('Phase 1 of 6');
    await expect(admin.getByTestId('rollout-history')).toContainText('Rolled back to phase 1');
    await beta.reload();
    await expect(beta.locator('#phase')).toHaveText(/Current phase: 1/);
    await expect(beta.locator('.flag.is-on')).toHaveCount(0);
  });
});
