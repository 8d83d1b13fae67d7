// The editor of a cell: CodeMirror in the colours of the page. Loaded when a reader first presses Edit (cells.js).
//
//     const editor = await cellEditor(parent, text, { label, onChange(text), onRun() })
//     editor.text = "…"; editor.focus(); editor.place(offset); editor.remove();
(() => {
  "use strict";
  // Pygments' names of the kinds of words, which the style sheets of the page colour in both themes.
  function colours({ tagHighlighter, tags }) {
    return tagHighlighter(Object.entries({
      k: [tags.keyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword], kc: [tags.bool, tags.null],
      ow: [tags.operatorKeyword], o: [tags.operator, tags.compareOperator, tags.arithmeticOperator], c1: [tags.comment],
      s2: [tags.string, tags.special(tags.string)], mi: [tags.number], nf: [tags.function(tags.definition(tags.variableName))],
      nc: [tags.definition(tags.className)], nd: [tags.meta],
    }).flatMap(([name, kinds]) => kinds.map((tag) => ({ tag, class: name }))));
  }

  window.cellEditor = async (parent, text, { label, onChange, onRun }) => {
    await cells.load("vendor/codemirror/codemirror.js");
    const { EditorView, EditorState, keymap, python, history, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting,
      defaultKeymap, historyKeymap, indentWithTab } = CodeMirror;
    const run = () => { onRun(); return true; };
    let leaves = false;      // Escape, then Tab leads on to what follows, or back, as CodeMirror advises
    const leave = (back) => { const goes = leaves; leaves = false; return goes && (view.contentDOM.blur(), focusBeside(view.dom, back), true); };
    const view = new EditorView({
      parent,
      state: EditorState.create({
        doc: text,
        extensions: [
          history(), bracketMatching(), indentOnInput(), indentUnit.of("    "), python(), syntaxHighlighting(colours(CodeMirror)),
          keymap.of([
            { key: "Shift-Enter", run }, { key: "Mod-Enter", run },
            { key: "Escape", run: () => { leaves = true; return true; } },
            { key: "Tab", run: () => leave(false), shift: () => leave(true) },
            indentWithTab, ...defaultKeymap, ...historyKeymap,
          ]),
          // What is a shortcut of the page, such as / for its search, is a letter here.
          EditorView.domEventHandlers({ keydown: (event) => { if (!event.ctrlKey && !event.metaKey) event.stopPropagation(); } }),
          EditorView.contentAttributes.of({ "aria-label": `${label}. Escape, then Tab leaves the editor`, autocapitalize: "off", spellcheck: "false" }),
          EditorView.updateListener.of((update) => { if (update.docChanged) { leaves = false; onChange(view.state.doc.toString()); } }),
        ],
      }),
    });
    return {
      dom: view.dom,
      get text() { return view.state.doc.toString(); },
      set text(wanted) { view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: wanted } }); },
      focus() { view.focus(); },
      place(offset) { view.focus(); view.dispatch({ selection: { anchor: offset }, effects: EditorView.scrollIntoView(offset, { y: "center" }) }); },
      remove() { view.destroy(); },
    };
  };

  function focusBeside(element, back) {
    const stops = [...document.querySelectorAll("a[href], button:not([disabled]), input, select, textarea, summary")].filter((stop) => stop.offsetParent);
    const side = back ? Node.DOCUMENT_POSITION_PRECEDING : Node.DOCUMENT_POSITION_FOLLOWING;
    const there = stops.filter((stop) => element.compareDocumentPosition(stop) === side);
    there.at(back ? -1 : 0)?.focus();
  }
})();
