// All that a React app needs of Phasegate. The script tag in index.html brings the collector; until
// it is there, and where it never comes, the fallbacks hold.
import { Component, useEffect, useState, useSyncExternalStore } from 'react';

function subscribe(changed) {
  addEventListener('phasegate:change', changed);
  return () => removeEventListener('phasegate:change', changed);
}

/** Whether a feature is on for the user; changes while the page is open. Records the exposure. */
export function useFeature(key, fallback = false) {
  const read = () => window.phasegate?.isFeatureEnabled(key, fallback) ?? fallback;
  return useSyncExternalStore(subscribe, read, () => fallback);
}

/** The name of the variant that the user has. Records the exposure. */
export function useVariant(key, fallback) {
  const read = () => window.phasegate?.getVariant(key, fallback) ?? fallback;
  return useSyncExternalStore(subscribe, read, () => fallback);
}

/** Says who the user is, as soon as the collector is there. */
export function useIdentity(user, attributes) {
  const said = JSON.stringify([user, attributes]);
  useEffect(() => {
    if (!user) return;
    const [id, known] = JSON.parse(said);
    const identify = () => window.phasegate.identify(id, known);
    if (window.phasegate) return void identify();
    const script = document.querySelector('script[data-key]');
    script?.addEventListener('load', identify, { once: true });
    return () => script?.removeEventListener('load', identify);
  }, [said]);
}

/** Measures how long a component takes from its first render until it is on the page. */
export function useRenderTimer(component) {
  const [stop] = useState(() => window.phasegate?.getPerformanceMonitor().startRenderTimer(component));
  useEffect(() => stop?.(), []);
}

/** Reports what breaks inside, and shows something else in its place. */
export class ErrorBoundary extends Component {
  state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  componentDidCatch(error) {
    const { feature, component } = this.props;
    window.phasegate?.getErrorTracker().captureError(error, { feature, component, severity: 'error' });
  }

  render() {
    return this.state.hasFailed ? this.props.fallback : this.props.children;
  }
}
