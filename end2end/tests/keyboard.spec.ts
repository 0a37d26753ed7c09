// A rollout by keyboard alone, and once more without a script.
import type { Locator, Page } from '@playwright/test';
import { expect, logIn, test } from './fixtures';

/** Moves the focus by Tab until it is on the element, as somebody without a pointer does. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let step = 0; step < 250; step += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${target} cannot be reached by Tab`);
}

test('a rollout is started, judged, voted on and rolled back by keyboard, without loading a page', async ({ admin: page }) => {
  test.slow();
  const live = page.waitForResponse(/\/admin\/live\/changes/);
  await page.goto('/admin/rollout');
  await live;
  await page.evaluate(() => ((window as any).isSamePage = true));
  const press = async (target: Locator) => {
    await tabTo(page, target);
    await page.keyboard.press('Enter');
  };
  const status = page.getByTestId('rollout-status');
  await press(page.getByRole('button', { name: /^Mark as done/ }).first());
  await expect(page.getByTestId('checklist')).toContainText('1 of');
  await press(page.getByRole('link', { name: 'Start the rollout' }));
  await tabTo(page, page.getByLabel(/Reason/));
  await page.keyboard.type('everything is ready');
  await page.keyboard.press('Enter');
  await expect(status).toContainText('Phase 1 of');
  const gate = page.getByTestId('gate');
  for (let judged = 1; judged <= 4; judged += 1) {
    await press(gate.locator('.gate-line.is-asked').getByRole('button', { name: /Sign off as met/ }).first());
    await expect(gate.getByText('says so')).toHaveCount(judged);
  }
  await press(page.getByTestId('votes').getByRole('button', { name: 'Go', exact: true }));
  await expect(gate).toContainText('1 of 2 say go');
  await press(page.getByRole('link', { name: 'Advance to phase 2' }));
  await tabTo(page, page.getByLabel(/Reason/));
  await page.keyboard.type('looked at by hand');
  await page.keyboard.press('Enter');
  await expect(status).toContainText('Phase 2 of');
  await press(page.getByRole('link', { name: 'Roll back to phase 1' }));
  await tabTo(page, page.getByLabel(/Reason/));
  await page.keyboard.type('pages got slow');
  await page.keyboard.press('Enter');
  await expect(status).toContainText('Phase 1 of');
  await press(page.getByRole('link', { name: /^Incidents/ }));
  await expect(page.getByTestId('all-incidents')).toContainText('pages got slow');
  expect(await page.evaluate(() => (window as any).isSamePage), 'nothing was loaded again').toBe(true);
});

test('the same without a script: rollout, flags, accounts and theme', async ({ server, visitor }) => {
  test.slow();
  const page = await visitor({ javaScriptEnabled: false });
  await logIn(page, server);
  await page.getByRole('link', { name: 'Start the rollout' }).click();
  await page.getByLabel(/Reason/).fill('everything is ready');
  await page.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(page.getByTestId('rollout-status')).toContainText('Phase 1 of');
  await page.getByRole('button', { name: /Sign off as met/ }).first().click();
  await expect(page.getByTestId('gate')).toContainText('says so');
  await page.getByRole('link', { name: 'Advance to phase 2' }).click();
  await page.getByLabel(/Reason/).fill('looked at by hand');
  await page.getByRole('button', { name: 'Advance to phase 2' }).click();
  await expect(page.getByTestId('rollout-status')).toContainText('Phase 2 of');
  await page.getByRole('link', { name: 'History' }).click();
  await expect(page.getByTestId('rollout-history')).toBeVisible();
  await page.getByRole('link', { name: 'Roll back …' }).first().click();
  const card = page.getByRole('article', { name: 'Full rollback' });
  await card.getByLabel(/Reason/).fill('pages got slow');
  await card.getByRole('button').click();
  await expect(page.getByTestId('rollout-status')).toContainText('Phase 1 of');
  await expect(page.getByTestId('incident-strip')).toContainText('pages got slow');
  await page.getByTestId('incident-strip').getByRole('link', { name: 'Open the incident' }).click();
  await page.getByLabel(/^Impact/).fill('few users');
  await page.getByLabel('Cause').fill('a cache');
  await page.getByLabel('What went well').fill('noticed early');
  await page.getByLabel('Action').first().fill('bound the cache');
  await page.getByLabel('Owner').first().fill('Ada');
  await page.getByRole('button', { name: 'Save the post-mortem' }).click();
  await expect(page.getByTestId('post-mortem')).toContainText('a cache');

  await page.goto('/admin/flags');
  await page.getByRole('checkbox', { name: 'Choose EXERCISE_VIDEO_INTEGRATION' }).check();
  await page.locator('.bulk-act summary', { hasText: 'Tag' }).click();
  await page.locator('.bulk-act[open]').getByRole('textbox', { name: 'Tag' }).fill('video');
  await page.getByRole('button', { name: 'Add the tag' }).click();
  await expect(page.locator('.flag', { hasText: 'Video playback' })).toContainText('video');

  await page.locator('.user-menu > summary').click();
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
