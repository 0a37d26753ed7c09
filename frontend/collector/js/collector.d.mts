/** Properties of an event: at most 20 single values, with texts of at most 200 characters. */
export type Properties = Record<string, string | number | boolean>;

/** Attributes of the user, which segments and rules use. */
export type Attributes = Record<string, unknown>;

/** The current phase of the rollout. */
export interface Phase {
  number: number;
  name: string;
  /** The planned share of users, in per cent. */
  percentage: number;
}

/** Origin and severity of an error. */
export interface ErrorContext {
  feature?: string;
  component?: string;
  /** Defaults to `error`. */
  severity?: 'info' | 'warning' | 'error' | 'critical';
}

/** Feedback of a user. */
export interface Feedback {
  kind?: 'rating' | 'nps' | 'bug' | 'idea';
  /** 1 to 5. */
  rating?: number;
  /** 0 to 10: how likely they would recommend it. */
  score?: number;
  /** At most 1,000 characters. */
  message?: string;
  /** A screenshot; it is drawn again, at most 1,920 pixels wide and high, before it is sent. */
  screenshot?: Blob;
}

/** How the feedback widget is shown. */
export interface WidgetOptions {
  /** The kind that is selected at first. */
  kind?: 'rating' | 'bug' | 'idea';
  /** Replacements for its texts, by name. */
  texts?: Record<string, string>;
  /** The language of these texts. */
  lang?: string;
}

/** The collector of a page. Its methods never throw. */
export interface Phasegate {
  /** Resolves when the flags are evaluated, and after five seconds at the latest. */
  ready: Promise<void>;
  /** Sets the user; resolves like `ready` for that user. */
  identify(userId: string, attributes?: Attributes): Promise<void>;
  /** Returns whether a feature is on for the user. Records the exposure, once per visit. */
  isFeatureEnabled(key: string, fallback?: boolean): boolean;
  /** Returns the name of the user's variant. Records the exposure, once per visit. */
  getVariant(key: string, fallback?: string): string | undefined;
  /** Returns the current phase of the rollout; `null` before it starts. */
  getCurrentPhase(): Phase | null;
  /** Records the use of a feature, and starts to measure the time in which it is in use. */
  featureUsed(key: string, properties?: Properties): void;
  /** Records a custom event of the app. */
  track(name: string, properties?: Properties): void;
  /** Starts a task that can be completed or abandoned. */
  startTask(name: string): { complete(): void; abandon(): void };
  /** Timers for operations that the browser does not measure. */
  getPerformanceMonitor(): {
    /** Returns the function that stops the timer; pass `true` if the call failed. */
    startApiTimer(name: string): (failed?: boolean) => void;
    /** Returns the function that stops the timer. */
    startRenderTimer(component: string): () => void;
  };
  /** Reports errors that the app has caught. */
  getErrorTracker(): { captureError(error: unknown, context?: ErrorContext): void };
  getUserFeedback(): {
    /** Opens the widget; resolves when it is closed, or after 5 s without the collector. */
    open(options?: WidgetOptions): Promise<void>;
    /** Asks how likely the user would recommend the app; resolves like `open`. */
    askNps(options?: WidgetOptions): Promise<void>;
    /**
     * Sends feedback from the app's own form. Resolves with whether it was sent (if not, it is kept
     * and sent later) and complete, or with `undefined` after five seconds. Rejects with the reason
     * if a value is refused or the collector does not load.
     */
    submit(feedback: Feedback): Promise<{ isSent: boolean; isComplete: boolean } | undefined>;
  };
  /** Sets a hook that gets each event before it is sent and returns it, another one, or nothing. */
  onBeforeSend(hook: (event: Record<string, unknown>) => Record<string, unknown> | null | undefined): void;
  /** Prints the evaluation of a flag step by step, and returns the answer. */
  explain(key: string): Promise<unknown>;
  /** Prints all that is sent to the console, or stops printing it. */
  debug(on?: boolean): void;
}

/** The options of the collector. */
export interface Options {
  /** The client key. */
  key: string;
  /** The server's address, with a path if a proxy adds one. Default: the folder of this module. */
  origin?: string;
  /** The app's version. */
  release?: string;
  /** `ignore` also measures visitors who send Do Not Track or Global Privacy Control. */
  dnt?: 'ignore';
}

/** Starts the collector once in a page; called again, it returns the same one. */
export function start(options: Options): Phasegate;
export default start;

declare global {
  interface Window {
    phasegate?: Phasegate;
  }
  interface WindowEventMap {
    /** Fired when answers of flags have changed. */
    'phasegate:change': Event;
  }
}
