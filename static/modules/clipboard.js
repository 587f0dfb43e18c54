/* copied(text): whether the text is on the clipboard now, in clients old and new. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    /* Old clients, or no permission: the way that works everywhere, out of a dialog's reach. */
    const box = document.createElement("textarea");
    box.value = text;
    box.className = "visually-hidden";
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    return done;
  }
}
