// Wraps the vendored web-vitals build, in the top frame only. Values wait in a page variable until they are read.
(webVitals) => {
  "use strict";
  const seen = {
    lcp: null, cls: null, inp: null, fcp: null, ttfb: null, tbt: null, fid: null,
    lcpElement: "", clsElement: "", inpElement: "", tbtSource: "", lcpParts: [],
    pressed: 0, slowest: 0,
  };
  window.__gonogo.vitals = seen;
  const element = (target) => String(target ?? "").slice(0, 300);
  const all = { reportAllChanges: true };
  const observe = (type, take, options = {}) => {
    try {
      new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...options });
    } catch {
      // this browser does not know the type; its metric stays null
    }
  };
  webVitals.onTTFB((metric) => (seen.ttfb = metric.value), all);
  webVitals.onFCP((metric) => { seen.fcp = metric.value; block(); }, all);
  webVitals.onLCP((metric) => {
    const { target, url, timeToFirstByte, resourceLoadDelay, resourceLoadDuration, elementRenderDelay } = metric.attribution;
    Object.assign(seen, {
      lcp: metric.value,
      lcpElement: element(url ? `${target} (${url})` : target),
      lcpParts: [
        ["first byte", timeToFirstByte], ["load delay", resourceLoadDelay],
        ["load", resourceLoadDuration], ["render delay", elementRenderDelay],
      ],
    });
  }, all);
  webVitals.onCLS((metric) => Object.assign(seen, { cls: metric.value, clsElement: element(metric.attribution.largestShiftTarget) }), all);
  // Event Timing reports nothing shorter than 16 ms; the library's default of 40 ms would leave fast pages without a value.
  webVitals.onINP((metric) => Object.assign(seen, { inp: metric.value, inpElement: element(metric.attribution.interactionTarget) }), {
    ...all,
    durationThreshold: 16,
  });

  // Total Blocking Time: what each task after FCP takes beyond 50 ms; of a task across FCP, only the part after it.
  const tasks = [];
  let source = { blocking: 0 };
  const block = () => {
    if (seen.fcp === null) return;
    seen.tbt = tasks.reduce((sum, [start, end]) => sum + Math.max(0, end - Math.max(start, seen.fcp) - 50), 0);
  };
  observe("longtask", ({ startTime, duration }) => { tasks.push([startTime, startTime + duration]); block(); });
  observe("long-animation-frame", ({ blockingDuration, scripts }) => {
    const longest = [...scripts].sort((one, other) => other.duration - one.duration)[0];
    if (!longest || blockingDuration <= source.blocking) return;
    source = { blocking: blockingDuration };
    seen.tbtSource = element(`${longest.invoker || longest.invokerType} of ${longest.sourceURL || "an inline script"}`);
  });

  observe("first-input", ({ processingStart, startTime }) => (seen.fid = processingStart - startTime));
  const interactions = new Map();
  const interacted = ({ interactionId, duration }) => {
    if (!interactionId) return;
    interactions.set(interactionId, Math.max(duration, interactions.get(interactionId) ?? 0));
    seen.slowest = Math.max(seen.slowest, duration);
    seen.pressed = interactions.size;
  };
  observe("event", interacted, { durationThreshold: 16 });
  observe("first-input", interacted);
}
