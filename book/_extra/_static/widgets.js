// The widgets of a page (book/_ext/explorers.py): which picture is shown is what the controls say.
//
// Where Python runs (live-widgets.js), `enlivenExplorer(figure, live)` shows pictures that do not stand in the page:
// live.grids has for each control { numbers, whole }, or null where it has words, and live.draw(places, values, moving)
// returns a picture. Then a slider stops between its ticks, too.
(() => {
  "use strict";
  const PACE = 700;   // milliseconds for a picture while it plays

  // A control is a slider or a group of radio buttons; its place counts from 0.
  const inputs = (control) => [...control.querySelectorAll("input")];
  const count = (control) => +control.dataset.count;
  function chosen(control) {
    const [first, ...others] = inputs(control);
    return first.type === "range" ? +first.value : [first, ...others].findIndex((input) => input.checked);
  }
  function choose(control, place) {
    const [first, ...others] = inputs(control);
    if (first.type === "range") first.value = place;
    else [first, ...others][place].checked = true;
  }
  function say(control) {
    const output = control.querySelector("output");
    if (!output) return;
    const at = chosen(control);
    output.textContent = Number.isInteger(at) ? control.querySelectorAll(".explorer-ticks span")[at].textContent : control.between(at);
    control.querySelector("input").setAttribute("aria-valuetext", output.textContent);
  }

  // The number at a place between two ticks, whole where all are, else to three digits. Where the next tick is many
  // times as large, equal ways are equal factors.
  function between({ numbers, whole }, at) {
    const [low, high] = [numbers[Math.floor(at)], numbers[Math.ceil(at)]], share = at - Math.floor(at);
    const value = low * high > 0 && Math.max(high / low, low / high) > 3 ? low * (high / low) ** share : low + share * (high - low);
    return whole ? Math.round(value) : Number(value.toPrecision(3));
  }

  function enliven(explorer, live) {
    const controls = [...explorer.querySelectorAll(".explorer-control[data-count]")];
    const drawing = explorer.querySelector(".explorer-picture"), image = drawing.querySelector("image");
    const lines = drawing.querySelector(".explorer-lines");
    const walk = () => { if (explorer.classList.contains("explorer-walk")) explorerWalk.call(image); };
    let pictures, shown = 0, underway = null, newest = null;

    function stored() {
      pictures ??= JSON.parse(explorer.querySelector("script").textContent);
      return pictures[controls.reduce((place, control) => place * count(control) + chosen(control), 0)];
    }
    // One picture after the other; of what was asked for meanwhile only the newest is drawn.
    async function drawn(moving) {
      newest = { moving };
      underway ??= (async () => {
        let picture;
        while (newest) {
          const asked = newest, places = controls.map(chosen);
          newest = null;
          picture = await live.draw(places, places.map((at, i) => live.grids[i] && between(live.grids[i], at)), asked.moving);
          if (newest && picture) put(picture);
        }
        return picture;
      })().finally(() => { underway = null; });
      return underway;
    }

    async function show(moving = false) {
      controls.forEach(say);
      const picture = live ? await drawn(moving) : stored();
      if (picture) await put(picture);
    }
    async function put([source, alt, growing]) {
      const turn = ++shown, ready = new Image();
      ready.src = source;
      await ready.decode().catch(() => {});     // the old picture stays until the new one can be seen
      if (turn !== shown) return;
      image.setAttribute("href", source);
      if (alt) drawing.setAttribute("aria-label", alt);
      lines.innerHTML = growing;
      walk();
    }

    for (const control of controls) {
      const button = control.querySelector(".explorer-play");
      let timer = 0;
      const stop = () => { clearInterval(timer); timer = 0; if (button) button.textContent = "Play"; };
      const go = (place) => { choose(control, place); show(); };
      const grid = live?.grids[controls.indexOf(control)];
      if (grid) {
        control.between = (at) => between(grid, at);
        inputs(control)[0].step = 0.05;
        control.addEventListener("change", () => show());        // let go: the whole picture
      }
      const step = () => {
        if (chosen(control) < count(control) - 1) go(Math.floor(chosen(control)) + 1);
        if (chosen(control) === count(control) - 1) stop();
      };
      control.addEventListener("input", () => { stop(); show(Boolean(control.between)); });
      control.querySelector(".explorer-ticks")?.addEventListener("click", ({ target }) => {
        const place = [...target.parentElement.children].indexOf(target);
        if (target.matches("span")) { stop(); go(place); }
      });
      button?.addEventListener("click", () => {
        if (timer) { stop(); return; }
        button.textContent = "Pause";
        timer = setInterval(step, PACE);
        if (chosen(control) === count(control) - 1) go(0); else step();
      });
    }
    // The control that was used last: on a phone it stays beside the picture (custom.css).
    for (const kind of ["pointerdown", "focusin"])
      explorer.addEventListener(kind, ({ target }) => {
        const used = target.closest(".explorer-control");
        if (used) explorer.querySelectorAll(".explorer-control").forEach((each) => each.classList.toggle("explorer-used", each === used));
      });
    walk();
    return show;
  }

  window.enlivenExplorer = enliven;
  document.querySelectorAll(".explorer").forEach((explorer) => enliven(explorer));
})();
