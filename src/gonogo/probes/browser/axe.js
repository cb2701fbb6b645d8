// Runs in every frame before the page's own scripts, with axe-core, which no script of the page gets to see.
// Frames are joined by the driver, not by messages: a page can neither read nor forge them.
(axe) => {
  "use strict";
  const MOST_CLOSED = 1000;
  const MOST_NODES = 100;
  const MOST_UNDECIDED = 10;
  const MOST_HTML = 200;
  const MOST_WORDS = 600;
  const clip = (text, most) => String(text ?? "").slice(0, most);

  // --- closed shadow roots: open to axe-core while it runs ---

  const closed = [];
  const roots = new WeakMap();
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function attachShadow() {
    const root = Reflect.apply(attach, this, arguments);
    if (root.mode === "closed" && closed.length < MOST_CLOSED) {
      closed.push(this);
      roots.set(this, root);
    }
    return root;
  };
  const shadow = (element) => roots.get(element) ?? element.shadowRoot;

  async function opened(work) {
    for (const host of closed) Object.defineProperty(host, "shadowRoot", { value: roots.get(host), configurable: true });
    try {
      return await work();
    } finally {
      for (const host of closed) delete host.shadowRoot;
    }
  }

  // --- sizes and places ---

  /** Elements of this document and its shadow roots, counted no further than `most`. */
  function size(most) {
    let count = 0;
    const stack = [document.documentElement];
    while (stack.length && count <= most) {
      const element = stack.pop();
      if (!element) continue;
      count += 1;
      const root = shadow(element);
      for (const child of [...element.children, ...(root ? root.children : [])]) stack.push(child);
    }
    return count;
  }

  /** The element of axe-core's selector: text, or a list that goes down through shadow roots. */
  function select(selector) {
    let root = document;
    let found = null;
    for (const part of [selector].flat()) {
      found = root?.querySelector(part) ?? null;
      root = found && shadow(found);
    }
    return found;
  }

  const STEADY = /^(?!.*\d{3})[A-Za-z][\w-]*$/;

  /** Where an element stands, in words that a banner opened elsewhere does not change: from the nearest id down by tag names.
   *  axe-core's selectors are the shortest that are unique at the moment, so they differ from state to state. */
  function place(element) {
    const parts = [];
    for (let node = element; node && parts.length < 100; ) {
      if (STEADY.test(node.id)) {
        parts.unshift(`#${node.id}`);
        break;
      }
      const twins = [...(node.parentNode?.children ?? [])].filter((one) => one.localName === node.localName);
      parts.unshift(twins.length > 1 ? `${node.localName}:nth-of-type(${twins.indexOf(node) + 1})` : node.localName);
      const root = node.getRootNode();
      if (!node.parentElement && root instanceof ShadowRoot) parts.unshift(">>>");
      node = node.parentElement ?? root.host;
    }
    return clip(parts.join(" > "), MOST_WORDS);
  }
  const places = (selectors) => selectors.map((selector) => (select(selector) ? place(select(selector)) : ""));

  // --- the three parts of a run ---

  let kept = null;

  /** Judges this document alone. Returns the frames in it: a selector, the context to hand on, and the
   *  selector by which axe-core names the frame in its results. */
  async function partial(context, options) {
    return opened(async () => {
      const frames = axe.utils.getFrameContexts(context, options);
      kept = await axe.runPartial(context, options);
      return frames.map(({ frameSelector, frameContext }, at) => [
        frameSelector,
        JSON.stringify(frameContext),
        kept.frames[at]?.selector?.[0] ?? frameSelector,
      ]);
    });
  }

  /** This document's part, to be finished in the page; null when it is longer than `most` characters. */
  function take(most) {
    const text = JSON.stringify(kept);
    kept = null;
    return text.length <= most ? text : null;
  }

  const flat = (target) => target.flat(Infinity).join(" >>> ");
  const compact = (most) => (rule) => ({
    id: rule.id,
    impact: rule.impact ?? "",
    tags: rule.tags.filter((tag) => tag.startsWith("wcag")),
    help: clip(rule.help, MOST_WORDS),
    url: clip(rule.helpUrl, MOST_WORDS),
    count: rule.nodes.length,
    nodes: rule.nodes.slice(0, most).map((node) => ({
      target: clip(flat(node.target), MOST_WORDS),
      path: node.target,
      html: clip(node.html, MOST_HTML),
      fix: clip(node.failureSummary, MOST_WORDS),
    })),
  });

  /** The page's part with those of its frames, in document order: what a reader needs of it. */
  async function finish(parts, options) {
    const partials = [kept, ...parts.map((part) => (part === null ? null : JSON.parse(part)))];
    kept = null;
    const { violations, incomplete, passes } = await axe.finishRun(partials, options);
    return { violations: violations.map(compact(MOST_NODES)), incomplete: incomplete.map(compact(MOST_UNDECIDED)), passed: passes.length };
  }

  // --- the focus ---

  const numbers = new WeakMap();
  let last = 0;
  const stood = new Map();
  const INDICATORS = ["outline", "boxShadow", "border", "background", "color", "textDecoration", "textShadow", "transform", "scale",
    "translate", "opacity", "filter", "clipPath", "position", "left", "top", "width", "height", "visibility", "content", "fontWeight"];
  const up = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host ?? null;

  function active() {
    let element = document.activeElement;
    for (let root = element && shadow(element); root?.activeElement; root = shadow(element)) element = root.activeElement;
    return element;
  }

  /** Tag name, id and first classes of an element and its next parents, readable rather than unique. */
  function describe(element) {
    const parts = [];
    for (let node = element; node && node !== document.body && parts.length < 3; node = up(node)) {
      const names = [...node.classList].slice(0, 2).map((name) => `.${name}`).join("");
      parts.unshift(`${node.localName}${node.id ? `#${node.id}` : names}`);
      if (node.id) break;
    }
    return clip(parts.join(" > ") || element.localName, MOST_HTML);
  }

  const named = (element) =>
    clip(element.getAttribute("aria-label") || element.innerText || element.labels?.[0]?.innerText || element.title || element.alt || "", 80).trim();

  function shownOutline(style) {
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 && !/, 0\)$|^transparent$/.test(style.outlineColor);
  }

  /** A parent's size is no sign of focus: it changes with whatever comes into the page, as it does when Tab scrolls. */
  const OF_PARENTS = INDICATORS.filter((property) => property !== "width" && property !== "height");

  const look = (one, element) =>
    [null, "::before", "::after"].map((part) => {
      const style = getComputedStyle(one, part);
      const properties = one !== element && inside(element, one) ? OF_PARENTS : INDICATORS;
      return properties.map((property) => style[property]).join(";");
    }).join("|");

  /** All by which focus may show: the element, its label, child, next neighbour and parents, with what each looks like. */
  function looks(element) {
    const near = new Set([element, ...(element.labels ?? []), element.nextElementSibling, element.firstElementChild]);
    for (let node = up(element), left = 3; node && left > 0; node = up(node), left -= 1) near.add(node);
    near.delete(null);
    return new Map([...near].map((one) => [one, look(one, element)]));
  }

  const CARET = /^(text|search|url|tel|email|password|number|date|datetime-local|month|week|time)$/;
  const writes = (element) =>
    element.isContentEditable || element.localName === "textarea" || (element.localName === "input" && CARET.test(element.type));

  /** Two frames; where none are drawn, a while. */
  const frames = () => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); setTimeout(done, 200); });

  const MOST_UP = 200;
  const SETTLE_MS = 1000;

  /** The element's parents, each with how far it is scrolled; the window's place is among them. */
  function scrolled(element) {
    const found = [];
    for (let node = up(element); node && found.length < MOST_UP; node = up(node)) found.push([node, node.scrollLeft, node.scrollTop]);
    return found;
  }

  function put(places) {
    for (const [node, left, top] of places) {
      if (node.scrollLeft !== left || node.scrollTop !== top) node.scrollTo({ left, top, behavior: "instant" });
    }
  }

  const boxOf = (element) => {
    const box = element.getBoundingClientRect();
    return [box.x, box.y, box.width, box.height];
  };

  /** Whether the element came to rest: focus scrolls, and a page may do so smoothly. */
  async function rests(element) {
    for (const end = performance.now() + SETTLE_MS; performance.now() < end; ) {
      const before = String(boxOf(element));
      await frames();
      if (String(boxOf(element)) === before) return true;
    }
    return false;
  }

  function topmost(x, y) {
    let found = null;
    for (let root = document; root; root = shadow(found)) {
      const inner = root.elementFromPoint(x, y);
      if (!inner || inner === found) break;
      found = inner;
    }
    return found;
  }

  /** What lies over the element at its middle and near its corners; null where nothing foreign does. */
  function covers(element) {
    const [x, y, width, height] = boxOf(element);
    return [[0.5, 0.5], [0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]].map(([right, down]) => {
      const found = topmost(x + right * width, y + down * height);
      return inside(found, element) || inside(element, found) ? null : found;
    });
  }

  /** Where the focus stands, when it has come to rest and its style has settled; null at the page's end or on a frame's border. */
  async function stop() {
    const element = active();
    if (!element || element === document.body || element === document.documentElement) return null;
    await frames();
    const rest = await rests(element);
    if (!numbers.has(element)) numbers.set(element, (last += 1));
    if (element.localName === "iframe" || element.localName === "frame") return { frame: true, number: numbers.get(element) };
    const box = boxOf(element);
    const style = getComputedStyle(element);
    const outline = shownOutline(style) && box[2] > 0 && box[3] > 0;
    stood.set(numbers.get(element), { element, box, looks: looks(element), scrolled: scrolled(element), covers: covers(element) });
    return {
      frame: false,
      number: numbers.get(element),
      element: describe(element),
      name: named(element),
      indicator: outline ? "outline" : writes(element) ? "caret" : "",
      modal: Boolean(element.closest("dialog:modal, [aria-modal=true]")),
      box,
      rests: rest,
    };
  }

  /** `inner` is `outer` or within it, or labelled by it. */
  function inside(inner, outer) {
    if ([...(inner?.labels ?? [])].includes(outer)) return true;
    for (let node = inner; node; node = up(node)) if (node === outer) return true;
    return false;
  }

  /** "style" when a stop looks otherwise now that the focus has left it, "gone" when it is not there. */
  function left(number) {
    const before = stood.get(number);
    if (!before?.element.isConnected) return "gone";
    const now = active();
    const others = (one) => inside(now, one) && !inside(before.element, one);
    return [...before.looks].some(([one, was]) => !others(one) && look(one, before.element) !== was) ? "style" : "";
  }

  /** Scrolls to where a stop was when the focus stood there; `forth` undoes it. Returns whether it came to rest. */
  async function back(number) {
    const before = stood.get(number);
    before.since = scrolled(before.element);
    put(before.scrolled);
    return rests(before.element);
  }

  /** Something that moves for ever is in the picture: two that are equal are so by chance. */
  const animated = (element) =>
    document.getAnimations().some(({ playState, effect }) => {
      const target = effect?.target;
      const near = target && (target.contains(element) || element.contains(target));
      return near && playState === "running" && effect.getComputedTiming().endTime === Infinity;
    });

  /** The stop stands where it stood, and what has come over it since did not come by scrolling. */
  function same(number) {
    const { element, box, covers: was, since, scrolled: places } = stood.get(number);
    if (!element.isConnected || String(boxOf(element)) !== String(box) || animated(element)) return false;
    const moved = since && String(since.map(([, ...at]) => at)) !== String(places.map(([, ...at]) => at));
    return !moved || covers(element).every((one, at) => one === was[at]);
  }

  const forth = (number) => put(stood.get(number)?.since ?? []);

  /** Whether the focus stands on, or inside, what the selector or the banner's finder means. */
  function on(target) {
    const element = active();
    const wanted = target === "reject" ? [window.__gonogo?.control("reject")] : [...every(target)];
    for (let node = element; node; node = up(node)) if (wanted.includes(node)) return true;
    return false;
  }

  function* every(selector) {
    const stack = [document];
    for (let visited = 0; stack.length && visited < 1000; visited += 1) {
      const root = stack.pop();
      yield* root.querySelectorAll(selector);
      for (const element of root.querySelectorAll("*")) if (shadow(element)) stack.push(shadow(element));
    }
  }

  const present = (selector) => [...every(selector)].some((element) => element.checkVisibility({ visibilityProperty: true }));

  // --- width and motion ---

  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

  /** Stands in a box that scrolls or cuts by itself. */
  function boxed(element) {
    for (let node = up(element); node && node !== document.body && node !== document.documentElement; node = up(node)) {
      if (getComputedStyle(node).overflowX !== "visible") return true;
    }
    return false;
  }

  /** The window's width, that of what can be scrolled to, and what is widest. A page that cuts instead of scrolling is as
   *  wide as the text that begins inside the window and ends outside. */
  function widths(most, mostElements) {
    const page = document.scrollingElement ?? document.documentElement;
    const cuts = [document.documentElement, document.body].some((one) => one && /hidden|clip/.test(getComputedStyle(one).overflowX));
    const wide = [];
    let visited = 0;
    for (const element of document.querySelectorAll("body *")) {
      if ((visited += 1) > mostElements) break;
      const box = element.getBoundingClientRect();
      if (box.width < 1 || box.right + scrollX <= page.clientWidth + 1 || !element.checkVisibility({ visibilityProperty: true })) continue;
      if (cuts && (box.left + scrollX >= page.clientWidth || !hasText(element))) continue;
      if (!boxed(element)) wide.push([describe(element), box.right + scrollX]);
    }
    wide.sort((a, b) => b[1] - a[1]);
    const content = cuts ? Math.max(page.clientWidth, ...wide.map(([, right]) => Math.round(right))) : page.scrollWidth;
    return { width: page.clientWidth, content, widest: wide.slice(0, most) };
  }

  const STILL = new Set(["opacity", "color", "backgroundColor", "borderColor", "fill", "stroke", "visibility", "boxShadow", "textShadow",
    "outlineColor", "outline", "filter", "backdropFilter", "offset", "computedOffset", "easing", "composite", "display", "contentVisibility"]);

  function moving(least, most) {
    const honoured = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const found = [];
    for (const animation of document.getAnimations()) {
      const effect = animation.effect;
      if (found.length >= most || animation.playState !== "running" || !effect?.target?.checkVisibility({ visibilityProperty: true })) continue;
      const properties = [...new Set(effect.getKeyframes().flatMap((frame) => Object.keys(frame)))].filter((name) => !STILL.has(name));
      const { endTime, duration } = effect.getComputedTiming();
      if (!properties.length || !(endTime >= least) || !(duration > 0)) continue;
      found.push([describe(effect.target), properties.slice(0, 10), Number.isFinite(endTime) ? endTime : -1]);
    }
    for (const video of document.querySelectorAll("video")) {
      if (found.length < most && !video.paused && !video.controls && video.checkVisibility()) found.push([describe(video), ["video"], -1]);
    }
    return { honoured, animations: found };
  }

  Object.defineProperty(window, "__gonogo_axe", {
    value: { version: axe.version, size, select, places, partial, take, finish, stop, left, back, same, forth, on, present, widths, moving },
  });
}
