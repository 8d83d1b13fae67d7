// The download button of a notebook (book/_ext/download_button.py): writes into its first cell where the wheel of the
// library lies on this site. From disk a script may not read other files; the cell then says what to do.
document.querySelectorAll('a.btn-download-source-button[href$=".ipynb"]').forEach((button) => {
  button.download = button.pathname.split("/").at(-1);
  if (!location.protocol.startsWith("http")) return;
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    const answer = await fetch(button.href);
    const wheels = new URL(`${document.documentElement.dataset.content_root}_downloads/`, location.href);
    const text = (await answer.text()).replace('SITE = \\"\\"', `SITE = \\"${wheels}\\"`);
    const link = Object.assign(document.createElement("a"), { download: button.download });
    link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
    link.click();
    URL.revokeObjectURL(link.href);
  });
});
