// Runs in every frame after page.js where the environment asks for it: knows banners by rules of autoconsent.
// Called with (rules): those that may hold on the site. No script of theirs is run; what they name is pressed by mouse.
(rules) => {
  "use strict";
  if (!window.__gonogo || Object.hasOwn(window.__gonogo, "rules")) return;
  const { contains, face, learn, parent, shadow } = window.__gonogo.finder;
  const { visible } = window.__gonogo;

  const MOST_ELEMENTS = 200;
  const MOST_STEPS = 40;
  const AGAIN_MS = 200; // where no rule holds, they are asked again no sooner

  // --- elements that a rule names: CSS, "xpath/…", or a list that goes from host to host through shadow roots ---

  function some(selector, scope) {
    try {
      if (!selector.startsWith("xpath/")) return [...scope.querySelectorAll(selector)].slice(0, MOST_ELEMENTS);
      const found = document.evaluate(selector.slice(6), scope, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
      return Array.from({ length: Math.min(found.snapshotLength, MOST_ELEMENTS) }, (_, number) => found.snapshotItem(number));
    } catch {
      return []; // a selector that this browser does not know
    }
  }
  function all(selector, scope = document) {
    const [head, ...rest] = [selector].flat();
    const here = some(String(head), scope);
    return rest.length ? here.flatMap((element) => all(rest, shadow(element) ?? element)) : here;
  }

  // --- conditions ---

  function shows(selector, check = "all") {
    const seen = all(selector).map(visible);
    if (check === "none") return !seen.includes(true);
    return seen.length > 0 && (check === "any" ? seen.includes(true) : !seen.includes(false));
  }
  function holds(one) {
    const told = [];
    if (one.exists) told.push(all(one.exists).length > 0);
    if (one.visible) told.push(shows(one.visible, one.check));
    if (one.waitForVisible) told.push(shows(one.waitForVisible, one.check ?? "any"));
    if (one.cookieContains) told.push(document.cookie.includes(one.cookieContains));
    if (one.any) told.push(one.any.some(holds));
    if (!told.length) return "wait" in one;
    return told.every(Boolean) !== Boolean(one.negated);
  }

  const may = (context) => (window === window.top ? context.main !== false : context.frame === true) && (!context.urlPattern || new RegExp(context.urlPattern).test(location.href));
  const here = rules.filter((rule) => may(rule.context));
  let known = null;
  let asked = -Infinity;

  /** The rule whose banner stands in this frame now. */
  function rule() {
    if (known) return known.detect.every(holds) ? known : null;
    if (performance.now() - asked < AGAIN_MS) return null;
    known = here.find((one) => one.detect.every(holds) && popup(one)) ?? null;
    if (!known) asked = performance.now();
    return known;
  }

  /** The first visible element by which a rule knows that its banner stands. */
  function popup(one) {
    const told = one.popup.flatMap((condition) => [condition, ...(condition.any ?? [])]).filter((condition) => !condition.negated && condition.check !== "none");
    const selectors = told.flatMap((condition) => ["visible", "waitForVisible", "exists"].filter((word) => condition[word]).map((word) => condition[word]));
    for (const selector of selectors) {
      const seen = all(selector).find(visible);
      if (seen) return seen;
    }
    return null;
  }

  // --- presses ---

  const selectorOf = (step) => step.click ?? step.waitForThenClick;

  /** The presses of steps as the page stands now; null where a script would decide. */
  function presses(steps) {
    const found = [];
    for (const step of steps) {
      let inner = [];
      if (step.if) inner = presses(holds(step.if) ? (step.then ?? []) : (step.else ?? []));
      else if (step.any) inner = presses(step.any.filter((one) => selectorOf(one) && all(selectorOf(one)).some(visible)).slice(0, 1));
      else if (step.eval) inner = step.optional ? [] : null;
      else if (selectorOf(step)) inner = [{ selector: selectorOf(step), every: Boolean(step.all), optional: Boolean(step.optional) }];
      if (!inner) return null;
      found.push(...inner);
    }
    return found.slice(0, MOST_STEPS);
  }

  /** The one control that makes a choice, where one press does. */
  function direct(one, choice) {
    const steps = presses(one[choice]) ?? [];
    const needed = steps.filter((step) => !step.optional);
    return needed.length === 1 && steps[0] === needed[0] ? (all(needed[0].selector).find(visible) ?? null) : null;
  }

  /** The banner of the rule that holds: its element, and the controls of its first layer. */
  function find() {
    const one = rule();
    const seen = one && popup(one);
    if (!seen) return null;
    const [accept, reject] = [direct(one, "accept"), direct(one, "reject")];
    let banner = seen;
    const holdsBoth = (node) => [accept, reject].every((control) => !control || (contains(node, control) && control !== node));
    while (parent(banner) && parent(banner) !== document.body && !holdsBoth(banner)) banner = parent(banner);
    return { banner, accept, reject, rule: one.name };
  }

  // --- a choice that takes several presses, gone through by whoever presses ---

  let left = [];
  let done = new WeakSet();
  let pressedAny = false;

  const shift = () => {
    left.shift();
    pressedAny = false;
  };
  const target = () => {
    const [step] = left;
    return all(selectorOf(step)).find((one) => face(one) && !(step.all && done.has(one))) ?? null;
  };

  /** Whether there is a rule to follow. */
  function begin(choice) {
    left = known ? [...known[choice]] : [];
    done = new WeakSet();
    pressedAny = false;
    return left.length > 0;
  }

  /** What is due: "press", "wait" (the element is not there), "maybe" (nor need it be), "script" or "end". */
  function due() {
    for (let steps = 0; left.length && steps < MOST_STEPS; steps++) {
      const [step] = left;
      if (step.if) left.splice(0, 1, ...(holds(step.if) ? (step.then ?? []) : (step.else ?? [])));
      else if (step.any) left.splice(0, 1, ...step.any.filter((one) => selectorOf(one) && all(selectorOf(one)).some(visible)).slice(0, 1));
      else if (step.waitFor || step.waitForVisible) {
        if (!(step.waitFor ? all(step.waitFor).length : shows(step.waitForVisible, step.check ?? "any"))) return step.optional ? "maybe" : "wait";
        shift();
      } else if (selectorOf(step)) {
        if (target()) return "press";
        if (!pressedAny) return step.optional ? "maybe" : "wait";
        shift();
      } else if (step.eval && !step.optional) return "script";
      else shift();
    }
    return "end";
  }

  let current = null;
  function next() {
    current = target();
    return current && face(current);
  }
  function pressed() {
    if (!left[0].all) return shift();
    done.add(current);
    pressedAny = true;
  }

  learn(find);
  Object.defineProperty(window.__gonogo, "rules", { value: { begin, due, next, pressed, skip: shift } });
}
