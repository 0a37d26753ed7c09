// What is around every page: the palette, shortcuts, themes, environments, and what needs attention.
import { expect, test, advanceTo } from './fixtures';

test('the palette finds pages, flags and commands by typing', async ({ admin }) => {
  await admin.goto('/admin/analytics');
  const field = admin.getByRole('combobox', { name: 'Search pages' });
  // The key counts once the page is hydrated.
  await expect(async () => {
    await admin.keyboard.press('Control+k');
    await expect(field).toBeFocused({ timeout: 100 });
  }).toPass();
  await field.fill('video');
  await expect(admin.getByRole('option').first()).toContainText('EXERCISE_VIDEO_INTEGRATION');
  await field.fill('start the roll');
  await expect(admin.getByRole('option').first()).toContainText('Start the rollout');
  await field.press('Enter');
  await expect(admin.getByRole('heading', { name: 'Start the rollout?' })).toBeVisible();
  await admin.keyboard.press('Control+k');
  await expect(field).toBeFocused();
  await admin.keyboard.press('Escape');
  await expect(field).toBeHidden();
});

test('without a script, the search is a page', async ({ visitor, server }) => {
  const page = await visitor({ javaScriptEnabled: false });
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(server.email);
  await page.getByLabel('Password').fill(server.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('link', { name: 'Search' }).click();
  await page.getByRole('searchbox').fill('video');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByTestId('results').getByRole('link', { name: 'EXERCISE_VIDEO_INTEGRATION' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('EXERCISE_VIDEO_INTEGRATION');
});

test('keys open pages, and a question mark lists them', async ({ admin }) => {
  await admin.goto('/admin/rollout');
  const list = admin.getByRole('dialog', { name: 'Shortcuts' });
  // The keys count once the page is hydrated.
  await expect(async () => {
    await admin.keyboard.press('?');
    await expect(list).toBeVisible({ timeout: 100 });
  }).toPass();
  await list.getByRole('button', { name: 'Close' }).click();
  await expect(list).toBeHidden();
  await admin.keyboard.press('g');
  await admin.keyboard.press('f');
  await expect(admin.getByRole('heading', { level: 1, name: 'Flags' })).toBeVisible();
  // In a field, the same keys are text.
  const search = admin.getByRole('searchbox').first();
  await search.pressSequentially('gr?');
  await expect(search).toHaveValue('gr?');
});

test('the theme is chosen in place and kept', async ({ admin }) => {
  await admin.emulateMedia({ colorScheme: 'light' });
  await admin.goto('/admin/flags');
  const paper = () => admin.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await admin.locator('.user-menu > summary').click();
  await admin.getByRole('button', { name: 'Dark' }).click();
  await expect(admin.getByRole('button', { name: 'Dark' })).toHaveAttribute('aria-pressed', 'true');
  await expect.poll(paper).not.toBe(light);
  await admin.goto('/admin/audit');
  expect(await paper()).not.toBe(light);
  await admin.locator('.user-menu > summary').click();
  await admin.getByRole('button', { name: 'System' }).click();
  await expect.poll(paper).toBe(light);
});

test('addresses name their environment, and another one is a click away', async ({ admin }) => {
  await admin.goto('/admin/flags?q=video');
  await expect(admin).toHaveURL(/\?q=video&environment=production$/);
  await admin.goto('/admin/settings');
  await admin.getByLabel('Key', { exact: true }).fill('staging');
  await admin.getByRole('button', { name: 'Create environment' }).click();
  await expect(admin.getByTestId('environments')).toContainText('staging', { ignoreCase: true });
  await admin.goto('/admin/segments');
  await admin.getByTestId('environments').locator('summary').click();
  await admin.getByTestId('environments').getByRole('link', { name: 'Production' }).click();
  await expect(admin).toHaveURL(/\/admin\/segments\?environment=production$/);
  await admin.goto('/admin/flags/EXERCISE_VIDEO_INTEGRATION/edit');
  const crumbs = admin.getByRole('navigation', { name: 'Breadcrumbs' });
  await crumbs.getByRole('link', { name: 'Flags' }).click();
  await expect(admin).toHaveURL(/\/admin\/flags\?environment=production$/);
});

test('an open incident stands on every page until it is closed', async ({ admin, visitor, server }) => {
  await advanceTo(admin, 2);
  const other = await visitor();
  await other.goto('/login');
  await other.getByLabel('E-mail').fill(server.email);
  await other.getByLabel('Password').fill(server.password);
  await other.getByRole('button', { name: 'Log in' }).click();
  await other.goto('/admin/segments');
  await expect(other.getByTestId('incident-strip')).toHaveCount(0);
  // By somebody else, while the page is open.
  await admin.goto('/admin/rollout/emergency');
  const card = admin.getByRole('article', { name: 'Immediate rollback' });
  await card.getByLabel('Reason (required)').fill('The checkout fails');
  await card.getByRole('button').click();
  await expect(other.getByTestId('incident-strip')).toContainText('The checkout fails');
  await expect(other).toHaveTitle(/^\(1\) /);
  await other.getByRole('link', { name: 'Open the incident' }).click();
  await expect(other.getByRole('heading', { level: 1 })).toContainText('Incident 1');
});

test('a server that is away is said on top of every page', async ({ admin, server, expectComplaint }) => {
  expectComplaint(/ERR_|Failed to load resource|EventSource/);
  await admin.goto('/admin/segments');
  await expect(async () => {
    await admin.keyboard.press('Control+k');
    await expect(admin.getByRole('option').first()).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await admin.keyboard.press('Escape');
  await server.stop();
  await expect(admin.getByTestId('away')).toBeVisible();
});

test('links lead to the environment of their page, whatever another tab has selected', async ({ admin, expectComplaint }) => {
  expectComplaint(/404/);
  await admin.goto('/admin/settings');
  await admin.getByRole('region', { name: 'Environments' }).getByLabel('Key', { exact: true }).fill('staging');
  await admin.getByRole('button', { name: 'Create environment' }).click();
  await expect(admin).toHaveURL(/environment=staging/);
  await admin.goto('/admin/flags?environment=production');
  const other = await admin.context().newPage();
  await other.goto('/admin/flags?environment=staging');
  await admin.getByRole('link', { name: 'New flag' }).click();
  await expect(admin).toHaveURL(/\/admin\/flags\/new\?environment=production/);
  await admin.getByLabel(/^Key/).fill('HERE');
  await admin.getByRole('button', { name: 'Create flag' }).click();
  await expect(admin).toHaveURL(/\/admin\/flags\/HERE\/edit\?environment=production/);
  const name = await admin.evaluate(async () => (await fetch('/admin/export.toml?environment=production')).headers.get('content-disposition'));
  expect(name).toContain('production.toml');
  const answer = await admin.goto('/admin/flags?environment=nope');
  expect(answer!.status()).toBe(404);
});
