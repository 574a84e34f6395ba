// The same conditions as on the server (intake/questionnaires/enablement.py), for comfort while filling in.
// The server decides again on every send; this script only shows and hides what is already on the page.
(() => {
  "use strict";

  const node = (root, name) => root.querySelector(`[data-q-node="${CSS.escape(name)}"]`);

  // Fields of one question, without those of questions below or inside it.
  function fieldsOf(element) {
    return [...element.querySelectorAll("input, select, textarea")].filter(
      (field) => field.closest("[data-q-node]") === element && field.type !== "hidden",
    );
  }

  // Keys of what is chosen: option numbers, true or false, steps of a scale, rows; free words under "text".
  function held(element) {
    const kind = element.dataset.qKind;
    const fields = fieldsOf(element);
    const other = fields.find((field) => "qOther" in field.dataset);
    const chosen = fields
      .filter((field) => (field.type === "radio" || field.type === "checkbox" ? field.checked : field.tagName === "SELECT"))
      .map((field) => field.value)
      .filter((value) => value !== "");
    if (kind === "radios" || kind === "checkboxes" || kind === "scale" || kind === "select") {
      const words = other ? other.value.trim() : "";
      const picked = chosen.filter((value) => value !== "other");
      const counts = words && (kind === "checkboxes" || chosen.includes("other") || !picked.length);
      return { keys: picked, text: counts ? [words] : [] };
    }
    if (kind === "rows") {
      const rows = fields.filter((field) => "qRow" in field.dataset);
      const filled = rows.map((field, row) => [String(row), field.value.trim()]).filter(([, words]) => fits(element, words));
      return { keys: filled.map(([row]) => row), text: filled.map(([, words]) => words) };
    }
    if (kind === "file") {
      const kept = [...element.querySelectorAll("[data-q-kept]")].filter((one) => one.closest("[data-q-node]") === element);
      return { keys: [], text: [...kept, ...fields.filter((f) => f.files && f.files.length)].map(() => "file") };
    }
    const words = fields.length ? fields[0].value.trim() : "";
    return { keys: [], text: fits(element, words) ? [words] : [] };
  }

  const NUMBER = /^[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})$/;

  function number(words, whole) {
    const plain = words.normalize("NFKC").replace(/−/g, "-");
    if (whole) return /^[+-]?\d{1,12}$/.test(plain) && Math.abs(Number(plain)) < 2147483648 ? Number(plain) : null;
    const point = plain.replace(/,/g, ".");
    return NUMBER.test(point) ? Number(point) : null;
  }

  // Is it an answer of its kind at all? What does not fit is no answer, here as on the server.
  function fits(element, words) {
    if (words === "") return false;
    const type = element.dataset.qType;
    if (type === "integer") return number(words, true) !== null;
    if (type === "decimal" || type === "quantity") return number(words, false) !== null;
    if (type === "date") return isDate(words);
    if (type === "time") return /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?$/.test(words);
    if (type === "url") return !/\s/.test(words);
    return true;
  }

  function isDate(words) {
    const match = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(words);
    if (!match || match[1] === "0000") return false;
    const month = Number(match[2] || 1);
    const day = Number(match[3] || 1);
    const real = new Date(Date.UTC(2000, month - 1, day));
    real.setUTCFullYear(Number(match[1]), month - 1, day);
    return month >= 1 && month <= 12 && real.getUTCDate() === day && real.getUTCMonth() === month - 1;
  }

  const sign = (left, right) => (left > right ? 1 : left < right ? -1 : 0);

  function compare(rule, words, type) {
    if (rule.kind === "number") {
      const value = number(words, type === "integer");
      return value === null ? null : sign(value, Number(rule.than));
    }
    if (rule.kind === "date") {
      const left = words.split("-");
      const right = rule.than.split("T")[0].split("-");
      const shared = Math.min(left.length, right.length);
      return sign(left.slice(0, shared).join("-"), right.slice(0, shared).join("-"));
    }
    if (rule.kind === "time") return sign(words.length === 5 ? `${words}:00` : words, rule.than);
    return words === rule.than && (rule.op === "=" || rule.op === "!=") ? 0 : null; // text has no order
  }

  const TESTS = {
    "=": (order) => order === 0,
    ">": (order) => order !== null && order > 0,
    "<": (order) => order !== null && order < 0,
    ">=": (order) => order !== null && order >= 0,
    "<=": (order) => order !== null && order <= 0,
  };

  function met(rule, root, enabled, answers) {
    const source = rule.at === undefined ? null : node(root, rule.at);
    if (!source && !("fixed" in rule)) return rule.empty;
    if (source && !enabled.get(source)) return rule.empty;
    if ("fixed" in rule) return rule.fixed;
    const found = answers.get(source);
    const any = found.keys.length + found.text.length > 0;
    if ("exists" in rule) return any === rule.exists;
    if (!any) return rule.empty;
    if ("keys" in rule) {
      const equal = found.keys.some((key) => rule.keys.includes(key)) || (rule.text !== null && found.text.includes(rule.text));
      return rule.not ? !equal : equal;
    }
    const orders = found.text.map((words) => compare(rule, words, source.dataset.qType));
    return rule.op === "!=" ? !orders.some((order) => order === 0) : orders.some(TESTS[rule.op]);
  }

  // Enabled or not, for every item: as on the server, in rounds from "all enabled" until nothing changes;
  // late rounds only take away.
  function decide(root) {
    const items = [...root.querySelectorAll("[data-q-node]")];
    const enabled = new Map(items.map((item) => [item, true]));
    const answers = new Map(items.map((item) => [item, held(item)]));
    const whens = new Map(items.filter((i) => i.dataset.qWhen).map((i) => [i, JSON.parse(i.dataset.qWhen)]));
    const isEnabled = (item) => {
      const parent = item.parentElement.closest("[data-q-node]");
      if (parent && root.contains(parent) && !enabled.get(parent)) return false;
      const slot = item.parentElement.closest("[data-q-of]");
      if (slot && slot.closest("[data-q-node]") === parent && !slotHeld(slot, answers.get(parent), parent)) return false;
      const when = whens.get(item);
      if (!when) return true;
      const results = when.rules.map((rule) => met(rule, root, enabled, answers));
      return when.any ? results.some(Boolean) : results.every(Boolean);
    };
    for (let round = 0; round < 2 * items.length + 2; round += 1) {
      let changed = false;
      for (const item of items) {
        const now = isEnabled(item) && (enabled.get(item) || round <= items.length);
        if (now !== enabled.get(item)) {
          enabled.set(item, now);
          changed = true;
        }
      }
      if (!changed) break;
    }
    return enabled;
  }

  function slotHeld(slot, found, question) {
    const key = slot.dataset.qKey;
    if (key === "") return found.keys.length + found.text.length > 0;
    const options = question.querySelectorAll(`[name="${CSS.escape(question.dataset.qNode)}"]`).length;
    if (question.dataset.qKind === "checkboxes" && Number(key) >= options - 1 && found.text.length) return true;
    return found.keys.includes(key);
  }

  function show(root) {
    const enabled = decide(root);
    for (const [item, on] of enabled) {
      if ("qProtected" in item.dataset) item.inert = !on;
      else item.hidden = !on;
      item.dataset.qEnabled = String(on);
    }
    remember(root, enabled);
  }

  // What the page shows goes along with the answers, so that the server need not show it again.
  function remember(root, enabled) {
    const field = root.querySelector("[data-q-shown]");
    if (!field) return;
    const prefix = field.dataset.qPrefix.length;
    const shown = [...enabled].filter(([item, on]) => on && (item.dataset.qWhen || item.parentElement.closest("[data-q-of]")));
    field.value = shown.map(([item]) => item.dataset.qNode.slice(prefix)).join(" ");
  }

  // "None of these" clears the others, and the others clear it.
  function clearOthers(box) {
    if (!box.checked || box.type !== "checkbox") return;
    const group = box.closest("[data-q-node]");
    for (const other of fieldsOf(group)) {
      const excluded = "qExclusive" in box.dataset || "qExclusive" in other.dataset;
      if (other !== box && excluded && other.type === "checkbox") other.checked = false;
      if (other !== box && "qExclusive" in box.dataset && "qOther" in other.dataset) other.value = "";
    }
  }

  // The panel opens by style alone; a screen reader hears it only when words are put into a live region.
  function sayAlarm(root, field) {
    const region = root.querySelector("[data-q-alarm]");
    const panel = field.closest("[data-q-node]").querySelector(".urgent");
    if (!region || field.dataset.qAlarmLevel !== "urgent" || !field.checked || !panel) return;
    const heard = [...panel.querySelectorAll("h2, p, li")].map((part) => part.textContent.trim()).join(" ");
    region.textContent = "";
    window.setTimeout(() => { region.textContent = heard; }, 50);
  }

  function start(root) {
    root.addEventListener("change", (event) => {
      clearOthers(event.target);
      sayAlarm(root, event.target);
      show(root);
    });
    root.addEventListener("input", () => show(root));
    show(root);
  }

  document.querySelectorAll("[data-questionnaire]").forEach(start);
  document.addEventListener("htmx:load", (event) => {
    const added = event.target.querySelectorAll ? event.target.querySelectorAll("[data-questionnaire]") : [];
    added.forEach(start);
  });
})();
