// Fixtures of all tests: a server of their own, pages with a browser context of their own, and the
// rule that no page may log an unexpected error.
import { test as base, expect, type BrowserContextOptions, type Page } from '@playwright/test';
import { Server } from './server';

export { expect };

type Fixtures = {
  /** A fresh server, for this test alone. */
  server: Server;
  /** Opens a page for a visitor with a browser context of their own. */
  visitor: (options?: BrowserContextOptions) => Promise<Page>;
  /** Registers an expected console error; any other one fails the test. */
  expectComplaint: (pattern: RegExp) => void;
  /** A page that is logged in as the admin. */
  admin: Page;
};

export const test = base.extend<Fixtures>({
  server: async ({}, use) => {
    const server = await Server.start();
    await use(server);
    await server.stop();
  },

  expectComplaint: async ({}, use, info) => {
    const expected: RegExp[] = [];
    (info as unknown as { expected: RegExp[] }).expected = expected;
    await use((pattern) => expected.push(pattern));
  },

  visitor: async ({ browser, server, expectComplaint: _ }, use, info) => {
    const { expected } = info as unknown as { expected: RegExp[] };
    const complaints: string[] = [];
    const contexts: { close(): Promise<void> }[] = [];
    await use(async (options = {}) => {
      const context = await browser.newContext({ baseURL: server.url, reducedMotion: 'reduce', ...options });
      contexts.push(context);
      context.on('console', (message) => {
        if (message.type() === 'error') complaints.push(`${message.text()} (${message.location().url})`);
      });
      context.on('weberror', (error) => complaints.push(String(error.error())));
      return context.newPage();
    });
    for (const context of contexts) await context.close();
    const unexpected = complaints.filter((text) => !expected.some((pattern) => pattern.test(text)));
    expect(unexpected, 'console errors').toEqual([]);
  },

  admin: async ({ visitor, server }, use) => {
    const page = await visitor();
    await logIn(page, server);
    await use(page);
  },
});

/** Logs in through the page. */
export async function logIn(page: Page, server: Pick<Server, 'email' | 'password'>): Promise<void> {
  await page.goto('/login');
  await page.getByLabel('E-mail').fill(server.email);
  await page.getByLabel('Password').fill(server.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Enhanced Exercise Library');
}

/** Starts the rollout and advances it, by hand and with a reason, as the first admin may. */
export async function advanceTo(page: Page, phase: number): Promise<void> {
  await page.goto('/admin/rollout');
  await page.getByRole('link', { name: 'Start the rollout' }).click();
  await page.getByLabel('Reason (required)').fill('A trial');
  await page.getByRole('button', { name: 'Start the rollout' }).click();
  await expect(page.getByTestId('rollout-status')).toContainText('Phase 1 of 6');
  for (let next = 2; next <= phase; next += 1) {
    await page.getByRole('link', { name: `Advance to phase ${next}` }).click();
    await page.getByLabel('Reason (required)').fill('Verified by hand');
    await page.getByRole('button', { name: `Advance to phase ${next}` }).click();
    await expect(page.getByTestId('rollout-status')).toContainText(`Phase ${next} of 6`);
  }
}

/** Switches a flag in the list of the production environment, where the switch asks first. */
export async function pressSwitch(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('switch', { name }).click();
  await page.getByRole('button', { name: /^Switch (on|off) in Production$/ }).click();
}
