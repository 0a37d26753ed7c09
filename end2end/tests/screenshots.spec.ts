// Screenshots of every page for review, and its accessibility: desktop and phone, light and dark.
import { source as axe } from 'axe-core';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, logIn, test } from './fixtures';

const FOLDER = join(__dirname, '../screenshots');
const SIZES = { desktop: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } };
const PAGES = {
  rollout: '/admin/rollout',
  'rollout-confirm': '/admin/rollout?confirm=advance-3',
  'rollout-new': '/admin/rollout/new',
  'rollout-emergency': '/admin/rollout/emergency',
  'rollout-plan': '/admin/rollout/plan',
  'rollout-plan-edit': '/admin/rollout/plan/edit',
  'rollout-review': '/admin/rollout/review',
  flags: '/admin/flags',
  flag: '/admin/flags/CHECKOUT_DESIGN',
  'flag-edit': '/admin/flags/CHECKOUT_DESIGN/edit',
  segments: '/admin/segments',
  segment: '/admin/segments/beta_testers',
  debugger: '/admin/debugger?user=ada&attributes=groups+%3D+%5B%22beta%22%5D&flag=CHECKOUT_DESIGN',
  audit: '/admin/audit',
  settings: '/admin/settings',
  accounts: '/admin/settings/accounts',
  account: '/admin/account',
  alerts: '/admin/alerts',
  search: '/admin/search?q=flag',
  'docs-metrics': '/docs/metrics',
  files: '/admin/settings/files',
  dashboard: '/admin/dashboard',
  performance: '/admin/performance?range=1h',
  analytics: '/admin/analytics?range=7d',
  'user-data': '/admin/settings/user-data?id=ada',
  'not-found': '/admin/nothing-here',
};

/** Returns the violations that axe finds, with the elements. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const found = await (window as any).axe.run(document, { resultTypes: ['violations'] });
    return found.violations.flatMap((rule: any) => rule.nodes.slice(0, 3).map((node: any) => `${rule.id}: ${node.target.join(' ')} – ${node.failureSummary}`));
  });
}

/** Takes screenshots in all sizes and colour schemes. Each page is opened once per size. */
async function inAllSizes(
  open: (options: object) => Promise<Page>,
  shoot: (page: Page, take: (name: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  for (const [sizeName, viewport] of Object.entries(SIZES)) {
    const page = await open({ viewport });
    await shoot(page, async (name) => {
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width, `${name} scrolls sideways on a ${sizeName}`).toBeLessThanOrEqual(viewport.width);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect.soft(await violations(page), `${name}, ${sizeName}, ${colorScheme}`).toEqual([]);
        await page.screenshot({ path: join(FOLDER, `${name}-${sizeName}-${colorScheme}.png`), fullPage: true, animations: 'disabled' });
      }
    });
    await page.context().close();
  }
}

test('a rollout fits its viewport before the start and with incidents', async ({ server, visitor }) => {
  test.slow();
  const api = (command: string) => server.api('POST', '/rollout/commands', { command, reason: 'Pages got slow' });
  await server.api('POST', '/rollout/record', { kind: 'tick', item: 'Security audit completed', link: 'https://ci.example/run/1' });
  await inAllSizes(visitor, async (page, take) => {
    await logIn(page, server);
    await page.goto('/admin/rollout');
    await take('rollout-draft');
  });
  for (const command of ['start', 'advance', 'advance', 'halve', 'rollback_full']) await api(command);
  await server.api('POST', '/rollout/record', { kind: 'notify', incident: 2, contact: 'Support lead' });
  await inAllSizes(visitor, async (page, take) => {
    await logIn(page, server);
    await page.goto('/admin/rollout');
    await take('rollout-problem');
    await page.goto('/admin/rollout/incident?id=2');
    await take('rollout-incident');
  });
});

test('every page fits its viewport', async ({ server, visitor, expectComplaint }) => {
  test.slow();
  expectComplaint(/The demo threw this error/);
  expectComplaint(/404 \(Not Found\).*nothing-here/);
  const first = await visitor();
  await logIn(first, server);
  await server.advanceTo(2);

  await server.api('POST', '/flags', {
    key: 'CHECKOUT_DESIGN',
    name: 'Checkout design',
    description: 'Which checkout a customer sees.',
    kind: 'string',
    owner: 'team shop',
    tags: ['shop', 'experiment'],
    variants: [{ name: 'classic', value: 'classic' }, { name: 'one_page', value: 'one-page' }],
    off_variant: 'classic',
    rules: [
      { name: 'Testers', condition: { in_segment: 'beta_testers' }, variant: 'one_page' },
      {
        name: 'Recent apps',
        condition: { all: [{ attribute: 'app_version', operator: 'semver_at_least', value: '2.4.0' }, { not: { attribute: 'country', operator: 'in', value: ['FR', 'IT'] } }] },
        split: [{ variant: 'classic', share: 50 }, { variant: 'one_page', share: 50 }],
      },
    ],
  });
  await server.api('POST', '/overrides', { flag: 'CHECKOUT_DESIGN', targeting_key: 'tester-1', variant: 'one_page', note: 'QA' });

  const user = await visitor();
  await user.goto('/demo?as=ada');
  await expect(user.locator('.card').first()).toBeVisible();
  await user.getByRole('button', { name: /Goblet squat/ }).click();
  await user.getByRole('button', { name: 'Log a set' }).click();
  await user.getByRole('button', { name: 'Close' }).click();
  await user.getByRole('button', { name: 'Throw an error' }).click();
  await user.getByRole('button', { name: 'Capture an error' }).click();
  await user.getByRole('button', { name: 'Give feedback' }).click();
  await user.getByRole('radio', { name: '4' }).check();
  await user.getByLabel('Anything else?').fill('The new cards are lovely. More stretching, please.');
  await user.getByRole('button', { name: 'Send' }).click();
  await user.goto('about:blank');
  await first.goto('/admin/dashboard');
  await expect(first.getByTestId('feedback')).toContainText('lovely');
  await expect(first.getByTestId('vital-CLS').getByTestId('value')).not.toHaveText('–');

  await inAllSizes(visitor, async (page, take) => {
    await page.goto('/login');
    await take('login');
    await logIn(page, server);
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(path);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      if (name === 'dashboard') await expect(page.getByText('Live', { exact: true })).toBeVisible();
      await take(name);
    }
    await page.goto('/demo?as=ada');
    await expect(page.locator('.card').first()).toBeVisible();
    await take('demo');
  });
});
