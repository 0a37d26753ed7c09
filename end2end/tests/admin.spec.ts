// The admin without a script, with the keyboard, and with two accounts at once.
import { advanceTo, expect, logIn, pressSwitch, test } from './fixtures';

test('the admin works without a script', async ({ server, visitor }) => {
  const page = await visitor({ javaScriptEnabled: false });
  await logIn(page, server);
  await advanceTo(page, 1);
  await expect(page.getByText(/^Started with phase 1, Internal testing/).first()).toBeVisible();

  await page.goto('/admin/flags');
  const flag = page.getByRole('switch', { name: /Enhanced library/ });
  await expect(flag).toHaveAttribute('aria-checked', 'true');
  await pressSwitch(page, /Enhanced library/);
  await expect(flag).toHaveAttribute('aria-checked', 'false');
  await expect(page.getByTestId('toast')).toContainText('Switched ENHANCED_EXERCISE_LIBRARY off in Production.');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(flag).toHaveAttribute('aria-checked', 'true');
  await pressSwitch(page, /Enhanced library/);

  await page.goto('/admin/debugger');
  await page.getByLabel('User (targetingKey)').fill('ines');
  await page.getByLabel(/^Attributes \(optional\)/).first().fill('groups = ["internal"]');
  await page.getByRole('button', { name: 'Explain' }).click();
  const answer = page.getByTestId('answers').getByRole('listitem').filter({ hasText: 'ENHANCED_EXERCISE_LIBRARY' }).first();
  await expect(answer).toContainText('DISABLED');

  await page.goto('/admin/dashboard');
  await expect(page.getByTestId('vital-LCP').locator('.chart div svg')).toBeVisible();
});

test('a refused command is explained without a script', async ({ server, visitor, expectComplaint }) => {
  expectComplaint(/412 \(Precondition Failed\)/);
  const [one, two] = [await visitor({ javaScriptEnabled: false }), await visitor({ javaScriptEnabled: false })];
  await logIn(one, server);
  await logIn(two, server);
  for (const page of [one, two]) {
    await page.goto('/admin/rollout?confirm=start-1');
    await page.getByLabel('Reason (required)').fill('A trial');
  }
  await one.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(one.getByTestId('rollout-status')).toContainText('Phase 1');
  await two.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(two.getByRole('alert')).toContainText(`Another change came first: ${server.email} started the rollout`);
});

test('the second of two concurrent commands is rejected with an explanation', async ({ server, visitor }) => {
  const [one, two] = [await visitor(), await visitor()];
  for (const page of [one, two]) {
    await logIn(page, server);
    await page.goto('/admin/rollout?confirm=start-1');
    await page.getByLabel('Reason (required)').fill('A trial');
  }
  await one.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(one.getByTestId('rollout-status')).toContainText('Phase 1');
  await expect(two.getByRole('alert')).toContainText(`The rollout has changed since this was opened. ${server.email}: Started with phase 1`);
  await expect(two.getByRole('button', { name: 'Start the rollout' })).toBeDisabled();
  await expect(two.getByTestId('rollout-status')).toContainText('Phase 1');
});

test('the rollout can be run with the keyboard alone', async ({ admin: page }) => {
  await page.goto('/admin/rollout');
  await page.getByRole('link', { name: 'Start the rollout' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByLabel(/Reason/)).toBeFocused();
  await page.keyboard.type('Ready');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('rollout-status')).toContainText('Phase 1 of 6');
  await expect(page.getByRole('status').filter({ hasText: 'Started with phase 1' })).toBeVisible();
});

test('switching a flag off applies to all users at once', async ({ admin: page, visitor, server }) => {
  await server.advanceTo(2);
  await page.goto('/admin/flags');
  await expect(page.getByRole('switch')).toHaveCount(9);
  await page.getByRole('switch', { name: /Progress tracking/ }).click();
  await expect(page.getByRole('group', { name: /^Switch EXERCISE_PROGRESS_TRACKING off in Production/ })).toContainText('evaluated 0 times');
  await page.getByRole('button', { name: 'Switch off in Production' }).click();
  await expect(page.getByText('Off for everyone')).toBeVisible();
  await expect(page.getByTestId('toast')).toContainText('Switched EXERCISE_PROGRESS_TRACKING off in Production.');
  const beta = await visitor();
  await beta.goto('/demo?as=ada');
  await expect(beta.locator('.flag.is-on')).toHaveText(/ENHANCED_EXERCISE_LIBRARY/);
});

test('an explanation names bucket and share', async ({ admin: page, server, expectComplaint }) => {
  expectComplaint(/422 \(Unprocessable/);
  await server.advanceTo(3);
  await page.goto('/admin/debugger');
  await page.getByLabel('User (targetingKey)').fill('sam');
  await page.getByRole('button', { name: 'Explain' }).click();
  await expect(page).toHaveURL(/user=sam/);
  const answers = page.getByTestId('answers');
  await answers.getByText('EXERCISE_VIDEO_INTEGRATION').click();
  await expect(answers).toContainText(/Phase 3 lets in 5 % of everyone; the user's bucket \d+ of 100000 is (not )?below 5000\./);
  await expect(answers).toContainText('signed_up_at is within the last 30 days: no, the context does not have it');
  await page.getByLabel(/^Attributes \(optional\)/).first().fill('{"groups": ');
  await page.getByRole('button', { name: 'Explain' }).click();
  await expect(page.getByRole('alert')).toContainText('attributes:');
  await expect(page.getByLabel('User (targetingKey)'), 'what was typed stays').toHaveValue('sam');
});

test('a wrong password and an unknown page are reported, and logging out ends the session', async ({ server, visitor, expectComplaint }) => {
  expectComplaint(/404 \(Not Found\)/);
  const page = await visitor();
  await page.goto('/admin/flags?q=video');
  await page.getByLabel('E-mail').fill(server.email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('alert')).toContainText('Wrong e-mail address or password');
  await expect(page.getByLabel('E-mail')).toHaveValue(server.email);
  await page.getByLabel('Password').fill(server.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page).toHaveURL(/\/admin\/flags\?q=video/);
  await page.goto('/admin/nothing-here');
  await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
  await page.locator('.user-menu > summary').click();
  await page.getByRole('button', { name: 'Log out' }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto('/admin/rollout');
  await expect(page).toHaveURL(/\/login/);
});

test('the admin reports an unreachable server and keeps the form', async ({ admin: page, server, expectComplaint }) => {
  expectComplaint(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|Failed to load resource/);
  await page.goto('/admin/dashboard');
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  const other = await page.context().newPage();
  const live = other.waitForResponse(/\/admin\/live\/changes/);
  await other.goto('/admin/rollout?confirm=start-1');
  await live;
  await other.getByLabel(/Reason/).fill('Ready');
  await server.stop();
  await expect(page.getByText('Disconnected, reconnecting …')).toBeVisible();
  await other.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(other.getByRole('alert')).toContainText('The server did not answer. Your entries are still in the form');
  await expect(other.getByLabel(/Reason/)).toHaveValue('Ready');
});

test('an old link does not offer a command that was carried out', async ({ admin: page }) => {
  await advanceTo(page, 2);
  await page.goto('/admin/rollout?confirm=advance-2');
  await expect(page.getByText('This command was already carried out, or is no longer possible.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Advance to phase 3' })).toBeVisible();
});

test('a double click on a switch switches once', async ({ admin: page }) => {
  await page.goto('/admin/flags');
  const flag = page.getByRole('switch', { name: /Video/ });
  await flag.click();
  await page.getByRole('button', { name: 'Switch off in Production' }).dblclick();
  await expect(page.getByText('Off for everyone')).toBeVisible();
  await expect(flag).toHaveAttribute('aria-checked', 'false');
});

test('after a logout elsewhere, the page stays usable through a new login', async ({ server, visitor, expectComplaint }) => {
  expectComplaint(/401 \(Unauthorized\)/);
  const page = await visitor();
  await logIn(page, server);
  await page.goto('/admin/flags');
  await expect(page.getByRole('switch')).toHaveCount(9);
  await page.context().clearCookies();
  await pressSwitch(page, /Video/);
  await expect(page.getByRole('alert')).toContainText('Log in again');
  await expect(page.getByRole('switch'), 'what was there stays').toHaveCount(9);
  const [login] = await Promise.all([page.context().waitForEvent('page'), page.getByRole('link', { name: 'Log in again' }).click()]);
  await expect(login).toHaveURL(/\/login/);
  await logIn(login, server);
  await page.getByRole('button', { name: 'Switch off in Production' }).click();
  await expect(page.getByText('Off for everyone'), 'and it goes on where it stopped').toBeVisible();
});

test('after logging out, going back leads to the login', async ({ admin: page }) => {
  await page.goto('/admin/rollout');
  await page.locator('.user-menu > summary').click();
  await page.getByRole('button', { name: 'Log out' }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goBack();
  await expect(page).toHaveURL(/\/login\?next=/);
});
