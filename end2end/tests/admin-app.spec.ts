/** The admin as an app: what happens in place, and what others do. */
import { advanceTo, expect, logIn, test } from './fixtures.ts';

test('a confirmed command changes the page in place, with nothing loaded again', async ({ admin: page }) => {
  await page.goto('/admin/rollout');
  await page.evaluate(() => ((window as any).isSamePage = true));
  await page.getByRole('button', { name: /^Mark as done/ }).first().click();
  await expect(page.getByTestId('checklist')).toContainText('1 of');
  await page.getByRole('button', { name: /^Undo/ }).first().click();
  await expect(page.getByTestId('checklist')).toContainText('0 of');
  await page.getByRole('link', { name: 'Start the rollout' }).click();
  await expect(page.getByRole('heading', { name: 'Start the rollout?' })).toBeVisible();
  await page.getByRole('link', { name: 'Cancel' }).click();
  await expect(page.getByRole('heading', { name: 'Start the rollout?' })).toBeHidden();
  await page.getByRole('link', { name: 'Start the rollout' }).click();
  await page.getByLabel(/Reason/).fill('everything is ready');
  await page.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(page.getByTestId('rollout-status')).toContainText('Phase 1 of');
  await expect(page.getByRole('status').filter({ hasText: 'Started with phase 1' })).toBeVisible();
  await expect(page.getByTestId('rollout-history')).toContainText('everything is ready');
  expect(await page.evaluate(() => (window as any).isSamePage), 'the page was never left').toBe(true);
});

test('what one account does shows on the page of another, and half-written text stays', async ({ admin: page, server, visitor }) => {
  await page.goto('/admin/rollout?confirm=start-1');
  await page.getByLabel(/Reason/).fill('everything is ready');
  await page.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(page.getByTestId('rollout-status')).toContainText('Phase 1 of');
  const other = await visitor();
  await logIn(other, server);
  await other.goto('/admin/rollout');
  const votes = page.getByTestId('votes');
  await votes.getByLabel(/Comment/).fill('half a senten');
  await other.getByTestId('votes').getByRole('button', { name: 'Go', exact: true }).click();
  await expect(votes.locator('.pill'), 'the vote of the other').toHaveText('Go');
  await expect(votes.getByLabel(/Comment/)).toHaveValue('half a senten');
});

test('a command that was overtaken cannot be sent', async ({ admin: page, server, visitor }) => {
  const other = await visitor();
  await logIn(other, server);
  await other.goto('/admin/rollout?confirm=start-1');
  await page.goto('/admin/rollout?confirm=start-1');
  for (const one of [page, other]) await one.getByLabel(/Reason/).fill('everything is ready');
  await other.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(other.getByTestId('rollout-status')).toContainText('Phase 1 of');
  await expect(page.getByRole('alert')).toContainText('The rollout has changed since this was opened.');
  await expect(page.getByRole('button', { name: 'Start the rollout' })).toBeDisabled();
  await expect(page.getByLabel(/Reason/), 'what was typed stays').toHaveValue('everything is ready');
});

test('an ended session is reported beside the button, and what was typed can be sent after a new login', async ({ admin: page, server, expectComplaint }) => {
  expectComplaint(/401 \(Unauthorized\)/);
  await page.goto('/admin/rollout?confirm=start-1');
  await page.getByLabel(/Reason/).fill('everything is ready');
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(page.getByRole('alert')).toContainText('Log in again');
  const [login] = await Promise.all([page.context().waitForEvent('page'), page.getByRole('link', { name: 'Log in again' }).click()]);
  await logIn(login, server);
  await page.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(page.getByTestId('rollout-status')).toContainText('Phase 1 of');
});

test('without a script, forms come back to their page, which says what happened', async ({ server, browser }) => {
  const context = await browser.newContext({ baseURL: server.url, javaScriptEnabled: false });
  const page = await context.newPage();
  await logIn(page, server);
  await page.goto('/admin/rollout');
  await page.getByRole('button', { name: /^Mark as done/ }).first().click();
  await expect(page.getByTestId('checklist')).toContainText('1 of');
  await page.getByRole('link', { name: 'Start the rollout' }).click();
  await page.getByLabel(/Reason/).fill('everything is ready');
  await page.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(page.getByTestId('rollout-status')).toContainText('Phase 1 of');
  await expect(page.getByRole('status').filter({ hasText: 'Started with phase 1' })).toBeVisible();
  await page.getByTestId('votes').getByRole('button', { name: 'No-go' }).click();
  await expect(page.getByRole('alert')).toContainText('comment');
  await context.close();
});

test('after a kill the page says so and offers to revive, not to advance', async ({ server, admin: page }) => {
  await server.advanceTo(2);
  await server.api('POST', '/rollout/commands', { command: 'kill', reason: 'Data is lost' });
  const live = page.waitForResponse(/\/admin\/live\/changes/);
  await page.goto('/admin/rollout');
  await live;
  await expect(page.getByTestId('rollout-status')).toContainText('Killed in phase 2');
  await expect(page.getByRole('link', { name: /Advance/ })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Advance to phase 3' })).toBeDisabled();
  await page.getByTestId('killed').getByText('Revive …').click();
  await page.getByTestId('killed').getByRole('button', { name: /Revive \d flags/ }).click();
  await expect(page.getByTestId('toast')).toContainText('Revived');
  await expect(page.getByTestId('killed')).toHaveCount(0);
  await expect(page.getByTestId('rollout-status')).toContainText('Phase 2 of 6');
  // The incident is still open, and stands in the question whether to go on.
  await page.getByRole('link', { name: 'Advance to phase 3' }).click();
  await expect(page.getByTestId('confirm-incidents')).toContainText('Data is lost');
  await page.getByRole('link', { name: 'Cancel' }).click();
  await page.getByRole('link', { name: /^Incidents/ }).click();
  await expect(page.getByTestId('all-incidents')).toContainText('Incident 1: Kill switch');
});

test('statements are judged with one press, and waived items of the checklist stay', async ({ admin: page }) => {
  await advanceTo(page, 1);
  await page.getByRole('button', { name: /Sign off as met/ }).first().click();
  await expect(page.getByTestId('gate')).toContainText('says so');
  const checklist = page.getByTestId('checklist');
  await expect(checklist).toContainText('waived at the start by');
  const before = await checklist.getByRole('listitem').count();
  await checklist.getByRole('button', { name: /Mark as done/ }).first().click();
  await expect(checklist.getByRole('listitem')).toHaveCount(before - 1);
});

test('the draft of a post-mortem is kept on the server', async ({ server, admin: page }) => {
  await server.advanceTo(2);
  await server.api('POST', '/rollout/commands', { command: 'rollback_full', reason: 'Sales fell' });
  const live = page.waitForResponse(/\/admin\/live\/changes/);
  await page.goto('/admin/rollout/incident?id=1');
  await live;
  await page.getByLabel(/^Impact/).fill('One hundred users');
  await page.getByLabel('Owner').first().fill('Ada');
  await expect(page.getByText('Your draft is kept on the server.')).toBeVisible();
  await page.goto('/admin/flags');
  await page.goto('/admin/rollout/incident?id=1');
  await expect(page.getByLabel(/^Impact/)).toHaveValue('One hundred users');
  await expect(page.getByLabel('Owner').first()).toHaveValue('Ada');
});
