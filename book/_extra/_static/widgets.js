// The widgets of a page (book/_ext/explorers.py): which picture is shown is what the controls say.
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
    output.textContent = control.querySelectorAll(".explorer-ticks span")[chosen(control)].textContent;
    control.querySelector("input").setAttribute("aria-valuetext", output.textContent);
  }

  function enliven(explorer) {
    const controls = [...explorer.querySelectorAll(".explorer-control[data-count]")];
    const drawing = explorer.querySelector(".explorer-picture"), image = drawing.querySelector("image");
    const lines = drawing.querySelector(".explorer-lines");
    const walk = () => { if (explorer.classList.contains("explorer-walk")) explorerWalk.call(image); };
    let pictures, shown = 0;

    async function show() {
      controls.forEach(say);
      pictures ??= JSON.parse(explorer.querySelector("script").textContent);
      const [source, alt, growing] = pictures[controls.reduce((place, control) => place * count(control) + chosen(control), 0)];
      const turn = ++shown, ready = new Image();
      ready.src = source;
      await ready.decode().catch(() => {});     // the old picture stays until the new one can be seen
      if (turn !== shown) return;
      image.setAttribute("href", source);
      drawing.setAttribute("aria-label", alt);
      lines.innerHTML = growing;
      walk();
    }

    for (const control of controls) {
      const button = control.querySelector(".explorer-play");
      let timer = 0;
      const stop = () => { clearInterval(timer); timer = 0; if (button) button.textContent = "Play"; };
      const go = (place) => { choose(control, place); show(); };
      const step = () => {
        if (chosen(control) < count(control) - 1) go(chosen(control) + 1);
        if (chosen(control) === count(control) - 1) stop();
      };
      control.addEventListener("input", () => { stop(); show(); });
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
    walk();
  }

  document.querySelectorAll(".explorer").forEach(enliven);
})();
