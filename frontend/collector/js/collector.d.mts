/** A value that an event may carry: single values, at most 20 of them, texts of at most 200 characters. */
export type Properties = Record<string, string | number | boolean>;

/** What the app knows about the user; segments and rules ask for it. */
export type Attributes = Record<string, unknown>;

/** Where the rollout is. */
export interface Phase {
  number: number;
  name: string;
  /** The planned share of users, in per cent. */
  percentage: number;
}

/** Where and how bad an error is. */
export interface ErrorContext {
  feature?: string;
  component?: string;
  /** `error` if nothing is said. */
  severity?: 'info' | 'warning' | 'error' | 'critical';
}

/** What somebody says. */
export interface Feedback {
  kind?: 'rating' | 'nps' | 'bug' | 'idea';
  /** 1 to 5. */
  rating?: number;
  /** 0 to 10: how likely they would recommend it. */
  score?: number;
  /** At most 1,000 characters. */
  message?: string;
  /** A picture; it is painted anew, at most 1,920 pixels wide and high, before it is sent. */
  screenshot?: Blob;
}

/** How the feedback widget is shown. */
export interface WidgetOptions {
  /** What it begins with. */
  kind?: 'rating' | 'bug' | 'idea';
  /** Other words for what it says, by name. */
  texts?: Record<string, string>;
  /** The language of those words. */
  lang?: string;
}

/** The collector of a page. None of it ever throws. */
export interface Phasegate {
  /** Resolves when the flags' answers are there, and after five seconds in any case. */
  ready: Promise<void>;
  /** Says who the user is; resolves when the answers for them are there. */
  identify(userId: string, attributes?: Attributes): Promise<void>;
  /** Whether a feature is on for the user. Records the exposure, once in a visit. */
  isFeatureEnabled(key: string, fallback?: boolean): boolean;
  /** The name of the variant that the user has. Records the exposure, once in a visit. */
  getVariant(key: string, fallback?: string): string | undefined;
  /** Where the rollout is; `null` before it starts. */
  getCurrentPhase(): Phase | null;
  /** The user used a feature. From then on the time in which it is in use is measured. */
  featureUsed(key: string, properties?: Properties): void;
  /** Something of the app's own happened. */
  track(name: string, properties?: Properties): void;
  /** The user begins something that can be completed or abandoned. */
  startTask(name: string): { complete(): void; abandon(): void };
  /** Timers for what the browser cannot see by itself. */
  getPerformanceMonitor(): {
    /** Returns the function that stops the timer; `true` says that the call failed. */
    startApiTimer(name: string): (failed?: boolean) => void;
    /** Returns the function that stops the timer. */
    startRenderTimer(component: string): () => void;
  };
  /** Errors that the app has caught itself. */
  getErrorTracker(): { captureError(error: unknown, context?: ErrorContext): void };
  getUserFeedback(): {
    /** Opens the widget; resolves when it is closed. Where the collector never comes, after five seconds. */
    open(options?: WidgetOptions): Promise<void>;
    /** Asks how likely the user would recommend the app; resolves like `open`. */
    askNps(options?: WidgetOptions): Promise<void>;
    /**
     * Sends what the app's own form has asked. Resolves with whether all of it has arrived (what has not is kept
     * and sent later), or with nothing after five seconds; rejects with the reason where a value is refused or the
     * collector never comes.
     */
    submit(feedback: Feedback): Promise<{ isSent: boolean; isComplete: boolean } | undefined>;
  };
  /** Sees each event before it is sent, and returns it, another one, or nothing. */
  onBeforeSend(hook: (event: Record<string, unknown>) => Record<string, unknown> | null | undefined): void;
  /** Prints why a flag answers as it does, step by step, and returns the answer. */
  explain(key: string): Promise<unknown>;
  /** Prints whatever is sent to the console, or no longer. */
  debug(on?: boolean): void;
}

/** How the collector begins. */
export interface Options {
  /** The client key. */
  key: string;
  /** Where the server is, with a path if a proxy has it below one; the folder of this module if nothing is said. */
  origin?: string;
  /** The app's version. */
  release?: string;
  /** `ignore` measures visitors, too, who send Do Not Track or Global Privacy Control. */
  dnt?: 'ignore';
}

/** Begins, once in a page; called again, it returns what is there. */
export function start(options: Options): Phasegate;
export default start;

declare global {
  interface Window {
    phasegate?: Phasegate;
  }
  interface WindowEventMap {
    /** The flags' answers have changed. */
    'phasegate:change': Event;
  }
}
