// Widgets with Python running: the cell's own function draws what the sliders say, between their ticks, too.
// Loaded when the first widget is drawn in a page (cells.js). The figure is that of the page where the controls are the
// same; where a reader has changed them, one like it is made.
(() => {
  "use strict";
  const { make } = cells;
  const BLINK = 300;  // milliseconds: what is quicker needs no word, and no word stands shorter
  let made = 0;

  // What lecture_code.widgets.picture returns, as [source, alternative text, lines that grow].
  function parts(markup) {
    const box = make("template", { innerHTML: markup }).content, image = box.querySelector("img");
    if (image) return [image.getAttribute("src"), image.alt, ""];
    const drawing = box.querySelector("svg");
    const [still, ...lines] = drawing.children;
    return [still.getAttribute("href"), drawing.getAttribute("aria-label"), lines.map((line) => line.outerHTML).join("")];
  }

  const areNumbers = ({ values }) => values.every((value) => typeof value === "number");
  const texts = (control) => [...control.querySelectorAll(".explorer-ticks span, .explorer-choices span")].map((text) => text.textContent);
  const isSame = (figure, { controls, width, walk }) => {
    const own = [...figure.querySelectorAll(".explorer-control[data-count]")];
    return parseInt(figure.style.getPropertyValue("--whole")) === width && figure.classList.contains("explorer-walk") === Boolean(walk)
      && own.length === controls.length && own.every((control, i) => texts(control).join() === controls[i].texts.join()
        && control.querySelector("label, span").textContent === controls[i].label);
  };

  function slider({ label, texts, chosen }, id, play) {
    const last = texts.length - 1, longest = Math.max(...texts.map((text) => text.length));
    const every = Math.ceil((8 * longest + 4) * last / 330);
    const ticks = texts.map((text, i) => {
      const tick = make("span", { textContent: text, className: i === last || (i % every === 0 && (last - i >= every || !i)) ? "" : "explorer-mute" });
      tick.style.setProperty("--at", i / Math.max(last, 1));
      return tick;
    });
    const output = make("output", { textContent: texts[chosen] });
    const control = make("div", { className: "explorer-control explorer-slider" }, ...play, make("label", { htmlFor: id, textContent: label }), output,
      make("input", { type: "range", id, min: 0, max: last, value: chosen }), make("div", { className: "explorer-ticks", ariaHidden: "true" }, ...ticks));
    control.dataset.count = texts.length;
    return control;
  }
  function choices({ label, texts, chosen }, id, play) {
    const buttons = texts.map((text, i) => make("label", {}, make("input", { type: "radio", name: id, value: i, checked: i === chosen }), make("span", { textContent: text })));
    const control = make("div", { className: "explorer-control", role: "radiogroup" }, ...play, make("span", { id, textContent: label }), make("div", { className: "explorer-choices" }, ...buttons));
    control.setAttribute("aria-labelledby", id);
    control.dataset.count = texts.length;
    return control;
  }
  function build({ controls, caption, play, width, height }, id) {
    const all = controls.map((control, i) => {
      const button = control.name === play ? [make("button", { type: "button", className: "explorer-play", textContent: "Play" })] : [];
      return (areNumbers(control) && control.values.length > 1 ? slider : choices)(control, `${id}-${i}`, button);
    });
    const stage = make("div", { className: "explorer-stage", innerHTML:
      `<svg class="explorer-picture" role="img" viewBox="0 0 ${width} ${height}" style="--wide:${width};--most:100%;--least:${Math.min(width, 0.8 * width)}px"><g><image width="${width}" height="${height}"/><g class="explorer-lines"></g></g></svg>` });
    const figure = make("figure", { className: "explorer" }, make("div", { className: "explorer-controls" }, ...all), stage,
      make("figcaption", { className: "explorer-caption", textContent: caption }));
    figure.style.setProperty("--whole", `${width}px`);
    return figure;
  }
  function copy(stored, id) {
    const figure = stored.cloneNode(true), old = stored.querySelector(".explorer-picture g")?.id;
    for (const element of figure.querySelectorAll("[id], [for], [name], [aria-labelledby], use"))
      for (const { name, value } of [...element.attributes])
        if (/^(id|for|name|aria-labelledby|href)$/.test(name) && value.replace("#", "").startsWith(old)) element.setAttribute(name, value.replace(old, id));
    figure.querySelector("script").remove();
    return figure;
  }

  // Says over the picture that Python draws, and so to who cannot see it.
  function drawing(figure) {
    const word = make("p", { className: "explorer-drawing", role: "status" });
    let timer = 0, since = 0;
    figure.querySelector(".explorer-stage").before(word);
    return {
      begins() {
        clearTimeout(timer);
        if (!word.textContent) timer = setTimeout(() => { word.textContent = "drawing…"; since = performance.now(); }, BLINK);
      },
      ends() {
        clearTimeout(timer);
        if (word.textContent) timer = setTimeout(() => { word.textContent = ""; }, Math.max(0, since + BLINK - performance.now()));
      },
    };
  }

  cells.shows.widget = (cell, output) => {
    const id = `live-explorer-${made++}`, first = parts(output.picture), stored = cell.stored?.querySelector("figure.explorer");
    const kept = stored && isSame(stored, output);
    const figure = kept ? copy(stored, id) : build(output, id);
    const [source, alt, lines] = first, shown = figure.querySelector(".explorer-picture"), sign = drawing(figure);
    shown.setAttribute("aria-label", alt);
    shown.querySelector("image").setAttribute("href", source);
    shown.querySelector(".explorer-lines").innerHTML = lines;
    const last = cell.before?.querySelector("figure.explorer"), set = last && isSame(last, output) ? last : kept && stored;
    const held = document.activeElement, inputs = [...(set ? set.querySelectorAll("input, button") : [])];
    // A new figure has the controls as they are in the page, not as the reader has set them.
    if (set) [...figure.querySelectorAll("input")].forEach((input, i) => {
      const { value, checked, step } = set.querySelectorAll("input")[i];
      Object.assign(input, { step, value, checked });
    });
    cell.fresh.append(figure);
    const show = enlivenExplorer(figure, {
      grids: output.controls.map((control) => areNumbers(control) ? { numbers: control.values, whole: control.whole } : null),
      draw: async (places, values, moving) => {
        const chosen = Object.fromEntries(output.controls.map(({ name }, i) => [name, Number.isInteger(places[i]) ? { at: places[i] } : { value: values[i] }]));
        sign.begins();
        const { picture, error } = await python.draw(output.explorer, chosen, moving).finally(sign.ends);
        cell.say(error ?? "", Boolean(error));
        return picture && parts(picture);
      },
    });
    if (set) {
      if (inputs.includes(held)) figure.querySelectorAll("input, button")[inputs.indexOf(held)].focus();
      const now = [...figure.querySelectorAll("[data-count] :is([type=range], :checked)")].map((input) => Number(input.value));
      if (now.some((place, i) => place !== output.controls[i].chosen)) show();
    }
  };
})();
