// The hooks and the error boundary that a React app needs. The script tag in index.html loads the
// collector; until then, or if it never loads, the line before it returns the fallbacks.
import { Component, useEffect, useState, useSyncExternalStore } from 'react';

function subscribe(changed) {
  addEventListener('phasegate:change', changed);
  return () => removeEventListener('phasegate:change', changed);
}

/** Returns whether a feature is on for the user, and follows changes. Records the exposure. */
export function useFeature(key, fallback = false) {
  const read = () => phasegate.isFeatureEnabled(key, fallback);
  return useSyncExternalStore(subscribe, read, () => fallback);
}

/** Returns the name of the user's variant, and follows changes. Records the exposure. */
export function useVariant(key, fallback) {
  const read = () => phasegate.getVariant(key, fallback);
  return useSyncExternalStore(subscribe, read, () => fallback);
}

/** Identifies the user. */
export function useIdentity(user, attributes) {
  const said = JSON.stringify([user, attributes]);
  useEffect(() => {
    const [id, known] = JSON.parse(said);
    if (id) phasegate.identify(id, known);
  }, [said]);
}

/** Measures how long a component takes from its first render until it is on the page. */
export function useRenderTimer(component) {
  const [stop] = useState(() => phasegate.getPerformanceMonitor().startRenderTimer(component));
  useEffect(() => stop(), []);
}

/** Reports errors of its children, and renders the fallback in their place. */
export class ErrorBoundary extends Component {
  state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  componentDidCatch(error) {
    const { feature, component } = this.props;
    phasegate.getErrorTracker().captureError(error, { feature, component, severity: 'error' });
  }

  render() {
    return this.state.hasFailed ? this.props.fallback : this.props.children;
  }
}
