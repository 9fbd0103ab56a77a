// Opens and closes native dialogs: the browser keeps the focus inside, makes the rest inert and gives the focus back.
export function open(dialog, focusSelector) {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  const target = focusSelector ? dialog.querySelector(focusSelector) : null;
  target?.focus();
  target?.select?.();
}

export function close(dialog) {
  if (dialog?.open) dialog.close();
}

export function scrollToOption(id) {
  document.getElementById(id)?.scrollIntoView({ block: "nearest" });
}
