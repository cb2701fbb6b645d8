// Wraps the vendored web-vitals build, in the top frame only. Values wait in a page variable until they are read.
(webVitals) => {
  "use strict";
  const seen = { lcp: null, cls: null, inp: null, fcp: null, ttfb: null, lcpElement: "", clsElement: "", inpElement: "" };
  window.__gonogo.vitals = seen;
  const element = (target) => String(target ?? "").slice(0, 300);
  const all = { reportAllChanges: true };
  webVitals.onTTFB((metric) => (seen.ttfb = metric.value), all);
  webVitals.onFCP((metric) => (seen.fcp = metric.value), all);
  webVitals.onLCP((metric) => Object.assign(seen, { lcp: metric.value, lcpElement: element(metric.attribution.target) }), all);
  webVitals.onCLS((metric) => Object.assign(seen, { cls: metric.value, clsElement: element(metric.attribution.largestShiftTarget) }), all);
  // Event Timing reports nothing shorter than 16 ms; the library's default of 40 ms would leave fast pages without a value.
  webVitals.onINP((metric) => Object.assign(seen, { inp: metric.value, inpElement: element(metric.attribution.interactionTarget) }), {
    ...all,
    durationThreshold: 16,
  });
}
